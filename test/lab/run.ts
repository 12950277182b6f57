/**
 * `npm run test:lab`: the real daemons on the lab's real parts. Brings the lab up, runs the
 * scenarios one after another, takes everything down again. Nothing is skipped: a part that is
 * missing is a failure.
 *
 *   npm run test:lab -- --all           the long ones too
 *   npm run test:lab -- --only NAME     one scenario; may be given again
 *   npm run test:lab -- --times N       each scenario N times, with medians
 *   npm run test:lab -- --keep          the lab stays up and the logs stay; our daemons end
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeError } from "../../shared/errors.ts";
import { sleep } from "../../shared/loop.ts";
import { checkHosts } from "./lab-configs.ts";
import { startLabDaemons, type LabDaemons } from "./lab-daemons.ts";
import { usage } from "./lab-guardian.ts";
import { labFolder, showScript } from "./lab-scripts.ts";
import { prepareLab, type Scenario } from "./lab.ts";
import { closingTable, type Outcome } from "./closing-table.ts";
import type { Tally } from "./observed.ts";
import { runOwnTests } from "./own-tests.ts";
import { scenarios } from "./scenario-list.ts";

const startedMs = Date.now();
const seconds = (sinceMs: number): number => (Date.now() - sinceMs) / 1000;

function say(text: string): void {
  console.log(`[${seconds(startedMs).toFixed(1).padStart(6)}s] ${text}`);
}

const { values } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    times: { type: "string", default: "1" },
    keep: { type: "boolean", default: false },
  },
});

function chosen(): readonly Scenario[] {
  for (const name of values.only) {
    if (!scenarios.some((scenario) => scenario.name === name)) {
      throw new Error(
        `no scenario ${name}; have: ${scenarios.map((scenario) => scenario.name).join(", ")}`,
      );
    }
  }
  const wanted = scenarios.filter(({ name, tier }) =>
    values.only.length > 0 ? values.only.includes(name) : values.all || tier === "ci",
  );
  return wanted.flatMap((scenario) => Array<Scenario>(Number(values.times)).fill(scenario));
}

async function runScenario(
  scenario: Scenario,
  number: number,
  daemons: LabDaemons,
  folder: string,
): Promise<Outcome> {
  const fromMs = Date.now();
  say(`--- ${scenario.name}: ${scenario.shows}`);
  const tell = (text: string): void => say(`    ${text}`);
  const folders = { secrets: folder, scenario: join(folder, `${number}-${scenario.name}`) };
  let measures: ReadonlyMap<string, number> = new Map();
  let tally: Tally | undefined;
  const outcome = (passed: boolean): Outcome => {
    return { name: scenario.name, passed, seconds: seconds(fromMs), measures, tally };
  };
  try {
    const prepared = await prepareLab(scenario, daemons, folders, tell);
    ({ measures } = prepared);
    try {
      if (number === 1) await sayCost(daemons, prepared.lab.guardian.pid);
      await scenario.run(prepared.lab);
    } finally {
      tally = await prepared.end();
    }
    checkTally(scenario, tally);
    say(`    passed after ${seconds(fromMs).toFixed(0)} s`);
    return outcome(true);
  } catch (error) {
    const [first = "", ...more] = describeError(error).split("\n");
    say(`    FAILED: ${first}${more.length > 0 ? ` (more in ${folders.scenario})` : ""}`);
    writeFileSync(join(folder, `${number}-${scenario.name}.failure`), more.join("\n"));
    return outcome(false);
  }
}

/** What no story excuses, whatever it expects. */
function checkTally({ revives = false }: Scenario, { twice, while_alive: alive }: Tally): void {
  if (twice > 0) throw new Error(`${twice} servers were started twice`);
  if (alive > 0 && !revives) throw new Error(`${alive} calls were made while their host lived`);
}

/** What the daemons cost while nothing happens, over ten seconds. */
async function sayCost(daemons: LabDaemons, guardian: number): Promise<void> {
  const pids = [...daemons.pids(), ["guardian", guardian] as const];
  const before = new Map(pids.map(([name, pid]) => [name, usage(pid).cpuMs]));
  await sleep(10_000);
  for (const [name, pid] of pids) {
    const { rssMb, cpuMs } = usage(pid);
    const share = (cpuMs - (before.get(name) ?? cpuMs)) / 100;
    say(`    ${name} at rest: ${rssMb.toFixed(0)} MB, ${share.toFixed(1)} % of one core`);
  }
}

async function runAll(folder: string, outcomes: Outcome[]): Promise<void> {
  const wanted = chosen();
  if (values.only.length === 0) outcomes.push(...(await runOwnTests(say)));
  const fromMs = Date.now();
  say("bringing the lab up (22 to 50 s; 2 min more where packages are missing)");
  const parts = await showScript("up.sh");
  if (parts.includes("NOT RUNNING")) throw new Error("a part of the lab does not run");
  checkHosts();
  const daemons = await startLabDaemons(folder);
  try {
    say(`lab and daemons are up after ${seconds(fromMs).toFixed(0)} s; ours:`);
    for (const line of daemons.parts()) console.log(line);
    for (const [index, scenario] of wanted.entries()) {
      outcomes.push(await runScenario(scenario, index + 1, daemons, folder));
    }
  } finally {
    await daemons.end();
  }
}

/** Also in the middle of something: the lab's own script finds what is left, by its namespaces. */
function takeDown(): void {
  if (values.keep) return;
  say("taking the lab down");
  execFileSync(`${labFolder}down.sh`, { stdio: ["ignore", "ignore", "inherit"] });
}

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  const folder = mkdtempSync(join(tmpdir(), "guardian-lab-"));
  const outcomes: Outcome[] = [];
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      say(`${signal}: ending`);
      takeDown();
      console.log(closingTable(outcomes));
      process.exit(130);
    });
  }
  try {
    await runAll(folder, outcomes);
  } catch (error) {
    say(`FAILED: ${describeError(error)}`);
    outcomes.push({ name: "lab", passed: false, seconds: seconds(startedMs), measures: new Map() });
  } finally {
    takeDown();
  }
  const failed = outcomes.filter(({ passed }) => !passed).length;
  console.log(closingTable(outcomes));
  if (failed > 0 || values.keep) say(`logs, configurations and observations stay in ${folder}`);
  else rmSync(folder, { recursive: true });
  console.log(`total ${seconds(startedMs).toFixed(0)} s`);
  console.log(`${outcomes.length - failed} passed, ${failed} failed`);
  return failed === 0 && outcomes.length > 0 ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  console.error(`test:lab: ${describeError(error)}`);
  process.exit(1);
}
