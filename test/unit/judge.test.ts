/** The judge of the simulation: what it must catch, and what only looks like it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Order } from "../../guardian/core/effects.ts";
import { hostName } from "../../shared/names.ts";
import { monoMs } from "../../shared/time.ts";
import { Judge } from "../simulation/judge.ts";
import { makePlan } from "../simulation/plan.ts";
import { Rest } from "../simulation/rest.ts";
import { buildWorld, parseScript } from "../support/script.ts";
import type { World } from "../support/world.ts";
import { powerLoss } from "../support/world-host.ts";

const host = hostName("compute-3");
const other = hostName("compute-4");

interface Court {
  readonly world: World;
  readonly judge: Judge;
  readonly orders: Order[];
}

/** A settled cloud in which `host` has lost its power, up to its first evacuate call. */
function courtAtFirstMove(): Court & { readonly move: Extract<Order, { kind: "evacuate" }> } {
  const court = newCourt();
  powerLoss(court.world.host(host));
  for (let beat = 0; beat < 100 && firstMove(court) === undefined; beat += 1) court.world.run(250);
  const move = firstMove(court);
  assert.ok(move !== undefined, "a move was ordered");
  return { ...court, move };
}

function newCourt(): Court {
  const world = buildWorld(parseScript("hosts 8\nservers compute-3 1\n"), 7);
  const judge = new Judge(world);
  const orders: Order[] = [];
  world.guardian.watcher = {
    ordered: (order) => {
      orders.push(order);
      judge.ordered(order);
    },
    heard: (event) => judge.heard(event),
    took: (event, effects) => judge.took(event, effects),
  };
  world.run(30_000);
  return { world, judge, orders };
}

/** What the judge found broken of one promise. */
function broken({ world }: Court, invariant: number): readonly string[] {
  return world.violations.filter((text) => text.includes(` invariant ${invariant}: `));
}

function firstMove({ orders }: Court): Extract<Order, { kind: "evacuate" }> | undefined {
  return orders.find((order) => order.kind === "evacuate");
}

test("an evacuate call that is made again while nobody knows what became of it is blind", () => {
  const court = courtAtFirstMove();
  court.judge.ordered(court.move);
  assert.match(broken(court, 23).join("\n"), /was repeated after \d+ ms/);
});

test("an evacuate call that is made again after the answer that refused it was heard is not blind", () => {
  const court = courtAtFirstMove();
  const { world, judge, move } = court;
  const { server } = move;
  const answer = { kind: "refused", status: 409, reason: "not now" } as const;
  judge.heard({ kind: "evacuate-answered", at: monoMs(0), host, server, answer });
  world.nova.migrations.length = 0;
  judge.ordered(move);
  assert.deepEqual(broken(court, 23), []);
});

test("a call is settled by a record of its own that failed, and by no other", () => {
  for (const [id, status, blind] of [
    [1, "error", false],
    [1, "accepted", true],
    [0, "error", true],
  ] as const) {
    const court = courtAtFirstMove();
    const { world, judge, move } = court;
    const { server } = move;
    const record = { id, server, source: host, destination: undefined, status, createdAt: "" };
    const at = monoMs(0);
    judge.heard({ kind: "servers-seen", at, askedAt: at, host, servers: [], records: [record] });
    world.nova.migrations.length = 0;
    judge.ordered(move);
    assert.equal(broken(court, 23).length > 0, blind, `record ${id} is ${status}`);
  }
});

test("after another chassis was switched off no move starts, unless a person who was told armed it again", () => {
  for (const [armedAgain, method, allowed] of [
    [false, "confirmed", false],
    [true, "power-devices", false],
    [true, "confirmed", true],
  ] as const) {
    const court = courtAtFirstMove();
    const { world, judge, move } = court;
    const wrong = { other, device: "bmc", found: true, armedAgain };
    judge.witness.of(host).wrongOff = wrong;
    judge.witness.calls.clear();
    powerLoss(world.host(other));
    judge.ordered({ ...move, proof: { ...move.proof, method } });
    const found = broken(court, 4);
    assert.equal(found.length === 0, allowed, `armed again ${armedAgain}, ${method}`);
  }
});

test("that another chassis was switched off is answered only by who arms it after it was found out", () => {
  const { world, judge } = newCourt();
  const wrong = { other, device: "bmc", found: false, armedAgain: false };
  judge.witness.of(host).wrongOff = wrong;
  const arming = { kind: "arming", armed: true, by: "alice", reason: "looked" } as const;
  const { guardian } = world;
  const arm = (): void => judge.heard({ ...arming, at: guardian.mono(), wall: guardian.wall() });
  arm();
  assert.equal(wrong.armedAgain, false);
  wrong.found = true;
  arm();
  assert.equal(wrong.armedAgain, true);
});

test("a step of the clock while no guardian runs is no doubt of the one that starts afterwards", () => {
  for (const [running, seen] of [
    [true, true],
    [false, false],
  ] as const) {
    const { world, judge } = newCourt();
    if (!running) world.killGuardian();
    world.run(1000);
    world.guardian.wallOffsetMs += 60_000;
    if (!running) world.startGuardian();
    world.run(1000);
    const { eyes } = judge.witness;
    assert.equal(eyes.stepSeenAt > 0, seen, `the guardian runs: ${running}`);
    assert.ok(eyes.steppedAt > 0, "its hours are the wall clock's all the same");
  }
});

test("a guardian that stands still is not at rest, nor right after it went on", () => {
  const { world } = newCourt();
  const rest = new Rest(world, { ...makePlan(1), healAtMs: 0 });
  const took: Rest["took"] = (event, effects) => rest.took(event, effects);
  world.guardian.watcher = { ordered: () => undefined, heard: () => undefined, took };
  world.run(1000);
  world.guardian.pausedUntil = world.queue.now + 300_000;
  world.run(290_000);
  assert.equal(rest.isReached(), false, "it stands still");
  world.run(20_000);
  assert.equal(rest.isReached(), false, "it has gone on just now");
  world.run(200_000);
  assert.equal(rest.isReached(), true);
});

test("a collector that is away for less than makes a host suspect breaks no steady run of reports", () => {
  for (const [awayMs, unbroken] of [
    [1500, true],
    [6000, false],
  ] as const) {
    const { world, judge } = newCourt();
    const [collector] = world.collectors.all;
    assert.ok(collector !== undefined);
    collector.up = false;
    world.run(awayMs);
    world.collectors.restart(collector);
    const from = world.queue.now;
    world.run(3000);
    assert.equal(judge.witness.of(host).steadyAt >= from, unbroken, `away for ${awayMs} ms`);
  }
});
