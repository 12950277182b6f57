import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryText, parseMemory } from "../../guardian/core/memory-text.ts";
import { showIncident, showStatus } from "../../guardian/core/show.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import { wallMs } from "../../shared/time.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** What a release that kept its reasons as texts left behind, in an evacuation that went wrong. */
function journalOfTexts(core: CoreFixture): GuardianState {
  const texts = JSON.stringify(JSON.parse(memoryText(core.state.memory)), (_, value: unknown) =>
    typeof value === "object" && value !== null && "key" in value && "with" in value
      ? `text of ${String(value.key)}`
      : value,
  );
  const memory = parseMemory(JSON.parse(texts));
  assert.ok(memory !== undefined);
  return { ...core.state, memory };
}

function leftBehind(): CoreFixture {
  const core = new CoreFixture({ instancesShared: false }).run(15_000);
  core.nova.addServer(host1, "vm-1", { volumeBacked: false });
  core.powerLoss(host1);
  core.run(40_000);
  const [at, wall] = [core.now, wallMs(core.wall)];
  core.take({ kind: "arming", at, wall, armed: false, by: "alice", reason: "look" });
  return core;
}

test("reasons that an earlier release kept as texts are shown as they are, in each language", () => {
  const core = leftBehind();
  const state = journalOfTexts(core);
  for (const language of ["en", "zh"] as const) {
    const shown = JSON.stringify([
      showStatus(state, [], language),
      showIncident(state, core.state.memory.incidents.get(host1)?.id ?? "", language),
    ]);
    assert.match(shown, /"disarmed":"text of arming.by"/);
    assert.match(shown, /"reason":"text of left.local-disk"/);
    assert.doesNotMatch(shown, /"key":|\[object/);
  }
});

test("reasons that are kept as words come back from the journal in either language", () => {
  const core = leftBehind();
  core.restart();
  core.run(5000);
  const { incidents, disarmed } = core.state.memory;
  assert.deepEqual(disarmed, { key: "arming.by", with: { by: "alice", reason: "look" } });
  const id = incidents.get(host1)?.id ?? "";
  assert.match(JSON.stringify(showIncident(core.state, id)), /its root disk is on the dead host/);
  assert.match(JSON.stringify(showIncident(core.state, id, "zh")), /其系统盘在死亡主机上/);
});
