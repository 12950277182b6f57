/** The kinds of alert that the guardian's core can send as a page, read from its sources. */
import { readdirSync, readFileSync } from "node:fs";
import { defaultTable } from "../../guardian/core/verdict-table.ts";

const folder = "guardian/core";
/** Rows that verdictAlert of host-alerts.ts tells under a kind of its own. */
const namedRows = ["1", "1a", "2", "3", "15", "16"];

/** A name in a kind is "x". */
export function pageKinds(): readonly string[] {
  const sources = readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, "utf8"));
  return [...new Set([...sources.flatMap(kindsIn), ...rowKinds()])].sort();
}

/** Drafts of alerts: `kind` in one line, `class` in one of the next, or both as arguments. */
function kindsIn(source: string): readonly string[] {
  // A kind that a function of the same file makes stands where it is called.
  const made = /function kindOf\([^)]*\): string \{\s+return (.+);/.exec(source)?.[1];
  const lines = source.replaceAll(/kindOf\(scope\),$/gm, `${made},`).split("\n");
  const drafts = lines.flatMap((line, at) => {
    const kinds = kindsOf(line);
    const classLine = lines.slice(at, at + 5).find((next) => /^\s+class:/.test(next)) ?? "";
    return classLine.includes('"page"') ? kinds : [];
  });
  const calls = [...source.matchAll(/\bdraft\(\s*"([a-z-]+)",\s*[^;]*?"page"/g)];
  return [...drafts, ...calls.map((match) => match[1] ?? "")];
}

/** Of `kind: whole ? "storm" : `storm-${scope}`,` both. */
function kindsOf(line: string): readonly string[] {
  const value = /^\s+kind: (.+),$/.exec(line)?.[1] ?? "";
  const texts = [...value.matchAll(/`([^`]*)`|"([^"]*)"/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
  return texts
    .map((text) => text.replace(/\$\{.*\}/, "x"))
    .filter((text) => /^[a-z][a-z-]*$/.test(text));
}

function rowKinds(): readonly string[] {
  const rows = defaultTable.filter(
    ({ row, action }) => action === "page" && !namedRows.includes(row),
  );
  return rows.map(({ row, verdict }) => (verdict === "hung" ? "hung" : `row-${row}`));
}
