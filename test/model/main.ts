/**
 * `npm run model [-- --with SIZE … | --all] [--faults N] [--only PATTERN] [--exact] [--prove]`:
 * explores one host, and two with one storm budget, to closure; or the sizes that are named, or all of them.
 * `--only`: with faults of such names alone. `--prove`: states that are compared as one must go on as one.
 */
import { parseArgs } from "node:util";
import { initialState, step } from "../../guardian/core/guardian.ts";
import { describePath, explore } from "./explore.ts";
import type { Reducer } from "./quantum.ts";
import { oneHost, only, sizes, twoHosts, type Size } from "./sizes.ts";

const { values } = parseArgs({
  options: {
    with: { type: "string", multiple: true, default: [] },
    all: { type: "boolean", default: false },
    faults: { type: "string" },
    only: { type: "string" },
    exact: { type: "boolean", default: false },
    prove: { type: "boolean", default: false },
  },
});

function fewer(size: Size): Size {
  return values.only === undefined ? size : only(size, new RegExp(values.only));
}

function chosen(): readonly Size[] {
  if (values.all) return sizes;
  if (values.with.length === 0) return [oneHost, twoHosts];
  return values.with.map((name) => {
    const size = sizes.find((known) => known.name === name);
    if (size !== undefined) return size;
    throw new Error(`no size ${name}; known: ${sizes.map((known) => known.name).join(", ")}`);
  });
}

const reducer = { step, initialState } as Reducer;
for (const size of chosen().map(fewer)) {
  const faults = values.faults === undefined ? size.faultsMax : Number(values.faults);
  const from = performance.now();
  const seconds = (): string => ((performance.now() - from) / 1000).toFixed(0);
  const { user } = process.cpuUsage();
  const result = explore(reducer, {
    size,
    faults,
    statesMax: 10_000_000,
    exact: values.exact,
    prove: values.prove,
    progress: (states, waiting) => {
      console.log(`  ${size.name}: ${states} states, ${waiting} to look at, ${seconds()} s`);
    },
  });
  const busy = ((process.cpuUsage().user - user) / 1e6).toFixed(0);
  console.log(
    `${size.name}: ${size.says}, ${faults} faults an episode: ${result.states} states, ` +
      `${result.transitions} transitions, longest path ${result.longestPath} quanta, ` +
      `${result.closed ? "closed" : "NOT closed"}, ${seconds()} s (${busy} s of processor)`,
  );
  const { folds } = result;
  if (folds !== undefined) {
    console.log(
      `  ${folds.met} states were met again; ${folds.unlike} of them went on another way`,
    );
  }
  if (result.violation !== undefined) {
    console.log(`${result.violation.text}\n${describePath(result.violation.path)}`);
  }
  if (result.violation !== undefined || !result.closed) process.exitCode = 1;
}
