import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceWords } from "../../guardian/core/evidence.ts";
import { viewPower } from "../../guardian/core/power-view.ts";
import { deviceWord, vouchProblem } from "../../guardian/core/power.ts";
import { showDoctor } from "../../guardian/core/show-doctor.ts";
import { unverifiedBecause } from "../../guardian/core/verification.ts";
import { render } from "../../guardian/core/words.ts";
import { CoreFixture, host1, host2, type Facts } from "../support/core-fixture.ts";

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

test("a device whose GUID is its host's UUID counts", () => {
  assert.equal(word(settled()).power, "on");
});

test("a reading counts for 20 s, and not a millisecond longer", () => {
  const core = settled();
  read(core, "on");
  core.tick(20_000);
  assert.equal(word(core).power, "on");
  core.tick(1);
  assert.equal(word(core).power, "unknown");
  assert.match(word(core).line, /older than 20 s$/);
});

test("a device whose GUID its host reads from its own BMC is verified, whatever the host's UUID is", () => {
  const core = settled({ guid: "a".repeat(31) + "b" });
  assert.equal(word(core).power, "unknown");
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, bmcGuid: "a".repeat(31) + "b" } });
  core.run(2000);
  assert.equal(unverifiedBecause(core.state, host1, "bmc"), undefined);
  const doctor = showDoctor(core.state).devices.find(({ host }) => host === host1);
  assert.match(
    doctor?.because ?? "",
    /^it shows GUID a+b, which its host reads from its BMC, too$/,
  );
});

