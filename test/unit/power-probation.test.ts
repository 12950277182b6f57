/** Power devices that failed to answer while their host did not report: believed again after a minute of answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceWords } from "../../guardian/core/evidence.ts";
import { deviceWord } from "../../guardian/core/power.ts";
import { render } from "../../guardian/core/words.ts";
import { CoreFixture, host1, type Facts } from "../support/core-fixture.ts";

function word(core: CoreFixture): { readonly power: string; readonly line: string } {
  const { power } = deviceWord(core.state, core.hostState(host1), "bmc");
  return { power, line: render(deviceWords(core.state, core.hostState(host1), "bmc")) };
}

function settled(changes: Partial<Facts> = {}): CoreFixture {
  const core = new CoreFixture();
  core.fact(host1, changes);
  return core.run(15_000);
}

/** An on reading that arrives by itself, outside the schedule. */
function read(core: CoreFixture, power: "on" | "off" | "unknown", guid?: string): void {
  const identity = {
    guid: guid ?? core.factsOf(host1).guid,
    uuid: undefined,
    serial: undefined,
  };
  const reading =
    power === "unknown" ? { power, reason: "no answer within 5 s" } : { power, identity };
  const { now: at } = core;
  core.take({ kind: "power-read", at, askedAt: at, host: host1, device: "bmc", reading });
}

test("a device that failed since suspicion is on probation for 60 s of answers", () => {
  const core = settled();
  core.hang(host1);
  core.fact(host1, { power: "unknown" });
  core.run(6000);
  assert.equal(word(core).power, "unknown");
  core.fact(host1, { power: "off" });
  core.run(2000);
  assert.match(word(core).line, /it failed to answer: counts after 60 s$/);
  const { answeringSince } = core.hostState(host1).devices.get("bmc") ?? {};
  while (core.now - (answeringSince ?? 0) < 59_750) core.run(250);
  assert.equal(word(core).power, "unknown");
  core.run(250);
  assert.equal(word(core).power, "off");
});

test("so is one that failed before any collector was heard, and its host has not reported since", () => {
  for (const reports of [false, true]) {
    const core = settled();
    core.collectorUp = false;
    core.restart();
    core.run(10_000);
    read(core, "unknown");
    core.fact(host1, { power: "off", reports, echo: [], novaReports: false });
    core.collectorUp = true;
    core.run(3000);
    core.fact(host1, { reports: false });
    core.run(5000);
    assert.equal(core.hostState(host1).freshSince, undefined);
    read(core, "off");
    if (reports) assert.equal(word(core).power, "off");
    else assert.match(word(core).line, /it failed to answer: counts after 60 s$/);
  }
});

test("a failure in peace is no probation", () => {
  const core = settled();
  read(core, "unknown");
  read(core, "on");
  assert.equal(word(core).power, "on");
});
