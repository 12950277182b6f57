/** One bringing up of the lab: its parts and our daemons, scenarios run on them one by one, all taken down again. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeError } from "../../shared/errors.ts";
import type { Outcome } from "./closing-table.ts";
import { checkHosts } from "./lab-configs.ts";
import { startLabDaemons, type LabDaemons } from "./lab-daemons.ts";
import { labFolder, showScript } from "./lab-scripts.ts";
import { prepareLab, type Lab, type Scenario } from "./lab.ts";
import type { Tally } from "./observed.ts";

const startedMs = Date.now();

export const secondsSince = (sinceMs: number): number => (Date.now() - sinceMs) / 1000;

/** A line with the seconds since the start. */
export function say(text: string): void {
  console.log(`[${secondsSince(startedMs).toFixed(1).padStart(6)}s] ${text}`);
}

export interface Session {
  readonly daemons: LabDaemons;
  /** Where logs, configurations and observations go. */
  readonly folder: string;
}

/** Where a session keeps its files. */
export function sessionFolder(): string {
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  return mkdtempSync(join(tmpdir(), "guardian-lab-"));
}

export function removeSessionFolder(folder: string): void {
  rmSync(folder, { recursive: true });
}

/** Brings the lab and our daemons up for `work`, and ends the daemons after it. */
export async function inSession(
  folder: string,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const fromMs = Date.now();
  say("bringing the lab up (22 to 50 s; 2 min more where packages are missing)");
  const parts = await showScript("up.sh");
  if (parts.includes("NOT RUNNING")) throw new Error("a part of the lab does not run");
  checkHosts();
  const daemons = await startLabDaemons(folder);
  try {
    say(`lab and daemons are up after ${secondsSince(fromMs).toFixed(0)} s; ours:`);
    for (const line of daemons.parts()) console.log(line);
    await work({ daemons, folder });
  } finally {
    await daemons.end();
  }
}

/** Also in the middle of something: the lab's own script finds what is left, by its namespaces. */
export function takeDown(): void {
  say("taking the lab down");
  execFileSync(`${labFolder}down.sh`, { stdio: ["ignore", "ignore", "inherit"] });
}

/** One scenario on a clean cloud; `begun` is called when its guardian watches, before its story. */
export async function runScenario(
  { daemons, folder }: Session,
  scenario: Scenario,
  number: number,
  begun: (lab: Lab) => Promise<void> = () => Promise.resolve(),
): Promise<Outcome> {
  const fromMs = Date.now();
  say(`--- ${scenario.name}: ${scenario.shows}`);
  const tell = (text: string): void => say(`    ${text}`);
  const folders = { secrets: folder, scenario: join(folder, `${number}-${scenario.name}`) };
  let measures: ReadonlyMap<string, number> = new Map();
  let tally: Tally | undefined;
  const outcome = (passed: boolean): Outcome => {
    return { name: scenario.name, passed, seconds: secondsSince(fromMs), measures, tally };
  };
  try {
    const prepared = await prepareLab(scenario, daemons, folders, tell);
    ({ measures } = prepared);
    try {
      await begun(prepared.lab);
      await scenario.run(prepared.lab);
    } finally {
      tally = await prepared.end();
    }
    scenario.after?.(folders.scenario, prepared.lab);
    checkTally(scenario, tally);
    say(`    passed after ${secondsSince(fromMs).toFixed(0)} s`);
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
