/** A guardian runs for months: what a round has worked out must not outlive the next ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

interface Kept {
  readonly round: WeakRef<object>;
  readonly hosts: WeakRef<object>;
}

test("rounds are forgotten: neither their eyes nor their tables of hosts are kept", async () => {
  const core = new CoreFixture();
  core.run(5000);
  core.powerLoss(host1);
  const kept: Kept[] = [];
  for (let second = 0; second < 60; second += 1) {
    core.run(1000);
    const { round, hosts } = core.state;
    kept.push({ round: new WeakRef(round), hosts: new WeakRef(hosts) });
  }
  // What was looked at in this turn of the loop is kept until it ends.
  await new Promise((resolve) => setTimeout(resolve, 0));
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const alive = (name: keyof Kept): number =>
    kept.filter((one) => one[name].deref() !== undefined).length;
  assert.ok(alive("round") <= 2, `${alive("round")} of 60 rounds are kept`);
  assert.ok(alive("hosts") <= 2, `${alive("hosts")} of 60 tables of hosts are kept`);
  assert.equal(core.state.hosts.size, 8);
});
