/**
 * The boundary rules of the sources, as functions from texts to findings. tidy.test.ts runs them on
 * the repository and on planted bad texts. What the linter holds (lengths, cycles, unawaited
 * promises) is not repeated here.
 */
import { dirname, join, normalize } from "node:path/posix";
import { sentences } from "./sentence-rule.ts";
import { at, codeLines, type Finding, type Line, type Rule, type Source } from "./tidy-source.ts";

const daemons: readonly string[] = ["compute-probe", "collector", "guardian"];
/** Shared files without I/O: a core may import their values. */
const pureShared = [
  "bmc-identity",
  "fenced-list",
  "time",
  "zoned-time",
  "invariant",
  "errors",
  "names",
  "telemetry",
  "wire",
  "wire-ack",
  "wire-names",
  "wire-numbers",
  "wire-question",
  "wire-records",
  "wire-samples",
  "replay-window",
  "sequence-window",
];
/** Of these a core may know the types only: their values read clocks, keys and random bytes. */
const portTypes = ["random", "clock", "wire-auth"];
/** The probe runs on every hypervisor: each package there is a package in the way of its servers. */
const probePackages: readonly string[] = ["pino", "yaml", "zod"];
/** Adapters with a deadline of their own; everything else sleeps in shared/loop.ts. */
const timerFiles: readonly string[] = [
  "shared/loop.ts",
  "compute-probe/shell/child.ts",
  "guardian/shell/child.ts",
  "guardian/shell/http-request.ts",
  "guardian/shell/net-ping.ts",
  "guardian/shell/udp-echo.ts",
];
const processMembers: readonly string[] = ["hrtime", "pid", "getuid", "kill"];

interface Import {
  readonly line: number;
  readonly from: string;
  readonly typeOnly: boolean;
}

/** Every static import and re-export, and every `import("…")` of a literal. */
export function importsOf({ text }: Source): readonly Import[] {
  const code = codeLines(text, "keep")
    .map((line) => line.text)
    .join("\n");
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^;"']*?from\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g;
  return [...code.matchAll(pattern)].map((match) => {
    const end = match.index + match[0].length;
    const line = code.slice(0, end).split("\n").length;
    return { line, from: match[2] ?? match[3] ?? "", typeOnly: match[1] !== undefined };
  });
}

function folderOf(path: string): string {
  return path.split("/")[0] ?? "";
}

function targetOf(source: Source, from: string): string {
  return normalize(join(dirname(source.path), from));
}

function isProduct(source: Source): boolean {
  const folder = folderOf(source.path);
  return source.path.endsWith(".ts") && (folder === "shared" || daemons.includes(folder));
}

/** The guardian has two: the core decides about hosts, the dispatcher about messages. */
function inCore(source: Source): boolean {
  return isProduct(source) && /^[^/]+\/(?:core|dispatch)\//.test(source.path);
}

/** A finding for each line of code that a pattern hits. */
function hits(
  source: Source,
  pattern: RegExp,
  say: (line: Line, word: string) => Finding | undefined,
): readonly Finding[] {
  return codeLines(source.text, "blank").flatMap((line) => {
    const found = [...line.text.matchAll(pattern)].map((match) => say(line, match[0]));
    return found.filter((finding) => finding !== undefined);
  });
}

/** R1: a core imports only core, its daemon's ports.ts and pure shared files. */
export const coreImports: Rule = (source) => {
  if (!inCore(source)) return [];
  const daemon = folderOf(source.path);
  const allowed = (found: Import): boolean => {
    if (!found.from.startsWith(".")) return false;
    const target = targetOf(source, found.from);
    if (target.startsWith(`${daemon}/core/`) || target === `${daemon}/ports.ts`) return true;
    // The dispatcher reads what the core has decided; the core knows nothing of it.
    const dispatches = `${daemon}/dispatch/`;
    if (source.path.startsWith(dispatches) && target.startsWith(dispatches)) return true;
    const shared = /^shared\/(.+)\.ts$/.exec(target)?.[1] ?? "";
    return pureShared.includes(shared) || (found.typeOnly && portTypes.includes(shared));
  };
  const fix = "take it as data in an event, or move the code to shell/";
  return importsOf(source).flatMap((found) =>
    allowed(found) ? [] : [at(source, found.line, "R1", `a core imports "${found.from}"`, fix)],
  );
};

/** R1: what counts as pure imports only what is pure. */
export const pureSharedImports: Rule = (source) => {
  const own = /^shared\/(.+)\.ts$/.exec(source.path)?.[1];
  if (own === undefined || !pureShared.includes(own)) return [];
  return importsOf(source).flatMap((found) => {
    const name = /^\.\/(.+)\.ts$/.exec(found.from)?.[1] ?? "";
    if (pureShared.includes(name) || name === "wire-limits") return [];
    const what = `a pure shared file imports "${found.from}"`;
    return [
      at(source, found.line, "R1", what, "cores import this file: split the impure part off"),
    ];
  });
};

