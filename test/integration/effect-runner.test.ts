/** What the shell looks at once more in the moment before an order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Order } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type {
  ComputeApi,
  ComputeServer,
  ComputeService,
  Failure,
  PowerController,
} from "../../guardian/ports.ts";
import type { Rehearsal } from "../../guardian/core/rehearsal-memory.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import { objectionToOff } from "../../guardian/core/still-wanted.ts";
import { createEffectRunner } from "../../guardian/shell/effect-runner.ts";
import type { Clock } from "../../shared/clock.ts";
import { hostName, serverId } from "../../shared/names.ts";
import { monoMs } from "../../shared/time.ts";
import { CoreFixture } from "../support/core-fixture.ts";
import { runUntil } from "../support/levels-fixture.ts";
import { idlePorts } from "../support/idle-ports.ts";
import { waitFor } from "../support/wait-for.ts";

const host = hostName("compute-1");
const { state: fixed } = new CoreFixture();
const state = (): GuardianState => fixed;
const command = {
  askedAt: monoMs(0),
  answer: undefined,
  answeredAt: undefined,
  wasOn: true,
} as const;
const rehearsal: Rehearsal = {
  id: "r1",
  by: "alice",
  reason: "",
  wall: 0,
  level: 0,
  bootId: undefined,
  step: { kind: "off", since: monoMs(0), commands: { bmc: command }, freshAtCommand: [] },
};
/** A rehearsal waits for its power-off. */
const rehearsing: GuardianState = {
  ...fixed,
  memory: { ...fixed.memory, rehearsals: new Map([[host, rehearsal]]) },
};
const identity = { guid: "ab", uuid: undefined, serial: undefined };
const server: ComputeServer = {
  server: serverId("id-1"),
  name: "vm-1",
  host,
  status: "SHUTOFF",
  vmState: "stopped",
  taskState: undefined,
  powerState: 4,
  project: "p1",
  locked: false,
  volumeBacked: true,
  metadata: {},
  fault: undefined,
};

type Listed = { readonly kind: "servers"; readonly servers: readonly ComputeServer[] } | Failure;

/** Nova's record of the host; of a cell that is down there is a name only. */
const record: ComputeService = {
  serviceId: "s-1",
  host,
  status: "enabled",
  state: "up",
  forcedDown: false,
  updatedAt: "2026-05-28T20:00:00Z",
  disabledReason: undefined,
  zone: "nova",
};

function runner(listed: Listed, isCellUp = true, clock: Clock = idlePorts.clock) {
  const orders: string[] = [];
  const events: GuardianEvent[] = [];
  const device: PowerController = {
    name: "bmc",
    read: () => Promise.resolve({ power: "on", identity }),
    powerOff: () => Promise.resolve(given("off")),
    powerOn: () => Promise.resolve(given("on")),
  };
  function given(what: string): { readonly kind: "done" } {
    orders.push(what);
    return { kind: "done" };
  }
  const compute: ComputeApi = {
    ...idlePorts.compute,
    serversOn: () => Promise.resolve(listed),
    services: () =>
      Promise.resolve({
        kind: "services",
        services: isCellUp ? [record] : [],
        unreadable: isCellUp ? [] : [host],
        schedulers: { up: 1, total: 1 },
      }),
  };
  const power = new Map([[`${host}/bmc`, device]]);
  const ports = { ...idlePorts, clock, state: () => rehearsing, compute, power };
  const run = createEffectRunner(ports, (event) => events.push(event));
  return { run, orders, events };
}

const off: Order = {
  kind: "power-off",
  id: "r1-compute-1/compute-1/rehearse-off/bmc",
  host,
  device: "bmc",
  expected: identity,
  deadlineMs: 1000,
};

