/** A host that went off by our order to another host's device: what its own fencing does meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { host1, host2 } from "../support/core-fixture.ts";
import { type LevelsFixture, runUntil, settledLevels } from "../support/levels-fixture.ts";

/** A reading of host 1's device that comes by itself, between those that are asked for and never come. */
function readOff(core: LevelsFixture): void {
  const identity = { guid: undefined, uuid: undefined, serial: undefined };
  const { now: at } = core;
  core.power.set("bmc", "off");
  const reading = { power: "off", identity } as const;
  core.take({ kind: "power-read", at, askedAt: at, host: host1, device: "bmc", reading });
  core.power.set("bmc", "lost");
}

test("what was ordered for the other host in the very round that spares it is not given", () => {
  let spared = 0;
  // Host 1 is advanced before host 2, whose device switched it off.
  for (let fromMs = 8000; fromMs <= 10_000; fromMs += 250) {
    const core = settledLevels([["bmc"]]);
    core.nova.addServer(host2, "vm-2", {});
    core.hang(host2);
    core.fact(host2, { turnsOff: false });
    runUntil(core, () => core.done("power-off").length > 0);
    core.fact(host1, { reports: false, echo: [], novaReports: false });
    core.power.set("bmc", "lost");
    core.fact(host2, { power: "off" });
    for (let ms = 0; ms < 30_000 && core.state.memory.disarmed === undefined; ms += 250) {
      if (ms >= fromMs && (ms - fromMs) % 1000 === 0) readOff(core);
      const before = core.done("force-down").length;
      core.run(250);
      const given = core.done("force-down").slice(before);
      const phase = core.state.memory.incidents.get(host1)?.phase.kind ?? "none";
      const isLost = given.some(({ host }) => host === host1) && phase !== "evacuating";
      assert.ok(!isLost, `forced down while it is ${phase}`);
    }
    const said = core.done("line").filter(({ host }) => host === host1);
    if (said.some(({ event }) => event === "stood-down")) spared += 1;
  }
  assert.ok(spared > 1, "host 1 is never spared");
});
