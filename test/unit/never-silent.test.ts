import assert from "node:assert/strict";
import { test } from "node:test";
import { collectorId } from "../../shared/names.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

function pages(core: CoreFixture): readonly string[] {
  const alerts = core.alerts().filter((alert) => alert.class === "page");
  return alerts.filter((alert) => alert.host === host1).map((alert) => alert.title);
}

test("a collector that starts anew every 4 s hides no dead host: it is fenced", () => {
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
  assert.ok(core.done("power-off").length > 0, `row ${core.assessment(host1).row}`);
});

test("a host that Nova stops listing once it is silent is paged", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { power: "unknown" });
  core.fact(host1, { reports: false, echo: [], novaReports: false });
  core.run(3500);
  core.nova.services.delete(host1);
  core.run(130_000);
  const firing = Object.values(core.state.memory.alerts).map(({ message }) => message);
  const page = firing.find((alert) => alert.host === host1 && alert.class === "page");
  assert.ok(page !== undefined, `row ${core.assessment(host1).row}, and no page stands`);
});

/** A host without a probe, settled, that nobody hears any more for so long. */
function unguarded(goneFor: number, before: (core: CoreFixture) => void = () => undefined): string {
  const core = new CoreFixture();
  core.fact(host1, { reports: false });
  before(core);
  core.run(45_000);
  core.fact(host1, { echo: [], power: "off", novaReports: false });
  core.run(goneFor);
  assert.equal(core.assessment(host1).row, "3");
  assert.deepEqual(core.done("power-off"), [], "what is not guarded is never fenced");
  return pages(core).join();
}

test("a host without a probe that Nova hears no more and that answers no ping is paged", () => {
  assert.match(unguarded(90_000), /compute-1 looks down, and nothing guards it/);
  assert.equal(unguarded(40_000), "", "Nova's record may stand still for a minute");
});

test("a host without a probe that answers a ping, or that nobody expects anything of, is not", () => {
  const core = new CoreFixture();
  core.fact(host1, { reports: false });
  core.run(45_000);
  core.fact(host1, { novaReports: false });
  core.run(90_000);
  assert.equal(pages(core).join(), "", "it answers pings");
  const disabled = (fixture: CoreFixture): void => {
    const service = fixture.nova.services.get(host1);
    assert.ok(service !== undefined);
    fixture.nova.services.set(host1, { ...service, status: "disabled", reason: "old" });
  };
  assert.equal(unguarded(90_000, disabled), "", "it is out of use");
  const silent = (fixture: CoreFixture): void => fixture.fact(host1, { novaReports: false });
  assert.equal(unguarded(90_000, silent), "", "Nova never heard it since our start");
});

test("a ticket about its device does not end the pages of a silent host while no collector has a vote", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.guids.set(`${host1}/bmc`, "77777777777777777777777777777701");
  core.fact(host1, { guid: "77777777777777777777777777777701" });
  core.run(40_000);
  core.powerLoss(host1);
  core.run(140_000);
  const isFiring = (): boolean =>
    Object.values(core.state.memory.alerts).some(({ message }) => message.kind === "unattended");
  assert.ok(isFiring());
  core.collectorUp = false;
  core.run(2000);
  // It starts anew, is not up again for long, and nobody has a vote.
  core.collectorUp = true;
  core.collectorEpoch += 1;
  core.run(1000);
  core.collectorUp = false;
  core.run(60_000);
  assert.ok(isFiring(), "a ticket or a page about its BMC says nothing of its servers");
});
