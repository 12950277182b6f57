/** `npm run simulate -- --seeds N --from S [--log]`: plays seeds and prints those that fail. */
import { parseArgs } from "node:util";
import { play } from "./chaos.ts";
import { withPoisonedGlobals } from "./poisoned.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    log: { type: "boolean", default: false },
  },
});
const from = Number(values.from);
const count = Number(values.seeds);
let failed = 0;
let passed = 0;
let fenced = 0;
let evacuated = 0;
const startedAt = performance.now();
for (let seed = from; seed < from + count; seed += 1) {
  const result = withPoisonedGlobals(() => play(seed));
  fenced += result.fenced;
  evacuated += result.evacuated;
  if (values.log) console.log(result.log.join("\n"));
  if (result.violations.length === 0) {
    passed += 1;
  } else {
    failed += 1;
    console.log(`seed ${seed} ${result.options}`);
    for (const violation of result.violations.slice(0, 5)) console.log(`  ${violation}`);
  }
  if (process.stdout.isTTY) process.stdout.write(`\r${seed - from + 1}/${count} seeds`);
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`\n${fenced} power-offs, ${evacuated} evacuate calls in ${seconds} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
