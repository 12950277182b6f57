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
  const lines = source.split("\n");
  const drafts = lines.flatMap((line, at) => {
    const classLine = lines.slice(at, at + 5).find((next) => /^\s+class:/.test(next)) ?? "";
    return classLine.includes('"page"') ? kindsOf(line, source) : [];
  });
  const calls = [...source.matchAll(/\bdraft\(\s*"([a-z-]+)",\s*[^;]*?"page"/g)];
  return [...drafts, ...calls.map((match) => match[1] ?? "")];
}

/** Of `kind: whole ? "storm" : `storm-${scope}`,` both; of `kind: kindOf(scope),` what that returns. */
function kindsOf(line: string, source: string): readonly string[] {
  const value = /^\s+kind: (.+),$/.exec(line)?.[1];
  if (value === undefined) return [];
  const called = /^(\w+)\(/.exec(value)?.[1];
  const body = new RegExp(`\\nfunction ${called}\\([^]*?\\n}`).exec(source)?.[0];
  const texts = [...(body ?? value).matchAll(/`([^`]*)`|"([^"]*)"/g)];
  const kinds = texts
    .map((match) => (match[1] ?? match[2] ?? "").replace(/\$\{.*\}/, "x"))
    .filter((text) => /^[a-z][a-z-]*$/.test(text));
  // Better no answer than one that leaves a page out.
  if (kinds.length === 0) throw new Error(`the kind of a page cannot be read from: ${line}`);
  return kinds;
}

function rowKinds(): readonly string[] {
  const rows = defaultTable.filter(
    ({ row, action }) => action === "page" && !namedRows.includes(row),
  );
  return rows.map(({ row, verdict }) => (verdict === "hung" ? "hung" : `row-${row}`));
}
