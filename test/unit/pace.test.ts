/** How many moves are under way at once: low at first, more while Nova keeps up, half as many in trouble. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isUnderWay } from "../../guardian/core/moves-under-way.ts";
import { defaultLimits, type Limits } from "../../guardian/core/settings.ts";
import { hostName, type HostName } from "../../shared/names.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

interface Story {
  readonly servers?: number;
  readonly moveMs?: number;
  readonly limits?: Partial<Limits>;
  readonly hosts?: number;
}

/** A host with many servers dies; runs until its first moves are ordered. */
function dies({ servers = 40, moveMs = 5000, limits = {}, hosts = 8 }: Story = {}): CoreFixture {
  const core = new CoreFixture({ limits: { ...defaultLimits, ...limits } }, hosts).run(15_000);
  for (let index = 1; index <= servers; index += 1) core.nova.addServer(host1, `vm-${index}`);
  core.nova.moveMs = moveMs;
  core.powerLoss(host1);
  for (let beat = 0; core.done("evacuate").length === 0; beat += 1) {
    assert.ok(beat < 100, "a move is ordered");
    core.run(250);
  }
  return core;
}

function underWay(core: CoreFixture, host: HostName = host1): number {
  const phase = core.state.memory.incidents.get(host)?.phase;
  return phase?.kind === "evacuating"
    ? Object.values(phase.moves ?? {}).filter((move) => isUnderWay(move)).length
    : 0;
}

/** The greatest number under way at once until the end. */
function peak(core: CoreFixture, ms: number): number {
  let most = underWay(core);
  for (let past = 0; past < ms; past += 250) most = Math.max(most, underWay(core.run(250)));
  return most;
}

const host3 = hostName("compute-3");
const wide = { movesPerDestination: 64, movesAtOnce: 64 };

test("four first; as Nova takes them up to eight; and one more for each server that runs in time", () => {
  const core = dies({ limits: wide });
  assert.equal(underWay(core), 4);
  core.run(500);
  assert.equal(underWay(core), 8);
  assert.equal(peak(core.run(4000), 3000), 16);
});

test("never more than the greatest number of the cloud", () => {
  const core = dies({ limits: { ...wide, movesAtOnce: 6 } });
  assert.equal(peak(core, 60_000), 6);
  core.phase(host1, "ended");
  assert.equal(core.done("evacuate").length, 40);
});

test("a destination never has more than it may, since each may go there until Nova shows where", () => {
  const limits = { movesPerDestination: 3, movesAtOnce: 64 };
  const core = dies({ limits });
  core.nova.destination = host2;
  assert.equal(peak(core, 60_000), 3);
});

test("shown where they go, others begin; what is stuck on a sick destination holds nobody", () => {
  const limits = { movesPerDestination: 3, movesAtOnce: 64 };
  const core = dies({ limits, moveMs: 60_000 });
  assert.equal(peak(core, 3000), 3);
  for (const [at, { server }] of core.nova.records.entries()) {
    core.nova.sendTo(server, at < 2 ? host2 : host3);
  }
  assert.equal(peak(core, 3000), 4, "two toward one host, one toward another: one more");
  for (const { server } of core.nova.records) core.nova.sendTo(server, host2);
  core.run(3000);
  core.fact(host2, { reports: false });
  core.run(9000);
  assert.ok(underWay(core) > 4, `${underWay(core)}`);
});

test("an answer that does not come halves it, once for the calls made before", () => {
  const core = dies({ limits: wide, moveMs: 30_000 });
  core.run(1000);
  assert.equal(underWay(core), 8);
  assert.equal(core.state.pace?.limit, 8);
  const unknown = { kind: "unknown", reason: "503" } as const;
  core.nova.evacuateAnswer = unknown;
  core.run(40_000);
  const lines = core.done("line").filter(({ event }) => event === "pace-halved");
  assert.match(lines[0]?.text ?? "", /^at most \d+ moves? at once from now on: 503$/);
  assert.equal(lines.length, 1, "all of them had been made before");
});

test("no valid host is no sign of trouble of Nova's; another error of a migration is", () => {
  const limitAfter = (fault: string): number | undefined => {
    const core = dies({ servers: 1, moveMs: 3_600_000, limits: wide });
    core.run(1000);
    for (const { server } of core.nova.servers) {
      core.nova.changeServer(server, { fault });
      core.nova.changeRecord(server, "error");
    }
    return core.run(2000).state.pace?.limit;
  };
  assert.equal(limitAfter("No valid host was found"), 5);
  assert.equal(limitAfter("messaging timeout"), 2);
});

test("the pace is over with the evacuation: the next one begins low", () => {
  const core = dies({ servers: 12, limits: wide });
  core.run(60_000);
  core.phase(host1, "ended");
  assert.equal(core.state.pace, undefined);
});

test("two hosts share what there is, and each has one at least", () => {
  const core = new CoreFixture({ limits: { ...defaultLimits, movesAtOnce: 4, stormShare: 0.5 } });
  core.run(15_000);
  for (let index = 1; index <= 12; index += 1) {
    core.nova.addServer(host1, `a-${index}`);
    core.nova.addServer(host2, `b-${index}`);
  }
  core.nova.moveMs = 3_600_000;
  core.powerLoss(host1);
  core.run(15_000);
  assert.equal(underWay(core), 4);
  core.powerLoss(host2);
  core.run(15_000);
  assert.equal(underWay(core), 4, "what Nova has taken is followed to its end");
  assert.equal(underWay(core, host2), 1, "and does not keep the other host from beginning");
});

test("what could not be sent was no try, and waits a moment", () => {
  const core = dies({ servers: 1 });
  const host = host1;
  const server = core.nova.servers[0]?.server;
  assert.ok(server !== undefined);
  core.restart();
  core.run(1000);
  const answer = { kind: "not-made", reason: "the journal cannot be written" } as const;
  core.take({ kind: "evacuate-answered", at: core.now, host, server, answer });
  const phase = core.phase(host1, "evacuating");
  const move = phase.moves?.[server];
  assert.ok((move?.attempts ?? 0) <= 1);
});
