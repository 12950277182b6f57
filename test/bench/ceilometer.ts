/**
 * A Ceilometer sample decoded, verified and judged with all strict checks and the window on its id, against Ceilometer's own
 * Python code (decoded and verified, nothing more), on the same 1,000 samples, by turns. CPU time, not wall time: the machine may be busy.
 */
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { createCeilometerReception } from "../../collector/shell/ceilometer-reception.ts";
import { systemClock } from "../../shared/clock.ts";
import { Secret } from "../../shared/secret.ts";

const floor = new URL("../../../test/bench/floor/ceilometer_verify.py", import.meta.url).pathname;
const python = "/usr/bin/python3";
const rounds = 7;
/** Each sample so often in a round. */
const times = 5;

/** Needs Debian's python3-ceilometer. */
export async function benchCeilometer(): Promise<void> {
  const made = execFileSync(python, [floor, "make"], { encoding: "utf8", maxBuffer: 1e8 });
  const datagrams = made
    .trim()
    .split("\n")
    .map((hex) => Buffer.from(hex, "hex"));
  const bytes = Math.round(
    datagrams.reduce((sum, { length }) => sum + length, 0) / datagrams.length,
  );
  const child = spawn(python, [floor]);
  child.stdin.write(made);
  const theirs = createAsker(child);
  ours(datagrams);
  await theirs();
  const [our, their]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    our.push(ours(datagrams));
    their.push(await theirs());
  }
  child.stdin.end();
  const [us, floorUs] = [median(our), median(their)];
  const ratios = our.map((one, at) => one / (their[at] ?? Number.NaN));
  console.log(`a Ceilometer sample of ${bytes} bytes, median of ${rounds} rounds by turns, CPU:`);
  console.log(`  ours, strict, with its window   ${us.toFixed(1).padStart(6)} us`);
  console.log(`  Ceilometer's Python code        ${floorUs.toFixed(1).padStart(6)} us`);
  console.log(
    `  ratio                           ${median(ratios).toFixed(2).padStart(6)} (at most 0.75)`,
  );
}

function ours(datagrams: readonly Buffer[]): number {
  let us = 0;
  for (let time = 0; time < times; time += 1) {
    // A window of its own each time, or all but the first would be replays.
    const reception = createCeilometerReception({
      secret: new Secret("bench-secret"),
      windowMs: 86_400_000,
      samplesMax: 1_000_000,
      clock: systemClock,
    });
    const before = process.cpuUsage();
    for (const datagram of datagrams) {
      const reason = reception.take(datagram);
      if (reason !== undefined) throw new Error(`a good sample was refused: ${reason}`);
    }
    const { user, system } = process.cpuUsage(before);
    us += user + system;
  }
  return us / times / datagrams.length;
}

function createAsker(child: ChildProcessWithoutNullStreams): () => Promise<number> {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    child.stdin.write(`${times}\n`);
    const line = await lines.next();
    if (line.done === true)
      throw new Error("Ceilometer's code ended; is python3-ceilometer there?");
    return Number(line.value);
  };
}

function median(values: readonly number[]): number {
  return (
    values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
  );
}
