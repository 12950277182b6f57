/**
 * `npm run bench -- evacuate --lab [SERIES…]`: the guardian, the bare script and the peer on the lab's real Nova, in one
 * run. Series: first-call (30 runs), twenty (the floor's best concurrency, then 7 interleaved pairs), hundred (one pair),
 * defaults and hang (10 runs each, with Nova's default intervals), peer and peer-defaults (Masakari's engine with its waits
 * set to 0, and as it comes). All of them take nearly two hours.
 */
import { parseArgs } from "node:util";
import { describeError } from "../../shared/errors.ts";
import type { Outcome } from "./closing-table.ts";
import {
  firstCallMeasure,
  floorSeries,
  hangSeries,
  movedMeasure,
  novaIntervals,
  ownMeasure,
  peerSeries,
  powerLossSeries,
} from "./bench-series.ts";
import type { Scenario } from "./lab.ts";
import { inSession, runScenario, say, sessionFolder, takeDown, type Session } from "./session.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string" } },
});

type Run = (scenario: Scenario) => Promise<Outcome>;

interface Series {
  readonly name: string;
  readonly nova: keyof typeof novaIntervals;
  /** Resolves to the lines of the report. */
  run(run: Run): Promise<readonly string[]>;
}

const series: readonly Series[] = [
  {
    name: "first-call",
    nova: "short",
    run: (run) =>
      repeated(run, powerLossSeries("first-call", 1), 30, "wanted: p50 10 s, worst 15 s"),
  },
  { name: "twenty", nova: "short", run: (run) => pairs(run, 20, 7, "wanted: 1.15 at most") },
  { name: "hundred", nova: "short", run: (run) => pairs(run, 100, 1, "one pair, reported") },
  {
    name: "defaults",
    nova: "default",
    run: (run) => repeated(run, powerLossSeries("defaults", 1), 10, "reported"),
  },
  {
    name: "peer",
    nova: "short",
    run: (run) => besidePeer(run, "quick"),
  },
  {
    name: "peer-defaults",
    nova: "default",
    run: (run) => besidePeer(run, "defaults"),
  },
  {
    name: "hang",
    nova: "default",
    run: (run) => repeated(run, hangSeries, 10, "wanted: p50 22 s, worst 32 s"),
  },
];

/** One scenario so many times: median and worst of everything it measures. */
async function repeated(
  run: Run,
  scenario: Scenario,
  times: number,
  wanted: string,
): Promise<readonly string[]> {
  const outcomes: Outcome[] = [];
  const runs = Number(values.runs ?? times);
  while (outcomes.length < runs) outcomes.push(await run(scenario));
  const measures = new Map<string, number[]>();
  for (const outcome of outcomes) {
    for (const [what, value] of outcome.measures) {
      measures.set(what, [...(measures.get(what) ?? []), value]);
    }
  }
  const failed = outcomes.filter(({ passed }) => !passed).length;
  const lines = [...measures].map(([what, found]) => {
    const aim = what === firstCallMeasure ? ` (${wanted})` : "";
    const own = what === ownMeasure ? " (wanted: 0.30 s)" : "";
    return `${scenario.name}: ${what}: p50 ${median(found).toFixed(2)} s, worst ${Math.max(...found).toFixed(2)} s of ${found.length}${aim}${own}`;
  });
  return [`${scenario.name}: ${runs - failed} of ${runs} runs passed`, ...lines];
}

/** The guardian and the peer by turns, on the same lab; each with the fault that it would see. */
async function besidePeer(
  run: Run,
  waits: Parameters<typeof peerSeries>[0],
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let pair = 1; pair <= Number(values.runs ?? 1); pair += 1) {
    for (const scenario of [powerLossSeries("guardian-20", 20), peerSeries(waits, 20)]) {
      const { name, passed, measures } = await run(scenario);
      const figures = [...measures].map(([what, value]) => `${what} ${value.toFixed(1)} s`);
      lines.push(`${name}: ${passed ? figures.join("; ") : "FAILED"}`);
    }
  }
  return [...lines, ...(waits === "defaults" ? otherPeer.defaults : otherPeer.quick)];
}

