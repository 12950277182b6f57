/** A cell of Nova that is down while a host is on its way home. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** Nova leaves out of a filtered list what is in a cell that is down, and shows its service as a name alone. */
class OneCell extends CoreFixture {
  cellDown = false;
  override take(event: GuardianEvent): readonly Effect[] {
    if (this.cellDown === true && event.kind === "services") {
      const services = event.services.filter(({ host }) => host !== host1);
      return super.take({ ...event, services, unreadable: [host1] });
    }
    if (this.cellDown === true && event.kind === "servers-seen" && event.host === host1) {
      return super.take({ ...event, servers: [], records: [] });
    }
    return super.take(event);
  }
}

test("a host on its way home, whose own server runs, is not switched off because its cell's list is empty", () => {
  const core = new OneCell({ comeHome: "power-on" });
  core.run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.addServer(host1, "vm-2", { volumeBacked: false });
  const { checks } = core.factsOf(host1);
  core.fact(host1, { turnsOn: false, checks: { ...checks, serversTotal: 2, serversRunning: 2 } });
  core.run(3000);
  core.powerLoss(host1);
  core.run(90_000);
  core.fact(host1, { checks: { ...checks, serversTotal: 2, serversRunning: 1 } });
  core.powerOn(host1);
  core.run(8000);
  const step = core.phase(host1, "ended").home?.step.kind;
  const before = core.done("power-off").length;
  core.cellDown = true;
  core.run(30_000);
  const after = core.done("power-off").length;
  const home = core.alerts().findLast(({ kind }) => kind === "home");
  assert.equal(after, before, `was ${step}; ${home?.title}`);
});

test("a host is not switched on because the list of its evacuations went empty with its cell", () => {
  const core = new OneCell({ comeHome: "power-on" });
  core.run(15_000);
  const servers = [core.nova.addServer(host1, "vm-1"), core.nova.addServer(host1, "vm-2")];
  core.fact(host1, { turnsOn: false });
  core.powerLoss(host1);
  while (core.state.memory.incidents.get(host1)?.phase.kind !== "ended") core.run(250);
  const [server] = servers;
  if (server === undefined) throw new Error("no server");
  core.nova.addRecord(server, host1, "accepted");
  core.run(60_000);
  assert.equal(core.done("power-on").length, 0, "an evacuation is under way");
  core.cellDown = true;
  core.run(60_000);
  assert.equal(core.done("power-on").length, 0, "switched on while an evacuation may go on");
});