/** R1: a core is synchronous. */
export const coreWords: Rule = (source) => {
  if (!inCore(source)) return [];
  const fix = "decide on a tick, and let the shell wait";
  return hits(source, /\b(?:async|await|Promise)\b/g, (line, word) =>
    at(source, line.number, "R1", `a core says ${word}`, fix),
  );
};

/** R2: daemons never import each other, nor tests. */
export const daemonImports: Rule = (source) => {
  const own = folderOf(source.path);
  if (!daemons.includes(own)) return [];
  return importsOf(source).flatMap((found) => {
    if (!found.from.startsWith(".")) return [];
    const other = folderOf(targetOf(source, found.from));
    if (other === own || other === "shared") return [];
    const what = `${own} imports "${found.from}"`;
    return [at(source, found.line, "R2", what, "move what both need to shared/")];
  });
};

/** R3: shared/ imports only itself and node:*. */
export const sharedImports: Rule = (source) => {
  if (folderOf(source.path) !== "shared") return [];
  return importsOf(source).flatMap((found) => {
    const own = found.from.startsWith(".") && folderOf(targetOf(source, found.from)) === "shared";
    if (own || found.from.startsWith("node:")) return [];
    const what = `shared/ imports "${found.from}"`;
    return [at(source, found.line, "R3", what, "let the daemon hand it in")];
  });
};

function packageOf(from: string): string | undefined {
  if (from.startsWith(".") || from.startsWith("node:")) return undefined;
  return from.split("/", from.startsWith("@") ? 2 : 1).join("/");
}

/** R4: each package is imported in exactly one file of a daemon, so it can be replaced there. */
export function packagesInOneFile(sources: readonly Source[]): readonly Finding[] {
  const homes = new Map<string, string>();
  const findings: Finding[] = [];
  for (const source of sources.filter(isProduct)) {
    for (const found of importsOf(source)) {
      const name = packageOf(found.from);
      if (name === undefined) continue;
      const key = `${folderOf(source.path)} ${name}`;
      const home = homes.get(key) ?? source.path;
      homes.set(key, home);
      if (home === source.path) continue;
      const what = `${name} is imported in ${home} already`;
      findings.push(at(source, found.line, "R4", what, "use that file's functions"));
    }
  }
  return findings;
}

/** R5: the probe's packages are few. */
export const probeImports: Rule = (source) => {
  if (folderOf(source.path) !== "compute-probe") return [];
  return importsOf(source).flatMap((found) => {
    const name = packageOf(found.from);
    if (name === undefined || probePackages.includes(name)) return [];
    const what = `the probe imports ${name}`;
    const fix = `it runs on every hypervisor: only ${probePackages.join(", ")}`;
    return [at(source, found.line, "R5", what, fix)];
  });
};

/** What else runs in a browser as it is. */
const browserFiles =
  /^guardian\/(?:page\/|core\/words-rows-)|^shared\/(?:loop|time|invariant)\.ts$/;

/** R10: the page runs in a browser, so it imports only what does. Types leave no import behind. */
export const pageImports: Rule = (source) => {
  if (!source.path.startsWith("guardian/page/")) return [];
  return importsOf(source).flatMap((found) => {
    const isHere = found.from.startsWith(".") && browserFiles.test(targetOf(source, found.from));
    if (isHere || found.typeOnly) return [];
    const what = `the page imports "${found.from}"`;
    return [at(source, found.line, "R10", what, "a browser has none of it: ask the API")];
  });
};

/** R6: the process belongs to main.ts. */
export const processUse: Rule = (source) => {
  if (!isProduct(source) || source.path.endsWith("/main.ts")) return [];
  const fix = "read it in main.ts and hand it in";
  const members = hits(source, /\bprocess\s*\.\s*\w+/g, (line, word) => {
    const member = word.split(".")[1]?.trim() ?? "";
    if (processMembers.includes(member)) return undefined;
    return at(source, line.number, "R6", word, fix);
  });
  const imports = importsOf(source).filter((found) => found.from === "node:process");
  return [
    ...members,
    ...imports.map((found) => at(source, found.line, "R6", `imports "${found.from}"`, fix)),
  ];
};

/** R7: one scheduler. */
export const timers: Rule = (source) => {
  if (!isProduct(source)) return [];
  const mayWait = timerFiles.includes(source.path);
  const repeating = hits(source, /\bsetInterval\b/g, (line, word) =>
    at(source, line.number, "R7", word, "use runLoop of shared/loop.ts: its rounds never overlap"),
  );
  const single = hits(source, /\bsetTimeout\b/g, (line, word) =>
    mayWait
      ? undefined
      : at(source, line.number, "R7", word, "use sleep or withDeadline of shared/loop.ts"),
  );
  const modules = importsOf(source).filter((found) => found.from.startsWith("node:timers"));
  return [
    ...repeating,
    ...single,
    ...modules.map((found) =>
      at(source, found.line, "R7", `imports "${found.from}"`, "use shared/loop.ts"),
    ),
  ];
};

