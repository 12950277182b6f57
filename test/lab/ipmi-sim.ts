/** One BMC of Debian's ipmi_sim (package openipmi), with a chassis that is a file. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { sleep } from "../../shared/loop.ts";
import { waitFor } from "../support/wait-for.ts";
import { makeChassis, type Ending, type FileChassis } from "./file-chassis.ts";

export const guid = "0102030405060708090a0b0c0d0e0f10";

const emulator = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;

function lanConfig(folder: string, port: number, ownGuid: string): string {
  return `name "bmc1"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid ${ownGuid}
  endlan
  chassis_control "${folder}/chassis.sh 0x20"
  startnow false
  user 2 true "admin" "s3cret" admin 10 none md2 md5 straight
  user 3 true "viewer" "v1ewer" user 10 none md2 md5 straight
`;
}

/** Listens on 127.0.0.1; ends with the test. */
export async function startIpmiSim(
  t: Ending,
  port: number,
  ownGuid: string = guid,
): Promise<FileChassis> {
  const chassis = makeChassis(t);
  const { folder, write } = chassis;
  write("lan.conf", lanConfig(folder, port, ownGuid));
  write("bmc.emu", emulator);
  mkdirSync(join(folder, "state"));
  const files = ["-c", `${folder}/lan.conf`, "-f", `${folder}/bmc.emu`, "-s", `${folder}/state`];
  const simulator = spawn("ipmi_sim", [...files, "-n"], { stdio: "ignore", cwd: "/" });
  t.after(() => simulator.kill("SIGKILL"));
  write("device.pid", String(simulator.pid));
  await sleep(500);
  return chassis;
}

/** pyghmi's BMC (package python3-pyghmi): ipmi_sim cannot answer "busy". `mode` is "" or busy. */
export async function startPyghmiBmc(t: TestContext, port: number): Promise<FileChassis> {
  const chassis = makeChassis(t);
  const words = ["-c", pyghmiBmc, String(port), chassis.folder];
  const device = spawn("/usr/bin/python3", words, { stdio: "ignore", cwd: "/" });
  t.after(() => device.kill("SIGKILL"));
  const socket = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  await waitFor(
    "pyghmi's socket",
    () => readFileSync("/proc/net/udp", "utf8").includes(socket) || undefined,
    30_000,
  );
  return chassis;
}

// 0xc0 is the completion code "node busy".
const pyghmiBmc = `
import sys
from pyghmi.ipmi.bmc import Bmc
port, folder = int(sys.argv[1]), sys.argv[2]
def read(name):
    return open(folder + '/' + name).read().strip()
class Device(Bmc):
    def handle_raw_request(self, request, session):
        if read('mode') == 'busy':
            return session.send_ipmi_response(code=0xc0)
        super().handle_raw_request(request, session)
    def get_power_state(self):
        return 'on' if read('power') == '1' else 'off'
    def power_off(self):
        open(folder + '/power', 'w').write('0')
Device({'admin': 's3cret'}, port=port, address='127.0.0.1').listen()
`;
