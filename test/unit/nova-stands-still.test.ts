/** Nova's records of all hosts stand still, and its API answers: a conductor, or its messages, are lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

test("an isolated host whose nova-compute lives is not fenced while all records stand still", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  // Cut off from us, and its chassis reads on.
  core.fact(host1, { reports: false, echo: [] });
  core.run(40_000);
  assert.equal(core.assessment(host1).row, "16");
  core.nova.standsStill = true;
  core.run(50_000);
  assert.equal(core.assessment(host1).row, "16");
  assert.deepEqual(core.done("power-off"), []);
  core.nova.standsStill = false;
  core.run(30_000);
  assert.equal(core.assessment(host1).row, "16");
});

test("a host whose probe alone is dead does not hang because all records stand still", () => {
  const rows = new Map([["13", "fence"]] as const);
  const core = new CoreFixture({ rows }).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false });
  core.run(60_000);
  assert.equal(core.assessment(host1).row, "12");
  core.nova.standsStill = true;
  core.run(150_000);
  assert.equal(core.assessment(host1).row, "12");
  assert.deepEqual(core.done("power-off"), []);
});

test("once the others move again, and its own does not, it counts from there", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, echo: [] });
  core.run(40_000);
  core.nova.standsStill = true;
  core.hang(host1);
  core.run(40_000);
  assert.deepEqual(core.done("power-off"), []);
  core.nova.standsStill = false;
  core.run(30_000);
  assert.ok(core.done("power-off").length > 0, "it hangs");
});

test("while records of hosts that report stand still, too, those of silent ones tell nothing", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, echo: [] });
  core.run(40_000);
  // Theirs find the way to Nova again later than others'.
  const late = [...core.facts.keys()].slice(1, 4);
  for (const host of late) core.fact(host, { novaReports: false });
  core.run(5000);
  core.fact(host1, { novaReports: false });
  core.run(40_000);
  assert.equal(core.assessment(host1).row, "16");
  assert.deepEqual(core.done("power-off"), []);
  // Nova calls them down by now: it is they who are broken.
  for (const host of late) core.nova.service(host).down = true;
  core.run(20_000);
  assert.ok(core.done("power-off").length > 0);
});

test("after a long stillness the first that moves do not speak against those that have not had their turn", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, echo: [] });
  core.run(40_000);
  core.nova.standsStill = true;
  const others = [...core.facts.keys()].slice(1);
  core.run(70_000);
  for (const host of others) core.nova.service(host).down = true;
  // Host 1 reports at whole tens of seconds, and has just done so in vain.
  while (Math.floor(core.now / 250) % 40 !== 2) core.run(250);
  core.nova.standsStill = false;
  for (const host of others) core.nova.service(host).down = false;
  core.run(9000);
  assert.deepEqual(core.done("power-off"), []);
  core.run(60_000);
  assert.deepEqual(core.done("power-off"), []);
  assert.equal(core.assessment(host1).row, "16");
});

test("what was called quiet stays so over an outage of Nova's API, until its record moves", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, novaReports: false });
  core.run(100_000);
  assert.equal(core.assessment(host1).row, "13");
  core.nova.answers = false;
  core.run(30_000);
  assert.equal(core.assessment(host1).row, "12a");
  core.answer(host1, "approved");
  core.nova.answers = true;
  core.run(20_000);
  assert.equal(
    core.done("power-off").length,
    1,
    "its approval stood, since nothing spoke for its life",
  );
});

test("nor do computes that are late together take it back; its own report does", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.fact(host1, { reports: false, novaReports: false });
  core.run(100_000);
  assert.equal(core.assessment(host1).row, "13");
  const late = [...core.facts.keys()].slice(1, 4);
  for (const host of late) core.fact(host, { novaReports: false });
  core.run(30_000);
  assert.equal(core.assessment(host1).row, "13");
  core.fact(host1, { novaReports: true });
  core.run(30_000);
  assert.equal(core.assessment(host1).row, "12");
});
