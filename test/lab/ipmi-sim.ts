/** One BMC of Debian's ipmi_sim (package openipmi), with a chassis that is a file. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { sleep } from "../../shared/loop.ts";

export const guid = "0102030405060708090a0b0c0d0e0f10";

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

/** Listens on 127.0.0.1; ends with the test. `mode` is "", stuck, slow or fail; `power` 1 or 0. */
export async function startIpmiSim(t: TestContext, port: number) {
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
  return {
    folder,
    write,
    orders: () => readFileSync(join(folder, "orders"), "utf8").match(/set power 0/g)?.length ?? 0,
  };
}
