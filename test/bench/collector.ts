/**
 * `npm run bench -- collector`: what a datagram costs beside a receiver that only counts and beside other programs;
 * 40,000 a second for a minute, with an exact ledger; and whole collectors with 100 to 10,000 hosts. Ratios count: the
 * rounds of all programs are interleaved, and every figure is a median.
 */
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { readKernelDrops } from "../../collector/shell/kernel-drops.ts";
import { sleep } from "../../shared/loop.ts";
import type { Ledger } from "../../shared/telemetry.ts";
import { benchDaemons } from "./collector-daemons.ts";
import { benchMaster, type SenderOrders } from "./collector-sender.ts";
import { cpuOf, program, sendReports, told } from "./children.ts";
import { benchPacking } from "./packing.ts";
import { startRivals, type Rival } from "./rivals.ts";

const rounds = 5;
/** Before them: a collector runs for months, and its first ten seconds are the compiler's. */
const warmRounds = 3;
const perSecond = 30_000;
const seconds = 3;
/** Of each round, before what is measured. */
const awakeSeconds = 1;

interface Facts {
  readonly received: number;
  readonly cpuUs: number;
  readonly ledger: Ledger;
  readonly queued: number;
  readonly rssMb: number;
  readonly isWarned: boolean;
  readonly granted: number;
}

async function asked(child: ChildProcess): Promise<Facts> {
  const answer = told<Facts>(child);
  child.send("report");
  return await answer;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? NaN;
}

function targetsOf(port: number): SenderOrders["targets"] {
  return [{ port, master: Buffer.from(benchMaster).toString("hex") }];
}

async function plainly({ kind, port }: Rival, lasting: number): Promise<number> {
  const words = [kind, String(port), String(perSecond), String(lasting)];
  const { sent } = await told<{ readonly sent: number }>(fork(program("plain-sender"), words));
  return sent;
}

/** What was counted so far is not looked at: a program that slept finds its memory taken away. */
async function awake(child: ChildProcess): Promise<void> {
  await sleep(awakeSeconds * 1000);
  await asked(child);
}

/** The whole way of one liveness datagram, beside the floor and other programs. */
async function benchOneDatagram(folder: string): Promise<void> {
  const floor = fork(program("floor/count-datagrams"));
  const { port: floorPort } = await told<{ readonly port: number }>(floor);
  const ours = fork(program("collector-receiver"));
  const { port } = await told<{ readonly port: number }>(ours);
  const decoding = fork(program("collector-receiver"), ["4194304", "1000", "decoded"]);
  const { port: decodingPort } = await told<{ readonly port: number }>(decoding);
  const { rivals, missing } = await startRivals(folder);
  const costs = { floor: [] as number[], ours: [] as number[], decoding: [] as number[] };
  const rivalCosts = new Map(rivals.map((rival) => [rival, [] as number[]]));
  for (let round = 0; round < rounds + warmRounds; round += 1) {
    const isWarm = round >= warmRounds;
    const lasting = awakeSeconds + seconds;
    const orders = { hosts: 1000, perSecond, seconds: lasting, servers: 0, epoch: 5000 + round };
    // The same datagrams at the same pace: how many wait when the receiver wakes decides what one costs.
    const toFloor = { ...orders, targets: targetsOf(floorPort), isFloor: true };
    await sendReports(toFloor, () => awake(floor));
    const bare = await asked(floor);
    await sendReports({ ...orders, targets: targetsOf(port) }, () => awake(ours));
    const whole = await asked(ours);
    await sendReports({ ...orders, targets: targetsOf(decodingPort) }, () => awake(decoding));
    const decoded = await asked(decoding);
    if (isWarm) costs.floor.push(bare.cpuUs / bare.received);
    if (isWarm) costs.ours.push(whole.cpuUs / whole.received);
    if (isWarm) costs.decoding.push(decoded.cpuUs / decoded.received);
    for (const [rival, list] of rivalCosts) {
      const cost = await costOf(rival);
      if (isWarm) list.push(cost);
    }
  }
  for (const child of [floor, ours, decoding]) child.kill();
  for (const { process: child } of rivals) child.kill();
  const floorUs = median(costs.floor);
  const say = (what: string, us: number): void =>
    console.log(
      `  ${what.padEnd(52)} ${us.toFixed(2).padStart(7)} us  ${(us / floorUs).toFixed(2)} x`,
    );
  console.log(
    `one datagram, CPU of the receiver, ${perSecond}/s, medians of ${rounds} after ${warmRounds}:`,
  );
  say("floor: node:dgram that only counts (161 bytes)", floorUs);
  if (floorUs > 5) console.log("    above 5 us: the machine is slower, or busy; ratios count");
  say("verify, window, ledger, decode; 1,000 hosts", median(costs.decoding));
  say("the same, and queued for the store", median(costs.ours));
  for (const [{ name }, list] of rivalCosts) say(name, median(list));
  for (const sentence of missing) console.log(`  left out: ${sentence}`);
}

