/**
 * The IPMI adapter against a real ipmi_sim (Debian's openipmi), where that cannot be busy a BMC of pyghmi's, and a real
 * ipmitool. Part of the lab, not of `npm test`. Run: npx tsc -p . && node --test dist/test/lab/ipmi.lab.js
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test, type TestContext } from "node:test";
import { createIpmi, type IpmiOptions } from "../../guardian/shell/ipmi.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import { bmcIdentity } from "../../shared/bmc-identity.ts";
import { guid, startIpmiSim, startPyghmiBmc } from "./ipmi-sim.ts";

const itself = { guid, uuid: undefined, serial: undefined };

async function bmc(t: TestContext, port: number, ownGuid = guid) {
  const chassis = await startIpmiSim(t, port, ownGuid);
  const power = (options: Partial<IpmiOptions> = {}) =>
    createIpmi({
      address: "127.0.0.1",
      port,
      username: "admin",
      password: new Secret("s3cret"),
      ...options,
    });
  return { power, ...chassis };
}

test("reads, switches off once and reads off", async (t) => {
  const { power, orders } = await bmc(t, 19701);
  const device = power();
  const startedMs = performance.now();
  const first = { power: "on", identity: itself, restore: "always-off" };
  assert.deepEqual(
    await device.read(3000),
    first,
    "its policy is asked for with the first reading",
  );
  t.diagnostic(`one reading: ${(performance.now() - startedMs).toFixed(0)} ms`);
  const other = { ...itself, guid: guid.replace("01", "ff") };
  assert.equal((await device.powerOff(other, 3000)).kind, "refused");
  assert.deepEqual(await device.read(3000), { power: "on", identity: itself });
  assert.deepEqual(await device.powerOff(itself, 3000), { kind: "done" });
  assert.deepEqual(await device.read(3000), { power: "off", identity: itself });
  assert.equal(orders(), 1);
  assert.deepEqual(await device.powerOff(itself, 3000), { kind: "done" }, "off again is accepted");
});

test("switches on only the device that it expects", async (t) => {
  const { power } = await bmc(t, 19704);
  const device = power();
  assert.deepEqual(await device.powerOff(itself, 3000), { kind: "done" });
  const other = { ...itself, guid: guid.replace("01", "ff") };
  assert.equal((await device.powerOn(other, 3000)).kind, "refused");
  assert.equal((await device.read(3000)).power, "off");
  assert.deepEqual(await device.powerOn(itself, 3000), { kind: "done" });
  assert.equal((await device.read(3000)).power, "on");
});

test("a stuck chassis is done and still on; a failing one is refused", async (t) => {
  const { power, setMode } = await bmc(t, 19702);
  setMode("stuck");
  assert.deepEqual(await power().powerOff(itself, 3000), { kind: "done" });
  assert.equal((await power().read(3000)).power, "on");
  setMode("fail");
  const reading = await power().read(3000);
  assert.ok(reading.power === "unknown");
  t.diagnostic(reading.reason);
  const answer = await power().powerOff(itself, 3000);
  assert.ok(answer.kind === "refused" && /Unspecified error/.test(answer.reason));
});

test("silence says why", async (t) => {
  const { power, setMode } = await bmc(t, 19703);
  const cases: readonly (readonly [Partial<IpmiOptions>, RegExp])[] = [
    [{ password: new Secret("bad") }, /wrong password/],
    [{ username: "nobody" }, /unknown user name/],
    [{ cipherSuite: 17 }, /cipher suite/],
    [{ port: 19799 }, /no answer/],
  ];
  for (const [options, words] of cases) {
    const reading = await power(options).read(3000);
    assert.ok(reading.power === "unknown" && words.test(reading.reason), JSON.stringify(reading));
  }
  setMode("slow");
  const startedMs = performance.now();
  assert.equal((await power().read(1500)).power, "unknown");
  assert.ok(performance.now() - startedMs < 1800, "within its deadline");
});

test("a user without the privilege may read and not switch off", async (t) => {
  const { power } = await bmc(t, 19704);
  const viewer = power({
    username: "viewer",
    password: new Secret("v1ewer"),
    privilege: "USER",
  });
  assert.equal((await viewer.read(3000)).power, "on");
  const answer = await viewer.powerOff(itself, 3000);
  assert.ok(answer.kind === "refused" && /Insufficient privilege/.test(answer.reason));
});

test("busy: said so, and the order refused", async (t) => {
  const port = 19711;
  const { write } = await startPyghmiBmc(t, port);
  const device = createIpmi({
    address: "127.0.0.1",
    port,
    username: "admin",
    password: new Secret("s3cret"),
  });
  const first = await device.read(5000);
  assert.ok(first.power === "on", JSON.stringify(first));
  write("mode", "busy");
  const reading = await device.read(5000);
  assert.ok(
    reading.power === "unknown" && reading.reason.endsWith(": busy"),
    JSON.stringify(reading),
  );
  const answer = await device.powerOff(first.identity, 5000);
  assert.ok(answer.kind === "refused" && /Node busy/.test(answer.reason), JSON.stringify(answer));
});

test("one that reads off while its host is on is believed: no reading can tell", async (t) => {
  const { power, setMode, isOn } = await bmc(t, 19712);
  setMode("lies");
  assert.equal((await power().read(3000)).power, "off");
  assert.deepEqual(await power().powerOff(itself, 3000), { kind: "done" });
  assert.equal(isOn(), true, "that is what a second device, and the host's own word, are for");
});

test("dies in the middle: the order was carried out, and it is not called done", async (t) => {
  const { power, setMode, isOn, orders } = await bmc(t, 19713);
  setMode("dies");
  const startedMs = performance.now();
  const answer = await power().powerOff(itself, 8000);
  t.diagnostic(`${(performance.now() - startedMs).toFixed(0)} ms, ${JSON.stringify(answer)}`);
  assert.ok(answer.kind === "no-answer" && /stopped answering in the middle/.test(answer.reason));
  assert.deepEqual([isOn(), orders()], [false, 1]);
  assert.equal((await power().read(3000)).power, "unknown");
});

test("comes back on by itself: the next reading says so", async (t) => {
  const { power, setMode } = await bmc(t, 19714);
  setMode("returns");
  assert.deepEqual(await power().powerOff(itself, 3000), { kind: "done" });
  assert.equal((await power().read(3000)).power, "off");
  await sleep(1500);
  assert.equal((await power().read(3000)).power, "on");
});

test("a GUID of zeros: known by the MAC address of its LAN, in the same session", async (t) => {
  const { power, orders } = await bmc(t, 19717, "0".repeat(32));
  const zeros = { ...itself, guid: "0".repeat(32) };
  const unset = await power().read(3000);
  assert.deepEqual(unset.power === "unknown" ? undefined : unset.identity, zeros);
  // Set LAN Configuration Parameters (IPMI 2.0, 23.1), parameter 5 of channel 1.
  const access = "-I lanplus -C 3 -H 127.0.0.1 -p 19717 -U admin -E".split(" ");
  const set = "raw 0x0c 0x01 0x01 0x05 0x4c 0xd9 0x8f 0x00 0x11 0x22".split(" ");
  execFileSync("ipmitool", [...access, ...set], {
    env: { ...process.env, IPMI_PASSWORD: "s3cret" },
  });
  const byMac = { ...itself, guid: bmcIdentity(undefined, "4cd98f001122") };
  const reading = await power().read(3000);
  assert.deepEqual(reading.power === "unknown" ? undefined : reading.identity, byMac);
  assert.equal((await power().powerOff(zeros, 3000)).kind, "refused");
  assert.equal(orders(), 0);
  assert.deepEqual(await power().powerOff(byMac, 3000), { kind: "done" });
});

test("swapped with another host's: neither is switched, on or off", async (t) => {
  const otherGuid = guid.replace("01", "ff");
  const first = await bmc(t, 19715);
  const second = await bmc(t, 19716, otherGuid);
  const other = { ...itself, guid: otherGuid };
  for (const [device, pinned] of [
    [first.power(), other],
    [second.power(), itself],
  ] as const) {
    const answer = await device.powerOff(pinned, 3000);
    assert.ok(
      answer.kind === "refused" && /the device's guid is .*, pinned is/.test(answer.reason),
    );
    assert.equal((await device.powerOn(pinned, 3000)).kind, "refused");
  }
  assert.deepEqual(
    [first.isOn(), first.orders(), second.isOn(), second.orders()],
    [true, 0, true, 0],
  );
});
