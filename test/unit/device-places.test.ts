import assert from "node:assert/strict";
import { test } from "node:test";
import { render } from "../../guardian/core/words.ts";
import { unverifiedBecause } from "../../guardian/core/verification.ts";
import type { HostSettings, Settings } from "../../guardian/core/settings.ts";
import type { HostName } from "../../shared/names.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** The hosts of a fixture, with host 1's device at a place. */
function at(place: string): Pick<Settings, "hosts"> {
  const { hosts } = new CoreFixture().settings;
  const changed = [...hosts].map(([host, entry]): [HostName, HostSettings] =>
    host === host1 ? [host, { ...entry, places: { bmc: place } }] : [host, entry],
  );
  return { hosts: new Map(changed) };
}

function vouch(core: CoreFixture): void {
  const { now, wall } = core.state;
  core.take({ kind: "vouched", at: now, wall, host: host1, by: "alice", reason: "looked" });
  core.run(1000);
}

/** Host 1's outlet, vouched for at plug 12; `guid`: what it shows. */
function vouched(guid: string): CoreFixture {
  const core = new CoreFixture(at("192.0.2.7:623 12"));
  if (guid !== "own") core.guids.set(`${host1}/bmc`, guid);
  core.fact(host1, guid === "own" ? {} : { guid });
  core.run(15_000);
  vouch(core);
  assert.equal(unverifiedBecause(core.state, host1, "bmc"), undefined);
  return core;
}

/** Started anew with another configuration. */
function restartedAt(core: CoreFixture, place: string): CoreFixture {
  core.restart(undefined, at(place));
  return core.run(15_000);
}

function reason(core: CoreFixture): string {
  return render(unverifiedBecause(core.state, host1, "bmc") ?? "");
}

test("an outlet without an identity that is at another plug now is not the one that was vouched for", () => {
  const core = restartedAt(vouched(""), "192.0.2.7:623 13");
  assert.match(reason(core), /has it at 192\.0\.2\.7:623 13, and it was 192\.0\.2\.7:623 12/);
  core.powerLoss(host1);
  core.run(60_000);
  assert.deepEqual(core.done("power-off"), []);
});

test("it stays so over further starts, until somebody vouches for it there", () => {
  const core = restartedAt(restartedAt(vouched(""), "192.0.2.7:623 13"), "192.0.2.7:623 13");
  assert.notEqual(reason(core), "");
  vouch(core);
  assert.equal(reason(core), "");
  assert.equal(reason(restartedAt(core, "192.0.2.7:623 13")), "");
});

test("at the same plug, and where it shows whose it is, a restart changes nothing", () => {
  assert.equal(reason(restartedAt(vouched(""), "192.0.2.7:623 12")), "");
  assert.equal(reason(restartedAt(vouched("own"), "192.0.2.9:623")), "");
});
