/** A broken promise of one host: that host is left alone and paged, the others are guarded on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hostName } from "../../shared/names.ts";
import { buildWorld, parseScript } from "../support/script.ts";
import { powerLoss } from "../support/world-host.ts";
import type { World } from "../support/world.ts";

const host = hostName("compute-3");

/** Until the first eight of twelve servers are on their way. */
function evacuating(): World {
  const world = buildWorld(parseScript("hosts 8\nservers compute-3 12\n"), 7);
  world.run(30_000);
  powerLoss(world.host(host));
  while (world.evacuations.length < 8) world.run(50);
  return world;
}

/** What no step of ours writes down: a phase that has lost its off commands. */
function plant(world: World): void {
  const { memory } = world.state;
  const incident = memory.incidents.get(host);
  assert.ok(incident?.phase.kind === "evacuating");
  const phase = { ...incident.phase, commands: null as unknown as Record<string, never> };
  const incidents = new Map(memory.incidents).set(host, { ...incident, phase });
  world.state = { ...world.state, memory: { ...memory, incidents } };
}

test("a broken promise puts its host in quarantine, with a page; the rounds go on", () => {
  const world = evacuating();
  plant(world);
  world.run(20_000);
  assert.match(world.state.memory.quarantined.get(host) ?? "", /null/);
  assert.equal(world.evacuations.length, 8, "nothing more is ordered for it");
  const pages = world.pages.filter((page) => page.kind === "quarantined");
  assert.deepEqual([pages.length, pages[0]?.host], [1, host]);
  const other = world.state.hosts.get(hostName("compute-5"));
  assert.equal(other?.assessment?.verdict, "healthy");
});

test("a restart tries a quarantined host again", () => {
  const world = evacuating();
  plant(world);
  world.run(20_000);
  world.killGuardian();
  world.startGuardian();
  world.run(120_000);
  assert.deepEqual(world.state.memory.quarantined, new Map());
  const moved = [...world.nova.servers.values()].filter((server) => server.host !== host);
  assert.equal(moved.length, 12);
  assert.deepEqual(world.violations, []);
});
