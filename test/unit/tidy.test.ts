import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { importsOf, packagesInOneFile, rules, scenarioFolders } from "../support/tidy-rules.ts";
import type { Finding, Source } from "../support/tidy-source.ts";

const passedBy = ["node_modules", "dist", ".git", "test/lab/run"];
const read = /\.(?:ts|sh|py|md|ya?ml|service|txt|log|json)$/;

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (passedBy.includes(path) || entry.name.startsWith("__")) return [];
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
}

const paths = filesUnder(".");
/** The rules name what they look for, and their test plants it. */
const sources: readonly Source[] = paths
  .filter(
    (path) => read.test(path) && !/(?:tidy(?:-rules|-source|\.test)|sentence-rule)\.ts$/.test(path),
  )
  .map((path) => ({ path, text: readFileSync(path, "utf8") }));

function assertNone(findings: readonly Finding[]): void {
  assert.equal(findings.length, 0, `\n${findings.join("\n")}\n`);
}

test("there is something to judge", () => {
  for (const folder of ["guardian/core", "collector/core", "compute-probe/core", "shared"]) {
    assert.ok(
      sources.some(({ path }) => path.startsWith(`${folder}/`)),
      `no sources in ${folder}`,
    );
  }
  const core = sources.find(({ path }) => path === "guardian/core/guardian.ts");
  assert.ok(core !== undefined && importsOf(core).length >= 15, "imports are not found any more");
});

for (const [name, rule] of Object.entries(rules)) {
  test(name, () => {
    assertNone(sources.flatMap((source) => rule(source, (path) => existsSync(join(".", path)))));
  });
}

test("R4 each package has one home in a daemon", () => assertNone(packagesInOneFile(sources)));

test("every scenario has its story, its commands and its log", () =>
  assertNone(scenarioFolders(paths)));