test("an order for an empty host goes out only while Nova lists no server on it", async () => {
  for (const [listed, ifEmpty, orders, answer] of [
    [{ kind: "servers", servers: [] }, true, ["off"], /^done$/],
    [{ kind: "servers", servers: [server] }, true, [], /^refused servers on it: 1, must be = 0$/],
    [{ kind: "failed", reason: "503" }, true, [], /^refused servers on it are not known: 503$/],
    [{ kind: "servers", servers: [server] }, undefined, ["off"], /^done$/],
  ] as const) {
    const { run, orders: given, events } = runner(listed);
    run.run(ifEmpty === undefined ? off : { ...off, ifEmpty });
    await waitFor("an answer", () => events[0]);
    const [event] = events;
    assert.ok(event?.kind === "power-off-answered");
    const { answer: told } = event;
    assert.match("reason" in told ? `${told.kind} ${told.reason}` : told.kind, answer);
    assert.deepEqual(given, orders);
  }
});

test("an empty list of a cell that is down is no word of an empty host", async () => {
  const { run, orders, events } = runner({ kind: "servers", servers: [] }, false);
  run.run({ ...off, ifEmpty: true });
  await waitFor("an answer", () => events[0]);
  const [event] = events;
  assert.ok(event?.kind === "power-off-answered" && event.answer.kind === "refused");
  assert.equal(event.answer.reason, "Nova does not show its record of it");
  assert.deepEqual(orders, []);
});

test("a power-off for an empty host is not sent once Nova has taken longer than its deadline to say so", async () => {
  let now = 0;
  const clock: Clock = { ...idlePorts.clock, monoMs: () => monoMs((now += 600)) };
  const { run, orders, events } = runner({ kind: "servers", servers: [] }, true, clock);
  run.run({ ...off, deadlineMs: 500, ifEmpty: true });
  await waitFor("an answer", () => events[0]);
  const [event] = events;
  assert.ok(event?.kind === "power-off-answered" && event.answer.kind === "refused");
  assert.match(event.answer.reason, /^not sent: Nova took 600 ms .* limit 500 ms$/);
  assert.deepEqual(orders, []);
});

test("a power-off is objected to once it is answered, ended, or held by people", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host, "vm-1");
  assert.equal(objectionToOff(core.state, off), "it is not wanted any more");
  assert.equal(objectionToOff(rehearsing, off), undefined);
  core.hang(host);
  runUntil(core, () => core.done("power-off").length > 0);
  const asked = core.state;
  assert.equal(objectionToOff(asked, off), undefined);
  core.answer(host, "held");
  assert.equal(objectionToOff(core.state, off), "people hold the incident");
  core.state = asked;
  core.run(2000);
  assert.equal(objectionToOff(core.state, off), "it is not wanted any more", "it was answered");
});

test("whatever an adapter throws is told as no answer: its device is not forgotten", async () => {
  const broken: PowerController = {
    name: "bmc",
    read: () => Promise.reject(new Error("ENOMEM")),
    powerOff: () => Promise.reject(new Error("ENOMEM")),
    powerOn: () => Promise.reject(new Error("ENOMEM")),
  };
  const events: GuardianEvent[] = [];
  const power = new Map([[`${host}/bmc`, broken]]);
  const ports = { ...idlePorts, state: () => rehearsing, power };
  const run = createEffectRunner(ports, (event) => events.push(event));
  run.run({ kind: "read-power", host, device: "bmc", deadlineMs: 5 });
  await waitFor("a reading", () => events[0]);
  run.run(off);
  await waitFor("an answer", () => events[1]);
  run.run({ ...off, kind: "power-on" });
  await waitFor("another", () => events[2]);
  const told = events.map((event) => {
    if (event.kind === "power-read") return event.reading.power;
    return "answer" in event ? (event.answer as { readonly kind: string }).kind : event.kind;
  });
  assert.deepEqual(told, ["unknown", "no-answer", "no-answer"]);
});

