/**
 * Runs inside a tree that may hold a mutant: the golden scenarios first, since they are quick, then
 * seeds, then what the seeds reached. Prints one line of JSON that says what caught it, if anything.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../../shared/errors.ts";
import { add, type Counts } from "../simulation/coverage.ts";
import { makePlan } from "../simulation/plan.ts";
import { play } from "../simulation/play.ts";
import { playStory } from "../support/story.ts";

const scenarios = "test/scenario";
/** What the sound core reached in so many seeds at least, and the mutant in none, tells on it. */
const tellingCount = 10;
const [seedsText = "300", baselineFile = ""] = process.argv.slice(2);
const seeds = Number(seedsText);

console.log(JSON.stringify({ caught: caughtByScenario() ?? caughtBySeeds() ?? null }));

function caughtByScenario(): string | undefined {
  const names = readdirSync(scenarios, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  for (const { name } of names) {
    const folder = join(scenarios, name);
    try {
      const { texts } = playStory(readFileSync(join(folder, "commands.txt"), "utf8"));
      const told = readFileSync(join(folder, "expected.log"), "utf8");
      if (texts["expected.log"] !== told) return `scenario ${name}`;
    } catch (error) {
      return `scenario ${name} (${describeError(error)})`;
    }
  }
  return undefined;
}

function caughtBySeeds(): string | undefined {
  const counts: Counts = {};
  for (let seed = 1; seed <= seeds; seed += 1) {
    try {
      const result = play(makePlan(seed));
      if (result.violations.length > 0) return `seed ${seed}: ${result.violations[0] ?? ""}`;
      add(counts, Object.fromEntries(result.reached.map((name) => [name, 1])));
    } catch (error) {
      return `seed ${seed} (${describeError(error)})`;
    }
  }
  if (!existsSync(baselineFile)) {
    writeFileSync(baselineFile, JSON.stringify(counts));
    return undefined;
  }
  const baseline = JSON.parse(readFileSync(baselineFile, "utf8")) as Counts;
  const missing = Object.entries(baseline).find(
    ([name, count]) => count >= tellingCount && (counts[name] ?? 0) === 0,
  );
  return missing === undefined ? undefined : `no seed reached "${missing[0]}"`;
}
