/**
 * A mutant for each gate of gate-list.ts: it never holds. Every function of the core that answers
 * with gates is wrapped, so that a gate which is asked in two places is open in both.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gateList } from "../../guardian/core/gate-list.ts";
import { core, replacing, type Change, type Mutant } from "./mutant.ts";

const answersWithGates =
  /^export function (gates[A-Z]\w*|\w+Gates?|commonEyes|eyesOn|seesOthersLike)\(/gm;

/** What must be opened besides: the same question, asked for the verdict. */
const alsoAsked: Readonly<Record<string, readonly Change[]>> = {
  "eyes, networks it can be pinged on": [
    replacing(core("signals"), "networks.length > 0 && seesOthersLike", "true && seesOthersLike"),
  ],
};

/** The mutants of a compiled tree. */
export function gateMutants(tree: string): readonly Mutant[] {
  const files = readdirSync(join(tree, "guardian/core"))
    .filter((name) => name.endsWith(".js"))
    .map((name) => `guardian/core/${name}`)
    .filter((file) => readFileSync(join(tree, file), "utf8").search(answersWithGates) >= 0);
  return gateList.map(({ gate }) => ({
    name: `gate ${gate} never holds`,
    changes: [
      ...files.map((file) => ({ file, apply: (source: string) => opened(source, gate) })),
      ...(alsoAsked[gate] ?? []),
    ],
  }));
}

function opened(source: string, gate: string): string {
  const names = [...source.matchAll(answersWithGates)].map((match) => match[1] ?? "");
  const renamed = source.replace(answersWithGates, (_, name: string) => `function ${name}Asked(`);
  const wrappers = names.map(
    (name) => `export function ${name}(...given) { return openGate(${name}Asked(...given)); }`,
  );
  return [renamed, ...wrappers, openGateText(gate)].join("\n");
}

/** The text of a function that opens one gate wherever it finds it. */
function openGateText(gate: string): string {
  const [before = "", after] = gate.split("…");
  const test =
    after === undefined
      ? `name === ${JSON.stringify(gate)}`
      : `name.startsWith(${JSON.stringify(before)})`;
  const heard = gate === "eyes, other hosts heard on its paths";
  return `
function openGate(found) {
  if (typeof found === "boolean") return ${heard} ? true : found;
  if (Array.isArray(found)) return found.map(openGate);
  if (typeof found?.describe === "function") {
    const gate = openGate(found.describe());
    return { pass: gate.pass, describe: () => gate };
  }
  const name = found?.gate;
  return typeof name === "string" && (${test}) ? { ...found, pass: true } : found;
}`;
}