test("an evacuate call is made while the core stands by it, and objected to from then on", async () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host, "vm-1");
  core.powerLoss(host);
  while (core.done("evacuate").length === 0) core.run(250);
  const [order] = core.done("evacuate");
  assert.ok(order !== undefined);
  const clock: Clock = { ...idlePorts.clock, monoMs: () => core.now };
  const objections: (string | undefined)[] = [];
  const compute: ComputeApi = {
    ...idlePorts.compute,
    evacuate: (_host, _server, objection) => {
      objections.push(objection?.());
      core.answer(host, "held");
      objections.push(objection?.());
      return Promise.resolve({ kind: "not-made", reason: objections[1] ?? "" });
    },
  };
  const events: GuardianEvent[] = [];
  const ports = { ...idlePorts, clock, compute, state: (): GuardianState => core.state };
  const run = createEffectRunner(ports, (event) => events.push(event));
  run.run(order);
  await waitFor("its answer", () => events[0]);
  assert.deepEqual(objections, [undefined, "people hold the incident"]);
  run.run(order);
  await waitFor("the second answer", () => events[1]);
  const second = events[1];
  assert.ok(second?.kind === "evacuate-answered" && second.answer.kind === "not-made");
  assert.equal(objections.length, 2, "it is held: Nova is not asked at all");
});

test("power on is given to the device that the order names, and its answer comes back", async () => {
  const { run, orders, events } = runner({ kind: "servers", servers: [] });
  const on: Order = {
    kind: "power-on",
    id: "x",
    host,
    device: "bmc",
    expected: identity,
    deadlineMs: 9,
  };
  run.run(on);
  run.run({ ...on, device: "pdu" });
  await waitFor("two answers", () => events[1]);
  assert.deepEqual(orders, ["on"]);
  const answers = events.map((event) =>
    event.kind === "power-on-answered" ? event.answer : event,
  );
  // What is not configured is not waited for.
  const kinds = answers.map((answer) => answer.kind);
  assert.deepEqual(kinds, ["refused", "done"]);
});

test("readings of hosts that are acted on go before those of a storm, which take turns", async () => {
  const read: string[] = [];
  const answers: (() => void)[] = [];
  const device = (name: string): PowerController => ({
    name,
    read: () =>
      new Promise((resolve) => {
        read.push(name);
        answers.push(() => resolve({ power: "unknown", reason: "mute" }));
      }),
    powerOff: () => Promise.resolve({ kind: "done" }),
    powerOn: () => Promise.resolve({ kind: "done" }),
  });
  const names = Array.from({ length: 100 }, (_, index) => `compute-${index}`);
  const power = new Map(names.map((name) => [`${name}/bmc`, device(name)]));
  const run = createEffectRunner({ ...idlePorts, state, power }, () => undefined);
  const ask = (name: string, urgent: object = {}): void =>
    run.run({
      kind: "read-power",
      host: hostName(name),
      device: "bmc",
      deadlineMs: 5000,
      ...urgent,
    });
  for (const name of names.slice(0, 90)) ask(name);
  ask("compute-99", { urgent: true });
  await waitFor("the urgent reading", () => read.includes("compute-99") || undefined);
  assert.equal(read.length, 65);
  // Those that were read first ask again before the others had their turn.
  for (const name of names.slice(0, 64)) ask(name);
  for (const answer of answers.splice(0)) answer();
  await waitFor("a turn for each", () => new Set(read).size === 91 || undefined);
  assert.equal(new Set(read).size, 91);
});

test("of one host two looks of a kind are under way at most; the next one comes when one has ended", async () => {
  const waiting: (() => void)[] = [];
  let asked = 0;
  const compute: ComputeApi = {
    ...idlePorts.compute,
    evacuations: () =>
      new Promise((resolve) => {
        asked += 1;
        waiting.push(() => resolve({ kind: "records", records: [] }));
      }),
  };
  const run = createEffectRunner({ ...idlePorts, state, compute }, () => undefined);
  const look = { kind: "read-moves", host, servers: [] } as const;
  for (let time = 0; time < 10; time += 1) run.run(look);
  run.run({ ...look, host: hostName("compute-2") });
  await waitFor("the looks", () => asked === 3 || undefined);
  for (const answer of waiting.splice(0)) answer();
  await waitFor("their end", () => run.underWay() === 0 || undefined);
  run.run(look);
  await waitFor("the next one", () => asked === 4 || undefined);
});