/** CPU by datagram that it read: what was sent, less what the kernel dropped at its socket. */
async function costOf(rival: Rival): Promise<number> {
  const { port } = rival;
  const pid = rival.process.pid ?? 0;
  await plainly(rival, awakeSeconds);
  const drops = (): number =>
    readKernelDrops("127.0.0.1", port) +
    readKernelDrops("::", port) +
    readKernelDrops("0.0.0.0", port);
  const [before, droppedBefore] = [cpuOf(pid), drops()];
  const sent = await plainly(rival, seconds);
  return (cpuOf(pid) - before) / Math.max(1, sent - (drops() - droppedBefore));
}

/** Forty thousand a second: what is lost, and whether the ledger knows it to the datagram. */
async function benchRush(bufferBytes: number, runs: number, lasting: number): Promise<void> {
  const buffer = bufferBytes < 4_194_304 ? "as the kernel has it by default" : "4 MiB";
  console.log(`40,000 datagrams/s for ${lasting} s, buffer ${buffer}, ${runs} runs:`);
  const losses: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const ours = fork(program("collector-receiver"), [String(bufferBytes), "10"]);
    const { port } = await told<{ readonly port: number }>(ours);
    const orders = { targets: targetsOf(port), hosts: 1000, perSecond: 40_000, servers: 0 };
    let rssMb = 0;
    const { sent, perSecond: achieved } = await sendReports(
      { ...orders, seconds: lasting, epoch: 5000 },
      async () => {
        await sleep(2000);
        ({ rssMb } = await asked(ours));
      },
    );
    const facts = await asked(ours);
    ours.kill();
    const { expected, missing, dropped, received, duplicate } = facts.ledger;
    const came = received - duplicate;
    const exact = expected === sent && came + missing === sent;
    losses.push((100 * missing) / sent);
    console.log(
      `  sent ${sent} (${achieved}/s)  came ${came}  missing ${missing} (kernel ${dropped})  ledger ` +
        `${exact ? "exact" : `WRONG: expects ${expected}`}  rows queued ${facts.queued}  RSS ${rssMb} -> ${facts.rssMb} MB` +
        `  ${facts.isWarned ? "warned of the buffer" : ""}`,
    );
  }
  console.log(`  median loss ${median(losses).toFixed(4)} %`);
}

/** `words`: parts to run, all of them when there are none. `quick`: fewer and shorter runs. */
export async function benchCollector(words: readonly string[]): Promise<void> {
  const isWanted = (part: string): boolean =>
    words.includes(part) ||
    !["datagram", "packing", "rush", "daemons"].some((one) => words.includes(one));
  const quick = words.includes("quick");
  console.log(`load of the machine at the start: ${loadavg()[0]?.toFixed(1)}`);
  const folder = mkdtempSync(join(tmpdir(), "guardian-bench-"));
  try {
    if (isWanted("packing")) benchPacking();
    if (isWanted("datagram")) await benchOneDatagram(folder);
    if (isWanted("rush")) {
      await benchRush(4_194_304, quick ? 1 : 5, quick ? 10 : 60);
      // What Linux gives to who does not ask: 212,992 bytes.
      await benchRush(106_496, 1, quick ? 5 : 20);
    }
    if (isWanted("daemons")) await benchDaemons(folder, quick ? 10 : 20);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`load of the machine at the end: ${loadavg()[0]?.toFixed(1)}`);
}
