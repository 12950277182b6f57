import assert from "node:assert/strict";
import { test } from "node:test";
import { evidenceLines } from "../../guardian/core/evidence.ts";
import { hostName, type HostName } from "../../shared/names.ts";
import { collectorId } from "../../shared/names.ts";
import type { PeerSighting } from "../../shared/telemetry.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const host3 = hostName("compute-3");

/** The guardian has a leg on management only; peers may see host1 on storage. */
function oneLeg(): CoreFixture {
  const { networks } = new CoreFixture().settings;
  return new CoreFixture({ networks: networks.slice(0, 1), mode: "observe" }).run(15_000);
}

function sighting(
  core: CoreFixture,
  by: HostName,
  changes: Partial<PeerSighting> = {},
): PeerSighting {
  return {
    collector: collectorId("c1"),
    collectorEpoch: core.collectorEpoch,
    arrivalMs: core.collectorNow(),
    host: host1,
    by,
    network: "storage",
    echoes: 0,
    sent: 4,
    overMs: 2000,
    anchorAnswered: true,
    ...changes,
  };
}

/** Twelve seconds in which the peers tell each second what they see. */
function tell(core: CoreFixture, peers: readonly HostName[], changes: Partial<PeerSighting> = {}) {
  for (let second = 0; second < 20; second += 1) {
    core.run(1000);
    const sightings = peers.map((by) => sighting(core, by, changes));
    const watermarks = [core.watermark()];
    core.take({
      kind: "telemetry",
      at: core.now,
      source: "live",
      watermarks,
      liveness: [],
      sightings,
    });
  }
  core.tick(10);
}

test("alone on one network: a hung host is not called dead", () => {
  const core = oneLeg();
  core.hang(host1);
  core.run(20_000);
  assert.equal(core.assessment(host1).row, "19");
});

test("two peers that get no echo are the second network: it is dead", () => {
  const core = oneLeg();
  core.hang(host1);
  tell(core, [host2, host3]);
  assert.equal(core.assessment(host1).row, "18");
  const lines = evidenceLines(core.state, core.hostState(host1), core.assessment(host1));
  assert.ok(
    lines.includes("peers, storage: 0 of 2 other hosts get an echo of it"),
    lines.join("\n"),
  );
});

test("a peer that gets an echo: a network failed, the host lives", () => {
  const core = oneLeg();
  core.hang(host1);
  tell(core, [host2, host3], { echoes: 1 });
  assert.match(core.assessment(host1).row, /^11a?$/);
});

for (const [what, peers, changes] of [
  ["one peer only", [host2], {}],
  ["peers whose own anchor is silent", [host2, host3], { anchorAnswered: false }],
  ["peers that sent nothing", [host2, host3], { sent: 0 }],
  ["pings from before the suspicion", [host2, host3], { overMs: 60_000 }],
] as const) {
  test(`${what}: no second network`, () => {
    const core = oneLeg();
    core.hang(host1);
    tell(core, peers, changes);
    assert.equal(core.assessment(host1).row, "19");
  });
}

test("a sighting of another epoch of its collector says nothing", () => {
  const core = oneLeg();
  core.hang(host1);
  tell(core, [host2, host3], { collectorEpoch: 7 });
  assert.deepEqual(core.hostState(host1).sightings, []);
});

test("a peer that tells of hosts that nobody knows makes none: one stolen key must not fill the guardian", () => {
  const core = oneLeg();
  const before = core.state.hosts.size;
  tell(core, [host2, host3], { host: hostName("compute-of-nobody") });
  assert.equal(core.state.hosts.size, before);
});
