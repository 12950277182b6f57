/** Servers of a fenced host for which no call can be made, or none is taken: nobody else would tell. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** Its evacuate calls are not made, as while the cell of its servers is down. */
class CellDownFixture extends CoreFixture {
  override take(event: GuardianEvent): readonly Effect[] {
    if (event.kind !== "evacuate-answered") return super.take(event);
    const answer = { kind: "not-made", reason: "its cell is down" } as const;
    return super.take({ ...event, answer });
  }
}

function stalled(core: CoreFixture): string {
  const page = core.alerts().find(({ kind, title }) => kind === "held" && !/wait/.test(title));
  return page === undefined ? "" : `${page.class}: ${page.title}: ${page.why.join("; ")}`;
}

test("calls that cannot be made are tried on, and paged after a minute", () => {
  const core = new CellDownFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.evacuateAnswer = { kind: "unknown", reason: "" };
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  core.run(50_000);
  assert.equal(stalled(core), "");
  core.run(30_000);
  assert.match(stalled(core), /^page: .*no call for them can be made: .*vm-1.*its cell is down/);
  const said = core.done("line").filter(({ event }) => event === "move-not-made");
  assert.ok(said.length < 5, `${said.length} lines`);
});

test("a call that cannot be made is paged also while another server moves", () => {
  class Half extends CoreFixture {
    override take(event: GuardianEvent): readonly Effect[] {
      if (event.kind !== "evacuate-answered" || event.server !== "id-vm-2")
        return super.take(event);
      const answer = { kind: "not-made", reason: "its cell is down" } as const;
      this.nova.records = this.nova.records.filter(({ server }) => server !== event.server);
      return super.take({ ...event, answer });
    }
  }
  const core = new Half().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.addServer(host1, "vm-2");
  core.nova.moveMs = 250_000;
  core.powerLoss(host1);
  while (core.done("evacuate").length < 2) core.run(250);
  core.run(90_000);
  assert.match(stalled(core), /^page: .*vm-2.*its cell is down/);
});

test("a host that was switched off again, and that Nova does not force down, is paged", () => {
  const limits = { ...defaultLimits, movesAtOnce: 1, movesAtFirst: 1 };
  const core = new CoreFixture({ limits }).run(15_000);
  for (const name of ["vm-1", "vm-2", "vm-3"]) core.nova.addServer(host1, name);
  core.nova.moveMs = 10_000;
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  core.nova.forceDownAnswer = { kind: "unknown", reason: "read-only" };
  core.fact(host1, { power: "on" });
  core.run(150_000);
  assert.match(stalled(core), /^page: .*down.*: read-only/);
});

/** Nova shows neither servers nor records of its cell. */
class HiddenFixture extends CoreFixture {
  isHidden = false;
  override take(event: GuardianEvent): readonly Effect[] {
    const hides = this.isHidden && event.kind === "moves-seen";
    return super.take(hides ? { ...event, servers: [], records: [], gone: [] } : event);
  }
}

test("while the cell is down, a call without an answer is no lost call", () => {
  const core = new HiddenFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.evacuateAnswer = { kind: "unknown", reason: "no answer within 30 s" };
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  core.isHidden = true;
  core.run(90_000);
  const [move] = Object.values(core.phase(host1, "evacuating").moves ?? {});
  assert.equal(move?.state.kind, "ordered");
  core.run(30_000);
  assert.match(stalled(core), /^page: .*vm-1/);
  core.isHidden = false;
  core.run(30_000);
  assert.equal(core.done("evacuate").length, 1, "it is never made again");
});
