/**
 * The IPMI adapter against a real ipmi_sim (Debian's openipmi) and a real ipmitool. Part of the lab,
 * not of `npm test`. Run: npx tsc -p . && node --test dist/test/lab/ipmi.lab.js
 */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createIpmi, type IpmiOptions } from "../../guardian/shell/ipmi.ts";
import { Secret } from "../../shared/secret.ts";
import { guid, startIpmiSim } from "./ipmi-sim.ts";

const itself = { guid, uuid: undefined, serial: undefined };

async function bmc(t: TestContext, port: number) {
  const { write, orders } = await startIpmiSim(t, port);
  const power = (options: Partial<IpmiOptions> = {}) =>
    createIpmi({
      address: "127.0.0.1",
      port,
      username: "admin",
      password: new Secret("s3cret"),
      ...options,
    });
  return {
    power,
    setMode: (mode: string) => write("mode", mode),
    orders,
  };
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
