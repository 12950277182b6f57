import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** A death without servers to move, with a restart of the guardian some beats after its off order. */
function restarted(beats: number): CoreFixture {
  const core = new CoreFixture().run(15_000);
  core.powerLoss(host1);
  for (let beat = 0; beat < 100 && core.done("power-off").length === 0; beat += 1) core.run(250);
  core.run(250 * beats);
  core.restart();
  return core.run(60_000);
}

for (let beats = 0; beats < 16; beats += 1) {
  test(`a host without servers is marked before its evacuation ends, restarted after ${beats} beats`, () => {
    const core = restarted(beats);
    const events = core.effects.flatMap((effect) => (effect.kind === "line" ? [effect.event] : []));
    const ended = events.indexOf("evacuation-ended");
    const marked = events.indexOf("disable");
    assert.ok(ended >= 0, "it ends");
    assert.ok(marked >= 0 && marked < ended, `marked at ${marked}, ended at ${ended}`);
  });
}
