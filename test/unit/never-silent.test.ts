import assert from "node:assert/strict";
import { test } from "node:test";
import { collectorId } from "../../shared/names.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

function pages(core: CoreFixture): readonly string[] {
  const alerts = core.alerts().filter((alert) => alert.class === "page");
  return alerts.filter((alert) => alert.host === host1).map((alert) => alert.title);
}

test("a collector that starts anew every 4 s hides no dead host: a page", () => {
  const core = new CoreFixture({ collectors: [collectorId("c1"), collectorId("c2")] });
  core.run(15_000);
  core.powerLoss(host1);
  for (let epoch = 1; epoch <= 35; epoch += 1) {
    for (let second = 0; second < 4; second += 1) {
      const mark = { ...core.watermark(), collector: collectorId("c2"), epoch };
      core.telemetry([], [mark]);
      core.run(1000);
    }
  }
  assert.equal(core.assessment(host1).row, "8a");
  assert.match(pages(core).join(), /silent for more than 2 min/);
});