/** Measured on this lab earlier, three FakeDriver computes; it is not packaged by Debian, so it is not run here. */
const otherPeer = {
  defaults: [
    "InstanceHA (RHOSO), IPMI fence, Nova 10/60, earlier: first call 41.6 s (26.5-57), 20 servers ACTIVE after 52.3 s",
  ],
  quick: [
    "InstanceHA (RHOSO), IPMI fence, smallest waits, Nova 2/8, earlier: first call 14.8 s (9.6-19.5), 20 servers ACTIVE after 29.8 s",
  ],
};

/** The floor at each concurrency once, then guardian and the best floor by turns. */
async function pairs(
  run: Run,
  servers: number,
  times: number,
  wanted: string,
): Promise<readonly string[]> {
  const lines: string[] = [];
  let best = { concurrency: 8, seconds: Number.POSITIVE_INFINITY };
  for (const concurrency of times > 1 ? [4, 8, 16] : [8]) {
    if (times === 1) break;
    const seconds = movedIn(await run(floorSeries(servers, concurrency)));
    lines.push(`floor, ${servers} servers, ${concurrency} at once: ${seconds.toFixed(1)} s`);
    if (seconds < best.seconds) best = { concurrency, seconds };
  }
  const ratios: number[] = [];
  for (let pair = 1; pair <= Number(values.runs ?? times); pair += 1) {
    const ours = movedIn(await run(powerLossSeries(`guardian-${servers}`, servers)));
    const bare = movedIn(await run(floorSeries(servers, best.concurrency)));
    ratios.push(ours / bare);
    const line = `pair ${pair}, ${servers} servers: guardian ${ours.toFixed(1)} s, floor (${best.concurrency} at once) ${bare.toFixed(1)} s, ratio ${(ours / bare).toFixed(2)}`;
    say(line);
    lines.push(line);
  }
  const middle = median(ratios).toFixed(2);
  return [...lines, `${servers} servers: median ratio ${middle} of ${ratios.length} (${wanted})`];
}

function movedIn(outcome: Outcome): number {
  const seconds = outcome.measures.get(movedMeasure);
  if (!outcome.passed || seconds === undefined) throw new Error(`${outcome.name} failed`);
  return seconds;
}

function median(values_: readonly number[]): number {
  const sorted = values_.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

async function main(): Promise<number> {
  const unknown = positionals.filter((name) => !series.some((one) => one.name === name));
  if (unknown.length > 0) {
    const have = series.map(({ name }) => name).join(", ");
    throw new Error(`no series ${unknown.join(", ")}; have: ${have}`);
  }
  const wanted = series.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  const report: string[] = [];
  let failed = false;
  for (const nova of ["short", "default"] as const) {
    const here = wanted.filter((one) => one.nova === nova);
    if (here.length === 0) continue;
    Object.assign(process.env, novaIntervals[nova]);
    const folder = sessionFolder();
    let count = 0;
    const runIn = (session: Session): Run => {
      return (scenario) => runScenario(session, scenario, (count += 1));
    };
    try {
      await inSession(folder, async (session) => {
        for (const one of here) {
          const lines = await one.run(runIn(session));
          for (const line of lines) say(line);
          report.push(...lines);
        }
      });
    } catch (error) {
      failed = true;
      say(`FAILED: ${describeError(error)}`);
    } finally {
      takeDown();
      say(`logs, configurations and observations stay in ${folder}`);
    }
  }
  console.log(["", ...report].join("\n"));
  return failed || report.length === 0 ? 1 : 0;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    takeDown();
    process.exit(130);
  });
}
try {
  process.exit(await main());
} catch (error) {
  console.error(`bench: ${describeError(error)}`);
  process.exit(1);
}