/** R8: every name has one home. A reporter of node:test is the exception: it is taken as a default export only. */
export const exportsAndBarrels: Rule = (source) => {
  if (!source.path.endsWith(".ts") || source.path.endsWith("-reporter.ts")) return [];
  const barrel = /(^|\/)index\.ts$/.test(source.path)
    ? [at(source, 1, "R8", "a barrel file", "import from the file that defines the name")]
    : [];
  const lines = hits(source, /\bexport\s+(?:default\b|\*)/g, (line, word) =>
    at(source, line.number, "R8", word, "export the thing by its name, where it is defined"),
  );
  return [...barrel, ...lines];
};

/** Only fencing.ts mints a fence proof, and nothing casts one into being. */
export const proofMinting: Rule = (source) => {
  if (!isProduct(source)) return [];
  const mayMint = ["guardian/core/fencing.ts", "guardian/core/proof.ts"].includes(source.path);
  const fix = "a proof comes out of fenceState of guardian/core/fencing.ts alone";
  return hits(source, /\bmintProof\b|\bas FenceProof\b/g, (line, word) =>
    mayMint ? undefined : at(source, line.number, "proof", word, fix),
  );
};

/** Nothing is left for later in the sources, and no test is switched off. */
export const leftovers: Rule = (source) => {
  if (!/\.(ts|sh|py|md|ya?ml|service)$/.test(source.path)) return [];
  const marks = source.text.split("\n").flatMap((text, index) => {
    const mark = /\b(?:TO{1}DO|FIX{1}ME|XX{2})\b/.exec(text);
    const fix = "do it now, or write it into an issue and name its number";
    return mark === null ? [] : [at(source, index + 1, "leftover", mark[0], fix)];
  });
  if (!/^test\/.*\.ts$/.test(source.path)) return marks;
  // `context.skip("why")` inside a test stays: a machine may lack a tool, and the run says so.
  const pattern =
    /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\b|\b(?:only|skip|todo): true\b/g;
  const off = hits(source, pattern, (line, word) =>
    at(source, line.number, "leftover", word, "mend the test or delete it"),
  );
  return [...marks, ...off];
};

/** Names that say nothing, and the word that Nova uses for a server. */
export const words: Rule = (source) => {
  const name = source.path.split("/").at(-1) ?? "";
  const banned = /(?:^|[-_.])(?:utils?|helpers?|managers?)(?=[-_.])/i.exec(name);
  const file =
    banned === null
      ? []
      : [at(source, 1, "words", `"${name}"`, "name the file after the one noun that it defines")];
  if (!source.path.endsWith(".ts")) return file;
  // The last one is a field of Nova's own API, in the fake of it.
  const allowed = ["instanceof", "instancesShared", "instance_uuid"];
  // "instances directory" is the field's name for that place; hits sees it in regular expressions.
  const identifiers = hits(source, /\b\w*instance\w*\b(?! directory)/gi, (line, word) =>
    allowed.includes(word)
      ? undefined
      : at(source, line.number, "words", word, "a Nova VM is a server"),
  );
  return [...file, ...identifiers];
};

/** A link in a page leads to a file of the repository. */
export const links: Rule = (source, exists) => {
  if (!source.path.endsWith(".md")) return [];
  let fenced = false;
  return source.text.split("\n").flatMap((text, index) => {
    if (text.startsWith("```")) fenced = !fenced;
    if (fenced) return [];
    return [...text.replace(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)].flatMap((match) => {
      const link = match[1] ?? "";
      if (/^(?:https?:|mailto:|#)/.test(link)) return [];
      const target = normalize(join(dirname(source.path), link.split("#")[0] ?? ""));
      if (exists(target)) return [];
      return [at(source, index + 1, "links", `"${link}" leads nowhere`, "correct or remove it")];
    });
  });
};

/** Every scenario tells its story, its commands, and what must come out. */
export function scenarioFolders(paths: readonly string[]): readonly Finding[] {
  const known = new Set(paths);
  const folders = new Set(
    paths.flatMap((path) => /^test\/scenario\/[^/]+(?=\/)/.exec(path)?.[0] ?? []),
  );
  return [...folders].sort().flatMap((folder) =>
    ["README.md", "commands.txt", "expected.log"].flatMap((file) => {
      const path = `${folder}/${file}`;
      const fix = file === "expected.log" ? "UPDATE_GOLDEN=1 npm test writes it" : "write it";
      return known.has(path) ? [] : [`${path}:1: scenario: missing; ${fix}`];
    }),
  );
}

export const rules: Readonly<Record<string, Rule>> = {
  "R1 cores import only what is pure": coreImports,
  "R1 what is pure imports only what is pure": pureSharedImports,
  "R1 cores are synchronous": coreWords,
  "R2 daemons never import each other": daemonImports,
  "R3 shared imports itself and node only": sharedImports,
  "R5 the probe's packages are few": probeImports,
  "R10 the page imports what a browser has": pageImports,
  "R6 the process belongs to main.ts": processUse,
  "R7 one scheduler": timers,
  "R8 no default exports, no barrels": exportsAndBarrels,
  "only fencing.ts mints a proof": proofMinting,
  "nothing is left for later, no test is switched off": leftovers,
  "names say what a thing is": words,
  "what is said comes from the catalogue": sentences,
  "links lead to files": links,
};
