/** Journals of earlier releases: moves that know of no tries. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryText, parseMemory } from "../../guardian/core/memory-text.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

test("a move ordered by an earlier release is followed after the change of releases", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 40_000;
  core.powerLoss(host1);
  core.run(15_000);
  const text = memoryText(core.state.memory);
  const old = JSON.parse(text) as Record<string, unknown>;
  delete old["rehearsals"];
  const incidents = old["incidents"] as Record<
    string,
    { phase: { moves: Record<string, Record<string, unknown>> } }
  >;
  for (const move of Object.values(incidents[host1]?.phase.moves ?? {})) {
    for (const key of ["attempts", "firstAt", "rank", "requestId", "to", "stage"]) delete move[key];
  }
  const memory = parseMemory(old);
  assert.ok(memory !== undefined);
  core.state = { ...core.state, memory };
  core.restart();
  core.run(90_000);
  assert.equal(core.done("evacuate").length, 1);
  assert.equal(core.phase(host1, "ended").kind, "ended");
});

test("an order of an earlier release whose call failed is tried again with a later id", () => {
  const core = new CoreFixture().run(15_000);
  const server = core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 400_000;
  core.powerLoss(host1);
  core.run(15_000);
  core.restart();
  core.run(20_000);
  core.nova.changeRecord(server, "error");
  core.run(120_000);
  const ids = core.done("evacuate").map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, ids.join());
});
