/** The IPMI adapter around a program that prints what the real ipmitool prints. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { createIpmi } from "../../guardian/shell/ipmi.ts";
import { bmcIdentity, lanMacOf } from "../../shared/bmc-identity.ts";
import { Secret } from "../../shared/secret.ts";

const guid = "0102030405060708090a0b0c0d0e0f10";
const identity = ["asked: raw 0x06 0x37", "asked: raw 0x0c 0x02 0x0e 0x05 0x00 0x00"];
const itself = { guid, uuid: undefined, serial: undefined };
const nothing = { guid: undefined, uuid: undefined, serial: undefined };

function world(t: TestContext, mode: string) {
  const folder = mkdtempSync(join(tmpdir(), "ipmi-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const record = join(folder, "record");
  const power = createIpmi({
    address: "127.0.0.1",
    username: `${mode}@${record}`,
    password: new Secret("s3cret pass"),
    command: resolve("test/support/fake-ipmitool.sh"),
  });
  return { power, record: () => readFileSync(record, "utf8") };
}

test("identity and power come from one session, the password never in argv", async (t) => {
  const { power, record } = world(t, "on");
  const restore = "always-on" as const;
  assert.deepEqual(await power.read(3000), { power: "on", identity: itself, restore });
  const text = record();
  assert.match(
    text,
    /-I lanplus -C 3 -N 1 -R 1 -H 127\.0\.0\.1 -p 623 .* -L ADMINISTRATOR -E shell/,
  );
  assert.match(text, /^password in env: s3cret pass$/m);
  assert.equal(text.split("s3cret").length, 2, "nowhere but in the environment");
  assert.equal(text.split("argv:").length, 2, "one session");
});

test("a device without GUID shows nothing, and is read all the same", async (t) => {
  const { power } = world(t, "no-guid");
  const restore = "always-on" as const;
  assert.deepEqual(await power.read(3000), { power: "on", identity: nothing, restore });
  assert.deepEqual(
    await power.read(3000),
    { power: "on", identity: nothing },
    "asked once an hour",
  );
});

test("a device whose GUID names no machine is known by its LAN MAC address", async (t) => {
  const { power, record } = world(t, "mac");
  const byMac = { ...nothing, guid: bmcIdentity("0".repeat(32), "4cd98f001122") };
  const reading = await power.read(3000);
  assert.deepEqual(reading, { power: "on", identity: byMac, restore: "always-on" });
  assert.equal(lanMacOf(byMac.guid ?? ""), "4c:d9:8f:00:11:22");
  assert.deepEqual(await power.powerOff(byMac, 3000), { kind: "done" });
  const other = { ...nothing, guid: bmcIdentity(undefined, "4cd98f001123") };
  const answer = await power.powerOff(other, 3000);
  assert.equal(answer.kind, "refused");
  assert.equal(record().match(/^asked: chassis power off$/gm)?.length, 1);
});

test("a device that is too busy to say who it is has said nothing, and gets no order", async (t) => {
  const { power, record } = world(t, "mac-busy");
  assert.equal((await power.read(3000)).power, "unknown");
  const answer = await power.powerOff(nothing, 3000);
  assert.ok(answer.kind === "refused" && /busy/.test(answer.reason), JSON.stringify(answer));
  assert.doesNotMatch(record(), /power off/);
});

test("off is ordered once, after the identity was seen", async (t) => {
  const { power, record } = world(t, "on");
  assert.deepEqual(await power.powerOff(itself, 3000), { kind: "done" });
  const asked = record().match(/^asked: .*$/gm);
  assert.deepEqual(asked, [
    ...identity,
    "asked: chassis power off",
    "asked: chassis power status",
    "asked: exit",
  ]);
});

test("another identity, or none where one was pinned, gets no order", async (t) => {
  for (const [mode, expected] of [
    ["on", { ...itself, guid: "ff" }],
    ["no-guid", itself],
  ] as const) {
    const { power, record } = world(t, mode);
    const answer = await power.powerOff(expected, 3000);
    assert.ok(answer.kind === "refused" && /pinned is/.test(answer.reason), JSON.stringify(answer));
    assert.doesNotMatch(record(), /power off/);
  }
});

test("what is not wanted any more, or late, in the moment before is not ordered", async (t) => {
  const { power, record } = world(t, "on");
  const held = await power.powerOff(itself, 3000, () => "people hold the incident");
  assert.ok(held.kind === "refused");
  assert.match(held.reason, /not sent: people hold the incident$/);
  // The loop stands still while its device answers: when it goes on the deadline is over.
  const late = power.powerOff(itself, 300);
  const wakesAt = performance.now() + 600;
  while (performance.now() < wakesAt);
  assert.notEqual((await late).kind, "done");
  assert.doesNotMatch(record(), /asked: chassis power off/);
});

test("on is ordered in the same way: once, and only from the device that is expected", async (t) => {
  const { power, record } = world(t, "off");
  assert.deepEqual(await power.powerOn(itself, 3000), { kind: "done" });
  const asked = record().match(/^asked: .*$/gm);
  assert.deepEqual(asked?.slice(0, 3), [...identity, "asked: chassis power on"]);
  const other = world(t, "off");
  const answer = await other.power.powerOn({ ...itself, guid: "ff" }, 3000);
  assert.ok(answer.kind === "refused" && /pinned is ff/.test(answer.reason));
  assert.doesNotMatch(other.record(), /power on/);
  const busy = await world(t, "busy").power.powerOn(itself, 3000);
  assert.ok(busy.kind === "refused" && /power on: Node busy/.test(busy.reason));
  assert.equal((await world(t, "unreachable").power.powerOn(itself, 400)).kind, "no-answer");
});

test("refusals are told apart", async (t) => {
  const busy = await world(t, "busy").power.powerOff(itself, 3000);
  assert.ok(busy.kind === "refused" && /Node busy/.test(busy.reason));
  const low = await world(t, "low").power.powerOff(itself, 3000);
  assert.ok(low.kind === "refused" && /Insufficient privilege/.test(low.reason));
  assert.equal((await world(t, "off-strict").power.powerOff(itself, 3000)).kind, "already-off");
  assert.equal((await world(t, "off").power.powerOff(itself, 3000)).kind, "done");
});

test("silence is unknown, and says why", async (t) => {
  for (const [mode, words] of [
    ["wrong-password", /wrong password/],
    ["unknown-user", /unknown user name/],
    ["unreachable", /no answer \(nothing speaks IPMI/],
    ["busy", /busy/],
    ["hung", /no answer within 400 ms/],
  ] as const) {
    const { power } = world(t, mode);
    const reading = await power.read(400);
    assert.ok(reading.power === "unknown" && words.test(reading.reason), JSON.stringify(reading));
    assert.doesNotMatch(reading.reason, /s3cret/);
    if (mode === "busy") continue;
    assert.equal((await power.powerOff(itself, 400)).kind, "no-answer", mode);
  }
});

test("a missing ipmitool is a sentence", async () => {
  const password = new Secret("x");
  const power = createIpmi({
    address: "127.0.0.1",
    username: "a",
    password,
    command: "/no/ipmitool",
  });
  const reading = await power.read(500);
  assert.ok(reading.power === "unknown" && /cannot be run: spawn/.test(reading.reason));
});
