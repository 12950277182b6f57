/** Bugs planted in a copy of the compiled reducer: an exploration that misses one proves nothing. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Reducer } from "./quantum.ts";
import {
  confirmed,
  drained,
  home,
  leftOff,
  oneHost,
  only,
  rehearsed,
  twoHosts,
  type Size,
} from "./sizes.ts";

export interface Planted {
  readonly name: string;
  /** In guardian/core, without its ending. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** In the same file, where the promise is kept a second time. */
  readonly and?: readonly [from: string, to: string];
  /** What the exploration must say of it. */
  readonly found: RegExp;
  readonly size: Size;
  readonly faults: number;
}

export const plantedBugs: readonly Planted[] = [
  {
    name: "one reading of off is enough",
    file: "fencing",
    from: "last.at - first.at < readingsApartMs",
    to: "false",
    found: /invariant [23]: a1 is called fenced/,
    size: oneHost,
    faults: 1,
  },
  {
    name: "the off command needs no answer",
    file: "fencing",
    from: "command?.answeredAt === undefined",
    to: "command === undefined",
    found: /invariant 8: a1/,
    size: oneHost,
    faults: 2,
  },
  {
    name: "a sign of life revokes nothing",
    file: "proof-keeping",
    from: "if (life !== undefined)",
    to: "if (false)",
    found: /invariant (1|6|30): /,
    size: oneHost,
    faults: 2,
  },
  {
    name: "a call without an answer is made again",
    file: "evacuation",
    from: 'if (move.state.kind !== "planned" || !isDue(move.state, state.now))',
    to: 'if (move.state.kind !== "planned" && move.state.kind !== "ordered")',
    found: /invariant 23: evacuate of the server of a1 was called twice/,
    size: oneHost,
    faults: 2,
  },
  {
    name: "a storm holds nothing",
    file: "storm-gates",
    from: "pass: few && storm === undefined",
    to: "pass: true",
    found: /invariant 16: a[12] is ordered off while a[12] is down/,
    size: twoHosts,
    faults: 2,
  },
  {
    name: "a sign of life takes no person's word away",
    file: "proof-keeping",
    from: "if (life !== undefined)",
    to: 'if (life !== undefined && phase.proof?.method !== "confirmed")',
    and: ["isVoid = isWordVoid(state, host, phase.proof)", "isVoid = false"],
    found: /invariant (1|6|30): /,
    size: only(confirmed, /BMC with it|comes on again|late report/),
    faults: 2,
  },
  {
    name: "a host is taken up before its nova-compute has cleaned up",
    file: "home",
    from: "seen.uncleaned > 0",
    to: "false",
    found: /invariant 24: force-up of a1, and Nova has not cleaned up/,
    size: home,
    faults: 1,
  },
  {
    name: "a host that is to be left off comes home",
    file: "evacuation",
    from: 'comeHomeOf(state, host) === "leave-off"',
    to: "false",
    found: /invariant 24: a1 is ordered on, and is to be left off/,
    size: leftOff,
    faults: 1,
  },
  {
    name: "a live migration that was not answered is called again",
    file: "drain-answers",
    from: 'answer.kind === "unknown"',
    to: '(answer.kind === "unknown" && (state = withMoveState(state, event.host, drain, move, { ...move.state, kind: "planned" })))',
    found: /invariant 23: the server of a1 is migrated live, and it is under way already/,
    size: only(drained, /storage fails|Nova's answers are lost/),
    faults: 2,
  },
  {
    name: "an empty host is rehearsed, whatever its probe counts",
    file: "rehearsal-gates",
    from: '"servers it reports", count === 0',
    to: '"servers it reports", true',
    found: /invariant 4: a1 is rehearsed while a server runs on it/,
    size: rehearsed,
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
  const changes = [[bug.from, bug.to], ...(bug.and === undefined ? [] : [bug.and])] as const;
  for (const [from, to] of changes) {
    const parts = readFileSync(path, "utf8").split(from);
    if (parts.length !== 2) {
      dispose();
      throw new Error(`"${from}" is ${parts.length - 1} times in ${bug.file}.ts, not once`);
    }
    writeFileSync(path, parts.join(to));
  }
  const core = join(folder, "guardian", "core", "guardian.js");
  const { step, initialState } = (await import(pathToFileURL(core).href)) as Reducer;
  return { reducer: { step, initialState }, dispose };
}