test("R9 lengths are the linter's", () => {
  const config = readFileSync(".oxlintrc.json", "utf8");
  assert.match(config, /"max-lines-per-function": \[\s*"error",\s*\{ "max": 70/);
  assert.match(config, /"max-lines": \["error", \{ "max": 300/);
});

/** Planted faults: rule, file, text, and the line that must be named (undefined: no fault). */
const planted: readonly (readonly [string, string, string, number | undefined])[] = [
  ["R1 cores import", "guardian/core/x.ts", 'import { a } from "./state.ts";', undefined],
  ["R1 cores import", "guardian/dispatch/x.ts", 'import { a } from "../core/y.ts";', undefined],
  ["R1 cores import", "guardian/dispatch/x.ts", 'import { a } from "./y.ts";', undefined],
  ["R1 cores import", "guardian/dispatch/x.ts", 'import { a } from "../shell/y.ts";', 1],
  ["R1 cores import", "guardian/core/x.ts", 'import { a } from "../dispatch/y.ts";', 1],
  ["R1 cores import", "guardian/core/x.ts", 'import type { P } from "../ports.ts";', undefined],
  ["R1 cores import", "guardian/core/x.ts", '\nimport fs from "node:fs";', 2],
  ["R1 cores import", "guardian/core/x.ts", 'import { z } from "zod";', 1],
  ["R1 cores import", "guardian/core/x.ts", 'import {\n  a,\n} from "../shell/json.ts";', 3],
  ["R1 cores import", "guardian/core/x.ts", 'export { a } from "../app.ts";', 1],
  ["R1 cores import", "guardian/core/x.ts", 'const m = import("node:dns");', 1],
  ["R1 cores import", "guardian/core/x.ts", 'import { a } from "../../shared/loop.ts";', 1],
  ["R1 cores import", "guardian/core/x.ts", 'import { r } from "../../shared/random.ts";', 1],
  [
    "R1 cores import",
    "guardian/core/x.ts",
    'import type { R } from "../../shared/random.ts";',
    undefined,
  ],
  ["R1 cores import", "guardian/core/x.ts", '// import fs from "node:fs";', undefined],
  ["R1 cores import", "collector/core/x.ts", 'import { a } from "../../guardian/core/x.ts";', 1],
  ["R1 what is pure", "shared/time.ts", 'import { x } from "node:os";', 1],
  ["R1 what is pure", "shared/wire.ts", 'import { x } from "./time.ts";', undefined],
  ["R1 cores are", "guardian/core/x.ts", "async function f() {}", 1],
  ["R1 cores are", "guardian/core/x.ts", "let a;\nlet p: Promise<void>;", 2],
  ["R1 cores are", "guardian/core/x.ts", "/** async */ let a; // await\nlet b;", undefined],
  ["R1 cores are", "guardian/shell/x.ts", "async function f() {}", undefined],
  ["R2", "guardian/shell/x.ts", 'import { a } from "../../collector/store.ts";', 1],
  ["R2", "collector/app.ts", 'import { a } from "../test/support/wait-for.ts";', 1],
  ["R2", "collector/app.ts", 'import { a } from "../shared/time.ts";', undefined],
  ["R2", "test/support/x.ts", 'import { a } from "../../collector/store.ts";', undefined],
  ["R3", "shared/x.ts", 'import { z } from "zod";', 1],
  ["R3", "shared/x.ts", 'import { a } from "../guardian/ports.ts";', 1],
  ["R3", "shared/x.ts", 'import { a } from "node:util";', undefined],
  ["R5", "compute-probe/x.ts", 'import { InfluxDB } from "@influxdata/influxdb-client";', 1],
  ["R5", "compute-probe/x.ts", 'import { parse } from "yaml";', undefined],
  ["R10", "guardian/page/x.ts", 'import { a } from "./y.ts";', undefined],
  ["R10", "guardian/page/x.ts", 'import { a } from "../../shared/loop.ts";', undefined],
  ["R10", "guardian/page/x.ts", 'import { a } from "../core/words-en.ts";', 1],
  ["R10", "guardian/page/x.ts", 'import { a } from "node:fs";', 1],
  ["R10", "guardian/page/x.ts", 'import { z } from "zod";', 1],
  ["R6", "guardian/app.ts", "const a = process.argv;", 1],
  ["R6", "guardian/app.ts", "process.once('SIGTERM', f);", 1],
  ["R6", "guardian/app.ts", 'import { env } from "node:process";', 1],
  ["R6", "guardian/app.ts", "const a = process.pid; process.hrtime.bigint();", undefined],
  ["R6", "guardian/main.ts", "process.exit(1);", undefined],
  ["R7", "guardian/app.ts", "setTimeout(f, 1);", 1],
  ["R7", "guardian/shell/child.ts", "setTimeout(f, 1);", undefined],
  ["R7", "guardian/shell/child.ts", "a;\n\nsetInterval(f, 1);", 3],
  ["R7", "collector/app.ts", 'import { scheduler } from "node:timers/promises";', 1],
  ["R8", "shared/index.ts", "export const a = 1;", 1],
  ["R8", "shared/x.ts", "export default 1;", 1],
  ["R8", "shared/x.ts", 'export * from "./y.ts";', 1],
  ["only fencing.ts", "guardian/core/evacuation.ts", 'mintProof("a");', 1],
  ["only fencing.ts", "guardian/shell/x.ts", "const p = { host } as FenceProof;", 1],
  ["only fencing.ts", "guardian/core/fencing.ts", 'mintProof("a");', undefined],
  ["nothing is left", "shared/x.ts", `let a;\n// ${"TO"}DO: later`, 2],
  ["nothing is left", "docs/x.md", `${"FIX"}ME`, 1],
  ["nothing is left", "test/unit/x.test.ts", `test.${"only"}("a", f);`, 1],
  ["nothing is left", "test/unit/x.test.ts", `test("a", { ${"skip"}: true }, f);`, 1],
  ["nothing is left", "test/unit/x.test.ts", 'context.skip("no openssl");', undefined],
  ["names say", "shared/time-utils.ts", "", 1],
  ["names say", "guardian/shell/helpers.ts", "", 1],
  ["names say", "guardian/core/storm.ts", "", undefined],
  ["names say", "guardian/core/x.ts", "const instanceCount = 1;", 1],
  ["names say", "guardian/core/x.ts", "if (a instanceof B) c.instancesShared;", undefined],
  ["names say", "guardian/core/x.ts", "const a = `an instance of ${b}`;", undefined],
  ["names say", "guardian/core/x.ts", "const a = `${instanceName}`;", 1],
  ["names say", "guardian/core/x.ts", 'const path = "/var/lib/nova/instances";', undefined],
  ["what is said", "guardian/core/x.ts", 'return { kind, reason: "it has gone away" };', 1],
  ["what is said", "guardian/core/x.ts", "const a = {\n  why: () => [`${b} is off`],\n};", 2],
  ["what is said", "guardian/core/x.ts", 'return { reason: words("fence.no-device") };', undefined],
  ["what is said", "guardian/core/x.ts", '// reason: "as it was then"', undefined],
  ["what is said", "guardian/core/x.ts", 'const a = { kind: "no-answer", reason: "" };', undefined],
  ["what is said", "guardian/core/words-x-en.ts", 'const a = { why: "by a text" };', undefined],
  ["what is said", "guardian/shell/x.ts", 'return { reason: "it is not there" };', undefined],
  ["links lead", "docs/a.md", "see [b](b.md#part)", 1],
  ["links lead", "docs/a.md", "see [b](../README.md) and [c](https://example.org)", undefined],
  ["links lead", "docs/a.md", "```\n[b](b.md)\n```", undefined],
];

for (const [prefix, path, text, line] of planted) {
  const title = `${prefix}: ${path}: ${text.replaceAll("\n", "\\n")}`;
  test(`planted ${line === undefined ? "well" : "fault"}: ${title}`, () => {
    const rule = Object.entries(rules).find(([name]) => name.startsWith(prefix))?.[1];
    assert.ok(rule !== undefined, `no rule "${prefix}"`);
    const findings = rule({ path, text }, (target) => target === "README.md");
    if (line === undefined) return assertNone(findings);
    assert.equal(findings.length, 1, findings.join("\n"));
    // The place first, so that an editor can jump there; the fix last.
    assert.match(findings[0] ?? "", new RegExp(`^${path}:${line}: [\\w ]+: .+; .{10,}$`));
  });
}

test("a planted second home of a package is named, in the same daemon only", () => {
  const zod = 'import { z } from "zod";';
  const findings = packagesInOneFile([
    { path: "guardian/config.ts", text: zod },
    { path: "collector/config.ts", text: zod },
    { path: "guardian/shell/x.ts", text: `\n${zod}` },
  ]);
  assert.deepEqual(findings, [
    "guardian/shell/x.ts:2: R4: zod is imported in guardian/config.ts already; use that file's functions",
  ]);
});

test("a planted scenario without its files is named", () => {
  const findings = scenarioFolders(["test/scenario/a/README.md", "test/scenario/x.test.ts"]);
  assert.deepEqual(
    findings.map((finding) => finding.split(":")[0]),
    ["test/scenario/a/commands.txt", "test/scenario/a/expected.log"],
  );
});
