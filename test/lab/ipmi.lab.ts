/**
 * The IPMI adapter against a real ipmi_sim (Debian's openipmi) and a real ipmitool. Part of the lab,
 * not of `npm test`. Run: npx tsc -p . && node --test dist/test/lab/ipmi.lab.js
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createIpmi, type IpmiOptions } from "../../guardian/shell/ipmi.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";

const guid = "0102030405060708090a0b0c0d0e0f10";
const itself = { guid, uuid: undefined, serial: undefined };

const chassis = `#!/bin/bash
D=$(cd "$(dirname "$0")" && pwd); MODE=$(cat "$D/mode"); echo "$*" >> "$D/orders"
shift; op=$1; shift
[ "$MODE" = slow ] && sleep 4
[ "$MODE" = fail ] && { echo "BMC busy"; exit 1; }
case $op in
 get) for p; do case $p in power) echo "power:$(cat "$D/power")";; boot) echo boot:default;; *) exit 1;; esac; done;;
 set) while [ -n "$1" ]; do p=$1; v=$2; shift 2; [ "$MODE" = stuck ] && continue
      [ "$p" = power ] && echo "$v" > "$D/power"; done;;
esac
exit 0
`;

const emulator = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;

function lanConfig(folder: string, port: number): string {
  return `name "bmc1"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid ${guid}
  endlan
  chassis_control "${folder}/chassis.sh 0x20"
  startnow false
  user 2 true "admin" "s3cret" admin 10 none md2 md5 straight
  user 3 true "viewer" "v1ewer" user 10 none md2 md5 straight
`;
}

async function bmc(t: TestContext, port: number) {
  const folder = mkdtempSync(join(tmpdir(), "ipmi-sim-"));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write("lan.conf", lanConfig(folder, port));
  write("bmc.emu", emulator);
  writeFileSync(join(folder, "chassis.sh"), chassis, { mode: 0o755 });
  write("mode", "");
  write("power", "1");
  mkdirSync(join(folder, "state"));
  const args = [
    "-c",
    `${folder}/lan.conf`,
    "-f",
    `${folder}/bmc.emu`,
    "-n",
    "-s",
    `${folder}/state`,
  ];
  const simulator = spawn("ipmi_sim", args, { stdio: "ignore", cwd: "/" });
  t.after(() => {
    simulator.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });
  await sleep(500);
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
    orders: () => readFileSync(join(folder, "orders"), "utf8").match(/set power 0/g)?.length ?? 0,
  };
}

test("reads, switches off once and reads off", async (t) => {
  const { power, orders } = await bmc(t, 19701);
  const device = power();
  const startedMs = performance.now();
  assert.deepEqual(await device.read(3000), { power: "on", identity: itself });
  t.diagnostic(`one reading: ${(performance.now() - startedMs).toFixed(0)} ms`);
  const other = { ...itself, guid: guid.replace("01", "ff") };
  assert.equal((await device.powerOff(other, 3000)).kind, "refused");
  assert.deepEqual(await device.read(3000), { power: "on", identity: itself });
  assert.deepEqual(await device.powerOff(itself, 3000), { kind: "done" });
  assert.deepEqual(await device.read(3000), { power: "off", identity: itself });
  assert.equal(orders(), 1);
  assert.deepEqual(await device.powerOff(itself, 3000), { kind: "done" }, "off again is accepted");
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
