import assert from "node:assert/strict";
import { test } from "node:test";
import type { Signals } from "../../guardian/core/assessment.ts";
import { matchRow } from "../../guardian/core/match-row.ts";
import { validateTable } from "../../guardian/core/validate-table.ts";
import { defaultTable, type Row } from "../../guardian/core/verdict-table.ts";

const well: Signals = {
  reports: "fresh",
  eyes: "good",
  known: "yes",
  recovered: "no",
  notice: "none",
  measured: "yes",
  ping: "unseen",
  checks: "ok",
  power: "on",
  nova: "alive",
  networks: "many",
};
const silent = { reports: "silent", ping: "none", nova: "quiet" } as const;

const cases: readonly (readonly [string, Partial<Signals>, string])[] = [
  ["well", {}, "8"],
  ["fresh, whatever our eyes", { eyes: "doubt" }, "8"],
  ["silent, eyes in doubt", { ...silent, eyes: "doubt" }, "1"],
  ["silent and off, eyes in doubt", { ...silent, power: "off", eyes: "doubt" }, "1"],
  ["overdue is not silent", { reports: "overdue", eyes: "doubt" }, "8a"],
  ["a recording is no life and no death", { reports: "unconfirmed", power: "off" }, "1b"],
  ["no collector has a vote", { reports: "unseen" }, "1a"],
  ["off, yet it lives", { power: "contradicted" }, "2"],
  ["silent and contradicted", { ...silent, power: "contradicted" }, "2"],
  ["never in Nova", { ...silent, known: "no", power: "off" }, "3"],
  ["evacuated by us", { ...silent, recovered: "yes", power: "off" }, "3a"],
  ["evacuated by us, reports again", { recovered: "yes" }, "8"],
  ["storage down", { checks: "storage" }, "4"],
  ["storage down outranks a lost path", { reports: "partial", checks: "storage" }, "4"],
  ["business down", { checks: "business" }, "5"],
  ["a path is silent", { reports: "partial" }, "5a"],
  ["libvirt down", { checks: "libvirt" }, "6"],
  ["a check fails since a moment", { checks: "settling" }, "7"],
  ["announced", { ...silent, notice: "in-force", power: "off" }, "9"],
  ["a reboot that does not return", { ...silent, notice: "overdue", power: "off" }, "9a"],
  ["announced that it powers off", { ...silent, notice: "powering-off", power: "off" }, "9b"],
  ["not measured yet", { ...silent, measured: "no", power: "off" }, "10"],
  ["one network answers", { ...silent, ping: "some", power: "off" }, "11"],
  ["one answers, Nova quiet for a minute", { ...silent, ping: "some", nova: "quiet-long" }, "11a"],
  ["all answer", { ...silent, ping: "all" }, "12"],
  ["all answer, Nova does not answer us", { ...silent, ping: "all", nova: "unseen" }, "12a"],
  ["all answer, Nova quiet for a minute", { ...silent, ping: "all", nova: "quiet-long" }, "13"],
  ["no network is seen", { ...silent, ping: "unseen", power: "off" }, "13a"],
  ["off", { ...silent, power: "off" }, "14"],
  ["off, on one network", { ...silent, power: "off", networks: "one" }, "14"],
  ["off, though Nova's record is unsure", { ...silent, power: "off", nova: "unsure" }, "14"],
  ["power unknown", { ...silent, power: "unknown" }, "15"],
  ["power unknown, Nova quiet", { ...silent, power: "unknown", nova: "quiet-long" }, "15"],
  ["on, Nova hears it", { ...silent, nova: "alive" }, "16"],
  ["on, Nova does not answer us", { ...silent, nova: "unseen" }, "16a"],
  ["on, Nova unsure", { ...silent, nova: "unsure" }, "17"],
  ["on, Nova quiet", silent, "18"],
  ["on, Nova quiet, one network", { ...silent, networks: "one" }, "19"],
];

for (const [name, changes, row] of cases) {
  test(`row ${row}: ${name}`, () => {
    assert.equal(matchRow(defaultTable, { ...well, ...changes })?.row, row);
  });
}

test("every row of the default table has a case here", () => {
  const tried = new Set(cases.map(([, , row]) => row));
  assert.deepEqual(
    defaultTable.map(({ row }) => row).filter((row) => !tried.has(row)),
    [],
  );
});

test("the default table is sound", () => assert.deepEqual(validateTable(defaultTable), []));

function changed(row: string, change: (row: Row) => readonly Row[]): readonly Row[] {
  return defaultTable.flatMap((found) => (found.row === row ? change(found) : [found]));
}

const bad: readonly (readonly [string, readonly Row[], RegExp])[] = [
  ["a row is missing", changed("12", () => []), /^no row matches .*"ping":"all"/],
  [
    "nothing reaches a row",
    changed("14", (row) => [row, { ...row, row: "14b" }]),
    /^row 14b is never reached$/,
  ],
  [
    "a wider row comes first",
    changed("9", (row) => [{ ...row, when: { reports: ["silent"] } }]),
    /^row 18 is never reached$/,
  ],
  [
    "a living host would be fenced",
    changed("5", (row) => [{ ...row, action: "fence" }]),
    /^row 5 would fence on .*"reports":"fresh"/,
  ],
  [
    "a host that answers pings would be fenced",
    changed("12", (row) => [{ ...row, action: "fence" }]),
    /^row 12 would fence on .*"ping":"all"/,
  ],
  [
    "a host without a third witness would be fenced",
    changed("17", (row) => [{ ...row, action: "fence" }]),
    /^row 17 would fence on .*"nova":"unsure"/,
  ],
];

for (const [name, table, problem] of bad) {
  test(`a planted fault is told: ${name}`, () => {
    const problems = validateTable(table);
    assert.ok(
      problems.some((text) => problem.test(text)),
      problems.slice(0, 5).join("\n"),
    );
  });
}
