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
import { parseArgs } from "node:util";
import { describeError } from "../../shared/errors.ts";
import { sleep } from "../../shared/loop.ts";
import { closingTable, type Outcome } from "./closing-table.ts";
import type { LabDaemons } from "./lab-daemons.ts";
import { usage } from "./lab-guardian.ts";
import type { Lab, Scenario } from "./lab.ts";
import { runOwnTests } from "./own-tests.ts";
import { scenarios } from "./scenario-list.ts";
import {
  inSession,
  removeSessionFolder,
  runScenario,
  say,
  secondsSince,
  sessionFolder,
  takeDown,
} from "./session.ts";

const startedMs = Date.now();

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
  if (values.only.length === 0) outcomes.push(...(await runOwnTests(say, values.all)));
  await inSession(folder, async (session) => {
    const sayCostOf = ({ guardian }: Lab): Promise<void> => sayCost(session.daemons, guardian.pid);
    for (const [index, scenario] of wanted.entries()) {
      const begun = index === 0 ? sayCostOf : undefined;
      outcomes.push(await runScenario(session, scenario, index + 1, begun));
    }
  });
}

function endLab(): void {
  if (!values.keep) takeDown();
}

async function main(): Promise<number> {
  const folder = sessionFolder();
  const outcomes: Outcome[] = [];
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      say(`${signal}: ending`);
      endLab();
      console.log(closingTable(outcomes));
      process.exit(130);
    });
  }
  try {
    await runAll(folder, outcomes);
  } catch (error) {
    say(`FAILED: ${describeError(error)}`);
    const seconds = secondsSince(startedMs);
    outcomes.push({ name: "lab", passed: false, seconds, measures: new Map() });
  } finally {
    endLab();
  }
  const failed = outcomes.filter(({ passed }) => !passed).length;
  console.log(closingTable(outcomes));
  if (failed > 0 || values.keep) say(`logs, configurations and observations stay in ${folder}`);
  else removeSessionFolder(folder);
  console.log(`total ${secondsSince(startedMs).toFixed(0)} s`);
  console.log(`${outcomes.length - failed} passed, ${failed} failed`);
  return failed === 0 && outcomes.length > 0 ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  console.error(`test:lab: ${describeError(error)}`);
  process.exit(1);
}
