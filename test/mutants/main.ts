/**
 * `npm run mutants -- [--only TEXT] [--seeds N] [--slots N]`: plants each fault in a copy of the
 * compiled tree, and asks the scenarios and a simulation batch to find it. Names every survivor.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { allMutants, equivalents } from "./all-mutants.ts";
import type { Mutant } from "./mutant.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    seeds: { type: "string", default: "300" },
    slots: { type: "string", default: "2" },
  },
});
/** A mutant that goes round in circles is caught by the clock. */
const tryMsMax = 900_000;

const folder = mkdtempSync(join(tmpdir(), "guardian-mutants-"));
const baseline = join(folder, "baseline.json");
const mutants = allMutants("dist").filter(({ name }) => name.includes(values.only));
const survivors: string[] = [];
const startedAt = performance.now();
try {
  const trees = Array.from({ length: Number(values.slots) }, (_, at) => newTree(at));
  const sound = await tryTree(trees[0] ?? "");
  if (sound !== null) throw new Error(`the core without a mutant is caught: ${sound}`);
  const waiting = [...mutants];
  await Promise.all(trees.map((tree) => workThrough(tree, waiting)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
tellSurvivors();

function newTree(at: number): string {
  const tree = join(folder, `tree-${at}`, "compiled");
  for (const part of ["guardian", "shared", "test/simulation", "test/support", "test/mutants"]) {
    cpSync(join("dist", part), join(tree, part), { recursive: true });
  }
  symlinkSync(resolve("node_modules"), join(folder, `tree-${at}`, "node_modules"));
  cpSync("package.json", join(folder, `tree-${at}`, "package.json"));
  return tree;
}

async function workThrough(tree: string, waiting: Mutant[]): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const restore = plant(tree, mutant);
    const caught = await tryTree(tree);
    restore();
    const reason = equivalents[mutant.name];
    const word = caught === null ? (reason === undefined ? "SURVIVED" : "equivalent") : "caught";
    console.log(`${word.padEnd(10)} ${mutant.name}${caught === null ? "" : `  by ${caught}`}`);
    if (caught === null) survivors.push(mutant.name);
  }
}

/** Plants a mutant in a tree; the answer takes it out again. */
function plant(tree: string, mutant: Mutant): () => void {
  const before = new Map<string, string>();
  for (const { file, apply } of mutant.changes) {
    const path = join(tree, file);
    const source = readFileSync(path, "utf8");
    if (!before.has(path)) before.set(path, source);
    writeFileSync(path, apply(source));
  }
  return () => {
    for (const [path, source] of before) writeFileSync(path, source);
  };
}

function tryTree(tree: string): Promise<string | null> {
  const args = [join(tree, "test/mutants/try.js"), values.seeds, baseline];
  return new Promise((done) => {
    execFile(process.execPath, args, { timeout: tryMsMax }, (error, stdout, stderr) => {
      const last = stdout.trim().split("\n").at(-1) ?? "";
      const fault = stderr.split("\n").find((line) => /^\w*Error/.test(line)) ?? "no word";
      if (error !== null || !last.startsWith("{")) done(`its end (${fault})`);
      else done((JSON.parse(last) as { readonly caught: string | null }).caught);
    });
  });
}

function tellSurvivors(): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const unexplained = survivors.filter((name) => equivalents[name] === undefined);
  const explained = survivors.length - unexplained.length;
  const caught = mutants.length - survivors.length;
  console.log(
    `${caught} of ${mutants.length} mutants caught in ${seconds} s, ${explained} equivalent`,
  );
  for (const name of unexplained) console.log(`survived: ${name}`);
  process.exitCode = unexplained.length === 0 ? 0 : 1;
}
