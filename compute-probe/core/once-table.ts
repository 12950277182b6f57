/** `guardian-probe --once` for people: a line a check, and an exit as monitoring plugins have it. */
import { worstLevel, type Standing } from "./standing.ts";

/** The table, worst first within its order of checks kept; the last line sums up. */
export function renderStandings(host: string, standings: readonly Standing[]): string {
  const rows = standings.map(({ name, state, level, ageMs, text }) => [
    name,
    state,
    level,
    ageMs === undefined ? "-" : `${(ageMs / 1000).toFixed(1)} s`,
    plainText(text),
  ]);
  const head = ["CHECK", "STATE", "LEVEL", "AGE", "WHAT IT FOUND"];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = [head, ...rows].map((row) =>
    row
      .map((cell, column) => (column === head.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const worst = worstLevel(standings.map(({ level }) => level));
  return [...lines, `${host}: ${worst}, ${standings.length} checks`].join("\n");
}

/** 0 all well; 1 a warning, or something that could not be checked; 2 something is down. */
export function exitOf(standings: readonly Standing[]): 0 | 1 | 2 {
  const worst = worstLevel(standings.map(({ level }) => level));
  if (worst === "critical") return 2;
  return worst === "ok" && standings.length > 0 ? 0 : 1;
}

/** A plugin or a device name may say anything; a terminal must not take it for commands. */
export function plainText(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .trim()
    .slice(0, 200);
}