test("a GUID from inside that two hosts tell, or that many boards share, identifies neither", () => {
  const guid = "a".repeat(31) + "b";
  const core = settled({ guid });
  for (const host of [host1, host2]) {
    core.fact(host, { checks: { ...core.factsOf(host).checks, bmcGuid: guid } });
  }
  core.run(2000);
  const reason = render(unverifiedBecause(core.state, host1, "bmc") ?? "");
  assert.match(reason, /the same identity as host compute-2/);
  const shared = settled({ guid: "f".repeat(32) });
  const { checks } = shared.factsOf(host1);
  shared.fact(host1, { checks: { ...checks, bmcGuid: "f".repeat(32) } });
  shared.run(2000);
  assert.match(render(unverifiedBecause(shared.state, host1, "bmc") ?? ""), /its host's UUID is/);
});

const unverified: readonly (readonly [string, (core: CoreFixture) => void, RegExp])[] = [
  [
    "another host's GUID",
    (core) => core.fact(host1, { guid: "a".repeat(31) + "b" }),
    /its host's UUID is c0ffee/,
  ],
  [
    "a host that never told its UUID",
    (core) => {
      const { checks } = core.factsOf(host1);
      core.fact(host1, { checks: { ...checks, hardwareUuid: "" } });
    },
    /its host reported no UUID/,
  ],
  [
    "the same identity as another device",
    (core) => core.fact(host2, { guid: core.factsOf(host1).guid }),
    /the same identity as the device of compute-2/,
  ],
  [
    "two hosts with one UUID",
    (core) => core.fact(host2, { checks: core.factsOf(host1).checks }),
    /the same identity as host compute-2/,
  ],
];

for (const [name, change, reason] of unverified) {
  test(`unverified, so unknown: ${name}`, () => {
    const core = new CoreFixture();
    change(core);
    core.run(15_000);
    assert.match(render(unverifiedBecause(core.state, host1, "bmc") ?? ""), reason);
    assert.equal(word(core).power, "unknown");
  });
}

test("nobody vouches while a host with a nova-compute was never heard: the device may be its own", () => {
  const core = new CoreFixture().run(15_000);
  const said = vouchProblem(core.state, host1);
  assert.equal(said, undefined);
  const { [host1]: own } = core.state.memory.known;
  assert.ok(own !== undefined);
  core.state = { ...core.state, memory: { ...core.state.memory, known: { [host1]: own } } };
  assert.match(vouchProblem(core.state, host1) ?? "", /7 other hosts were never heard .*compute-2/);
  const { now: at, wall } = core.state;
  core.take({ kind: "vouched", at, wall, host: host1, by: "alice", reason: "compared" });
  assert.equal(core.state.memory.devices["compute-1/bmc"]?.vouchedBy, undefined);
});

test("a person may vouch for what is shown; another identity later undoes it", () => {
  const core = settled({ guid: "a".repeat(31) + "b" });
  const { now: at, state } = core;
  core.take({
    kind: "vouched",
    at,
    wall: state.wall,
    host: host1,
    by: "alice",
    reason: "compared",
  });
  assert.equal(unverifiedBecause(core.state, host1, "bmc"), undefined);
  read(core, "on", "d".repeat(31) + "e");
  core.tick();
  assert.match(
    render(unverifiedBecause(core.state, host1, "bmc") ?? ""),
    /it showed GUID d+e, earlier/,
  );
  assert.equal(word(core).power, "unknown");
});

test("an identity that is gone makes the device unverified", () => {
  const core = settled();
  const { now: at } = core;
  const identity = { guid: undefined, uuid: undefined, serial: undefined };
  const reading = { power: "off", identity } as const;
  core.take({ kind: "power-read", at, askedAt: at, host: host1, device: "bmc", reading });
  core.tick();
  assert.match(
    render(unverifiedBecause(core.state, host1, "bmc") ?? ""),
    /^it showed nothing, earlier/,
  );
});

test("off, and a report 6 s later, contradict each other; before that it may be the lag", () => {
  for (const [afterMs, expected] of [
    [5750, "off"],
    [6000, "contradicted"],
  ] as const) {
    const core = settled();
    read(core, "off");
    for (let ms = 0; ms < afterMs; ms += 250) {
      core.tick(250);
      core.telemetry(ms + 250 < afterMs ? [] : [core.row(host1)]);
    }
    read(core, "off");
    assert.equal(word(core).power, expected, `${afterMs} ms`);
  }
});

test("a later reading must say off still: one that says on settles it", () => {
  const core = settled();
  read(core, "off");
  core.tick(6000);
  core.telemetry([core.row(host1)]);
  assert.equal(word(core).power, "off");
  read(core, "on");
  assert.equal(word(core).power, "on");
});

test("a contradicted device is unverified from then on", () => {
  const core = settled();
  core.fact(host1, { power: "off" });
  read(core, "off");
  core.run(7000);
  read(core, "off");
  core.run(250);
  assert.match(
    render(unverifiedBecause(core.state, host1, "bmc") ?? ""),
    /^it read off while the host/,
  );
  core.run(10_000); // nothing is said of devices in the first half minute
  assert.ok(core.alerts().some((alert) => alert.kind === "device-bmc" && alert.class === "page"));
});

test("a new boot voids what the device said before", () => {
  const core = settled();
  read(core, "off");
  core.tick(1000);
  core.telemetry([core.row(host1, { bootId: "b0070000000000b2" })]);
  assert.match(word(core).line, /not read yet/);
});

const two: readonly (readonly ["on" | "off" | "unknown", "on" | "off" | "unknown", string])[] = [
  ["off", "off", "off"],
  ["off", "on", "on"],
  ["on", "unknown", "on"],
  ["off", "unknown", "unknown"],
  ["unknown", "unknown", "unknown"],
];

for (const [one, other, expected] of two) {
  test(`two devices, ${one} and ${other}: ${expected}`, () => {
    const core = new CoreFixture();
    const settings = core.settings.hosts.get(host1);
    assert.ok(settings !== undefined);
    const hosts = new Map(core.settings.hosts).set(host1, { ...settings, devices: ["a", "b"] });
    const pair = new CoreFixture({ hosts }).run(15_000);
    const identity = { guid: pair.factsOf(host1).guid, uuid: undefined, serial: undefined };
    for (const [device, power] of [
      ["a", one],
      ["b", other],
    ] as const) {
      const { now: at } = pair;
      const reading = power === "unknown" ? { power, reason: "silent" } : { power, identity };
      pair.take({ kind: "power-read", at, askedAt: at, host: host1, device, reading });
    }
    assert.equal(viewPower(pair.state, pair.hostState(host1)).signal, expected);
  });
}

test("a host without a power device: unknown, and nothing to wait for", () => {
  const core = new CoreFixture();
  const settings = core.settings.hosts.get(host1);
  assert.ok(settings !== undefined);
  const hosts = new Map(core.settings.hosts).set(host1, { ...settings, devices: [] });
  const bare = new CoreFixture({ hosts }).run(5000);
  const view = viewPower(bare.state, bare.hostState(host1));
  assert.deepEqual([view.signal, view.answered], ["unknown", true]);
});

test("a chassis that comes on by itself is a ticket; what is not told this time stays as it was", () => {
  const core = new CoreFixture().run(15_000);
  const restored = (restore: "always-on" | "last-state" | undefined): void => {
    const identity = { guid: core.factsOf(host1).guid, uuid: undefined, serial: undefined };
    const reading = { power: "on" as const, identity };
    core.take({
      kind: "power-read",
      at: core.now,
      askedAt: core.now,
      host: host1,
      device: "bmc",
      reading: restore === undefined ? reading : { ...reading, restore },
    });
    core.run(16_000);
  };
  const kinds = (): readonly string[] =>
    Object.values(core.state.memory.alerts).map(
      ({ message }) => `${message.class} ${message.kind}`,
    );
  restored("always-on");
  assert.deepEqual(kinds(), ["ticket power-restore"]);
  restored(undefined);
  assert.deepEqual(kinds(), ["ticket power-restore"]);
  restored("last-state");
  assert.deepEqual(kinds(), []);
});

test("of an evacuating host each reading is urgent, of one that is only silent none", () => {
  const core = new CoreFixture({ mode: "ask" }, 24).run(15_000);
  core.nova.addServer(host1, "vm-1", {});
  core.nova.moveMs = 600_000;
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(20_000);
  core.answer(host1, "approved");
  core.run(15_000);
  assert.equal(core.state.memory.incidents.get(host1)?.phase.kind, "evacuating");
  core.effects.length = 0;
  core.run(30_000);
  const readings = core.done("read-power");
  const urgentOf = (host: string): readonly unknown[] => [
    ...new Set(readings.filter((look) => look.host === host).map(({ urgent }) => urgent)),
  ];
  assert.deepEqual(urgentOf(host1), [true]);
  assert.deepEqual(urgentOf(host2), [undefined]);
});
