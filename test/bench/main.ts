/**
 * `npm run bench [-- wire|core|recording|live-view|collector|ceilometer|outage|bmcs|probe|evacuate [--lab]]`: what the hot paths cost, each beside the floor it is compared to.
 * Ratios are what counts; milliseconds depend on the machine.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createHmac, createSecretKey } from "node:crypto";
import { hostName } from "../../shared/names.ts";
import { createReplayTable } from "../../shared/replay-window.ts";
import {
  createHostKeys,
  createReceiver,
  deriveHostKey,
  importKey,
  signDatagram,
} from "../../shared/wire-auth.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";
import { benchBmcs } from "./bmcs.ts";
import { benchCeilometer } from "./ceilometer.ts";
import { benchCollector } from "./collector.ts";
import { benchCore } from "./core.ts";
import { benchEvacuate } from "./evacuate.ts";
import { benchLiveView } from "./live-view.ts";
import { benchOutage } from "./outage.ts";
import { benchProbe } from "./probe.ts";
import { benchRecording } from "./recording.ts";

/** Median microseconds of one call, over rounds after a warm-up. */
function measure(rounds: number, calls: number, work: (call: number) => void): number {
  const times: number[] = [];
  for (let round = -2; round < rounds; round += 1) {
    const from = process.hrtime.bigint();
    for (let call = 0; call < calls; call += 1) work(call);
    if (round >= 0) times.push(Number(process.hrtime.bigint() - from) / 1000 / calls);
  }
  return times.sort((left, right) => left - right)[Math.floor(times.length / 2)] ?? Number.NaN;
}

function row(what: string, us: number, floor: string, floorUs: number): void {
  const ratio = (us / floorUs).toFixed(1);
  console.log(
    `${what.padEnd(46)} ${us.toFixed(1).padStart(10)} us   ${ratio.padStart(7)} x ${floor} (${floorUs.toFixed(1)} us)`,
  );
}

/** A signed report received, against one HMAC over as many bytes. */
function benchReceive(): void {
  const master = Buffer.alloc(32, 7);
  const host = hostName("compute-1");
  const key = importKey(deriveHostKey(master, host));
  const datagrams = Array.from({ length: 2000 }, (_, index) =>
    signDatagram(key, sampleHeader({ sequence: index + 1 }), [
      { kind: "liveness", checks: healthyChecks },
    ]),
  );
  const bytes = datagrams[0]?.length ?? 0;
  const receive = (): ReturnType<typeof createReceiver> =>
    createReceiver({
      keys: createHostKeys(new Map([[1, master]])),
      replays: createReplayTable({ newNonce: () => "0123456789abcdef" }),
      revokedHosts: new Set(),
    });
  let receiver = receive();
  const us = measure(7, datagrams.length, (call) => {
    if (call === 0) receiver = receive();
    const datagram = datagrams[call];
    if (datagram !== undefined && receiver.receive(datagram, 0).kind !== "accepted") {
      throw new Error("a good datagram was refused");
    }
  });
  const secret = createSecretKey(Buffer.alloc(32, 7));
  const body = Buffer.alloc(bytes);
  const floorUs = measure(7, 2000, () => void createHmac("sha256", secret).update(body).digest());
  row(`receive one report (${bytes} bytes)`, us, "one HMAC-SHA256", floorUs);
}

const wanted = process.argv.slice(2).filter((word) => !word.startsWith("-"));
if (wanted.length === 0 || wanted.includes("wire")) benchReceive();
if (wanted.length === 0 || wanted.includes("core")) benchCore();
if (wanted.length === 0 || wanted.includes("recording")) benchRecording();
// Needs Debian's openipmi and ipmitool.
if (wanted.includes("bmcs")) await benchBmcs();
if (wanted.length === 0 || wanted.includes("live-view")) await benchLiveView();
// Minutes, and some gigabytes of disk.
if (wanted.includes("outage")) {
  await benchOutage(Number(wanted.find((word) => /^\d+$/.test(word)) ?? undefined) || undefined);
}
// Needs root, Debian's libvirt and QEMU (test/lab/install.sh qemu), and three minutes.
if (wanted.includes("probe")) await benchProbe();
// Needs Debian's python3-ceilometer.
if (wanted.includes("ceilometer")) await benchCeilometer();
// Minutes of real time: only when asked for. `collector [quick] [datagram|packing|rush|daemons]`.
if (wanted.includes("collector")) await benchCollector(wanted);
// Minutes of real time: only when asked for. On the lab's real Nova (root): --lab.
if (wanted.includes("evacuate")) {
  if (process.argv.includes("--lab")) await benchOnLab(process.argv.slice(2));
  else await benchEvacuate();
}

/** Hands over to the lab's own program, which has the series after `evacuate --lab`. */
async function benchOnLab(words: readonly string[]): Promise<void> {
  const program = new URL("../lab/bench.js", import.meta.url).pathname;
  const series = words.filter((word) => word !== "evacuate" && word !== "--lab");
  const child = spawn(process.execPath, [program, ...series], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  process.exitCode = code ?? 1;
}
