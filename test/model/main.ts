/** `npm run model [-- --faults N]`: explores one host, and two with one storm budget, to closure. */
import { parseArgs } from "node:util";
import { initialState, step } from "../../guardian/core/guardian.ts";
import { hostName } from "../../shared/names.ts";
import { describePath, explore } from "./explore.ts";
import type { Reducer } from "./quantum.ts";

const { values } = parseArgs({
  options: {
    one: { type: "string", default: "2" },
    two: { type: "string", default: "2" },
  },
});
const reducer = { step, initialState } as Reducer;
const models = [
  { name: "one host", victims: ["a1"], faults: Number(values.one) },
  { name: "two hosts, one storm budget", victims: ["a1", "a2"], faults: Number(values.two) },
];
for (const { name, victims, faults } of models) {
  if (faults <= 0) continue;
  const from = performance.now();
  const result = explore(reducer, {
    victims: victims.map((victim) => hostName(victim)),
    faults,
    statesMax: 10_000_000,
    progress: (states, waiting) => {
      const seconds = ((performance.now() - from) / 1000).toFixed(0);
      console.log(`  ${name}: ${states} states, ${waiting} to look at, ${seconds} s`);
    },
  });
  const seconds = ((performance.now() - from) / 1000).toFixed(0);
  console.log(
    `${name}, ${faults} faults an episode: ${result.states} states, ${result.transitions} transitions, ` +
      `longest path ${result.longestPath} quanta, ${result.closed ? "closed" : "NOT closed"}, ${seconds} s`,
  );
  if (result.violation !== undefined) {
    console.log(`${result.violation.text}\n${describePath(result.violation.path)}`);
    process.exitCode = 1;
  } else if (!result.closed) process.exitCode = 1;
}
