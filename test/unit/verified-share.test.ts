/** How many power devices are verified is told at the start, and each has its way out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { showDoctor } from "../../guardian/core/show-doctor.ts";
import { verifiedShare } from "../../guardian/core/verified-share.ts";
import { hostName } from "../../shared/names.ts";
import { wallMs } from "../../shared/time.ts";
import { alice, CoreFixture, host1, host2 } from "../support/core-fixture.ts";

function foreign(core: CoreFixture, hosts: number): void {
  for (let index = 1; index <= hosts; index += 1) {
    core.guids.set(`compute-${index}/bmc`, `7777777777777777777777777777${7700 + index}`);
  }
}

function told(core: CoreFixture): readonly string[] {
  return core
    .done("line")
    .filter(({ event }) => event === "verified-share")
    .map(({ text }) => text);
}

function ticket(core: CoreFixture): string {
  const firing = Object.values(core.state.memory.alerts).find(
    ({ message }) => message.kind === "verified-share",
  );
  return firing === undefined ? "none" : `${firing.message.class}: ${firing.message.why.join()}`;
}

test("nine of ten are enough, at exact equality; eight are told, once in the log", () => {
  const enough = new CoreFixture({}, 10);
  foreign(enough, 1);
  enough.run(60_000);
  assert.deepEqual(verifiedShare(enough.state), { verified: 9, devices: 10 });
  assert.deepEqual([told(enough), ticket(enough)], [[], "none"]);
  const few = new CoreFixture({}, 10);
  foreign(few, 2);
  few.run(29_000);
  assert.deepEqual([told(few), ticket(few)], [[], "none"], "devices have their time to answer");
  few.run(60_000);
  assert.equal(told(few).length, 1);
  assert.match(
    told(few)[0] ?? "",
    /^8 of 10 power devices are verified, must be >= 90 %: no fence/,
  );
  assert.equal(ticket(few), "ticket: 8 of 10 power devices are verified, must be >= 90 %");
});

test("the ticket ends when somebody vouches; a restart says it again only if it is so", () => {
  const core = new CoreFixture({}, 10);
  foreign(core, 2);
  core.run(60_000);
  const wall = wallMs(core.wall);
  core.take({ kind: "vouched", at: core.now, wall, host: host1, by: alice, reason: "compared" });
  core.run(1000);
  assert.equal(ticket(core), "none");
  core.restart();
  core.run(60_000);
  assert.equal(told(core).length, 1);
});

test("a cloud without devices has no share; its hosts are told one by one", () => {
  const hosts = new CoreFixture().settings.hosts;
  const bare = new Map([...hosts].map(([name, entry]) => [name, { ...entry, devices: [] }]));
  const core = new CoreFixture({ hosts: bare }).run(60_000);
  assert.deepEqual([told(core), ticket(core)], [[], "none"]);
  const [line] = showDoctor(core.state).devices;
  assert.deepEqual(line?.because, "no power device is configured");
});

test("doctor: what each is known by, those without first, each with its way out", () => {
  const core = new CoreFixture({}, 10);
  foreign(core, 2);
  const mute = hostName("compute-3");
  core.fact(mute, { power: "unknown" });
  const unknown = hostName("compute-4");
  const { checks } = core.factsOf(unknown);
  core.fact(unknown, { checks: { ...checks, hardwareUuid: "" } });
  core.run(20_000);
  const wall = wallMs(core.wall);
  core.take({ kind: "vouched", at: core.now, wall, host: host2, by: alice, reason: "compared" });
  core.run(1000);
  const { share, devices } = showDoctor(core.state);
  assert.equal(share, "7 of 10 power devices are verified, must be >= 90 %");
  const bad = devices.slice(0, 3).map(({ host, verified, next }) => `${host} ${verified} ${next}`);
  assert.match(
    bad[0] ?? "",
    /^compute-1 no compare its address .* fence rehearse compute-1 --cycle/,
  );
  assert.match(bad[1] ?? "", /^compute-3 no mend bmc, its address/);
  assert.match(bad[2] ?? "", /^compute-4 no let its probe read the DMI UUID/);
  assert.ok(devices.slice(3).every(({ verified, next }) => verified === "yes" && next === ""));
  const vouched = devices.find(({ host }) => host === host2);
  assert.equal(vouched?.because, `${alice} vouches for it`);
  assert.match(devices.at(-1)?.because ?? "", /^it shows GUID \S+, which is its host's UUID$/);
  assert.match(showDoctor(core.state, "zh").share, /已核实/);
});
