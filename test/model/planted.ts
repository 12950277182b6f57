/** Bugs planted in a copy of the compiled reducer: an exploration that misses one proves nothing. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Reducer } from "./quantum.ts";

export interface Planted {
  readonly name: string;
  /** In guardian/core, without its ending. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** What the exploration must say of it. */
  readonly found: RegExp;
  readonly victims: readonly string[];
  readonly faults: number;
}

export const plantedBugs: readonly Planted[] = [
  {
    name: "one reading of off is enough",
    file: "fencing",
    from: "last.at - first.at < readingsApartMs",
    to: "false",
    found: /invariant [23]: a1 is called fenced/,
    victims: ["a1"],
    faults: 1,
  },
  {
    name: "the off command needs no answer",
    file: "fencing",
    from: "command?.answeredAt === undefined",
    to: "command === undefined",
    found: /invariant 8: a1/,
    victims: ["a1"],
    faults: 2,
  },
  {
    name: "a sign of life revokes nothing",
    file: "proof-keeping",
    from: "if (life !== undefined)",
    to: "if (false)",
    found: /invariant (1|6|30): /,
    victims: ["a1"],
    faults: 2,
  },
  {
    name: "a call without an answer is made again",
    file: "evacuation",
    from: 'if (move.state.kind !== "planned" || !isDue(move.state, state.now))',
    to: 'if (move.state.kind !== "planned" && move.state.kind !== "ordered")',
    found: /invariant 23: evacuate of the server of a1 was called twice/,
    victims: ["a1"],
    faults: 2,
  },
  {
    name: "a storm holds nothing",
    file: "storm-gates",
    from: "pass: few && storm === undefined",
    to: "pass: true",
    found: /invariant 16: a[12] is ordered off while a[12] is down/,
    victims: ["a1", "a2"],
    faults: 2,
  },
];

/** The reducer with a bug; `dispose` removes it from the disk. */
export async function plant(
  bug: Planted,
): Promise<{ readonly reducer: Reducer; readonly dispose: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), "planted-"));
  const dispose = (): void => rmSync(folder, { recursive: true });
  const built = new URL("../../", import.meta.url).pathname;
  for (const part of ["guardian", "shared"]) {
    cpSync(join(built, part), join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  const path = join(folder, "guardian", "core", `${bug.file}.js`);
  const parts = readFileSync(path, "utf8").split(bug.from);
  if (parts.length !== 2) {
    dispose();
    throw new Error(`"${bug.from}" is ${parts.length - 1} times in ${bug.file}.ts, not once`);
  }
  writeFileSync(path, parts.join(bug.to));
  const core = join(folder, "guardian", "core", "guardian.js");
  const { step, initialState } = (await import(pathToFileURL(core).href)) as Reducer;
  return { reducer: { step, initialState }, dispose };
}
