/**
 * The verdict table: data, first row that matches wins. A row names the signal values it takes
 * (a signal that it does not name may have any value), its verdict, its action and its sentence.
 * `validate-table.ts` proves that every combination of signals matches and that no row is dead.
 */
import type { RowAction, Signals, Verdict } from "./assessment.ts";
import { words, type Words } from "./words.ts";

export interface Row {
  readonly row: string;
  readonly when: { readonly [K in keyof Signals]?: readonly Signals[K][] };
  readonly verdict: Verdict;
  readonly action: RowAction;
  readonly says: Words;
}

const silent = { reports: ["silent"] } as const;
const fresh = { reports: ["fresh", "partial"] } as const;

export const defaultTable: readonly Row[] = [
  {
    row: "1",
    when: { reports: ["silent", "unseen"], eyes: ["doubt"] },
    verdict: "unknown",
    action: "page",
    says: words("row.1"),
  },
  {
    row: "1a",
    when: { reports: ["unseen"] },
    verdict: "unknown",
    action: "page",
    says: words("row.1a"),
  },
  {
    row: "1b",
    when: { reports: ["unconfirmed"] },
    verdict: "unknown",
    action: "page",
    says: words("row.1b"),
  },
  {
    row: "2",
    when: { power: ["contradicted"] },
    verdict: "unknown",
    action: "page",
    says: words("row.2"),
  },
  {
    row: "3",
    when: { known: ["no"] },
    verdict: "unknown",
    action: "ticket",
    says: words("row.3"),
  },
  {
    row: "3a",
    when: { ...silent, recovered: ["yes"] },
    verdict: "dead",
    action: "ticket",
    says: words("row.3a"),
  },
  {
    row: "4",
    when: { ...fresh, checks: ["storage"] },
    verdict: "degraded",
    action: "alert",
    says: words("row.4"),
  },
  {
    row: "5",
    when: { ...fresh, checks: ["business"] },
    verdict: "degraded",
    action: "alert",
    says: words("row.5"),
  },
  {
    row: "5a",
    when: { reports: ["partial"] },
    verdict: "isolated",
    action: "alert",
    says: words("row.5a"),
  },
  {
    row: "6",
    when: { ...fresh, checks: ["libvirt"] },
    verdict: "degraded",
    action: "ticket",
    says: words("row.6"),
  },
  {
    row: "7",
    when: { ...fresh, checks: ["settling"] },
    verdict: "degraded",
    action: "watch",
    says: words("row.7"),
  },
  {
    row: "8",
    when: { ...fresh },
    verdict: "healthy",
    action: "none",
    says: words("row.8"),
  },
  {
    row: "8a",
    when: { reports: ["overdue"] },
    verdict: "unknown",
    action: "watch",
    says: words("row.8a"),
  },
  {
    row: "9",
    when: { ...silent, notice: ["in-force"] },
    verdict: "silent",
    action: "watch",
    says: words("row.9"),
  },
  {
    row: "9a",
    when: { ...silent, notice: ["overdue"] },
    verdict: "silent",
    action: "page",
    says: words("row.9a"),
  },
  {
    row: "9b",
    when: { ...silent, notice: ["powering-off"] },
    verdict: "silent",
    action: "page",
    says: words("row.9b"),
  },
  {
    row: "10",
    when: { ...silent, measured: ["no"] },
    verdict: "silent",
    action: "watch",
    says: words("row.10"),
  },
  {
    row: "11a",
    when: { ...silent, ping: ["some"], nova: ["quiet-long"] },
    verdict: "isolated",
    action: "page",
    says: words("row.11a"),
  },
  {
    row: "11",
    when: { ...silent, ping: ["some"] },
    verdict: "isolated",
    action: "alert",
    says: words("row.11"),
  },
  {
    row: "12a",
    when: { ...silent, ping: ["all"], nova: ["unseen"] },
    verdict: "unknown",
    action: "page",
    says: words("row.12a"),
  },
  {
    row: "12",
    when: { ...silent, ping: ["all"], nova: ["alive", "unsure", "quiet"] },
    verdict: "silent",
    action: "ticket",
    says: words("row.12"),
  },
  {
    row: "13",
    when: { ...silent, ping: ["all"], nova: ["quiet-long"] },
    verdict: "hung",
    action: "page",
    says: words("row.13"),
  },
  {
    row: "13a",
    when: { ...silent, ping: ["unseen"] },
    verdict: "unknown",
    action: "page",
    says: words("row.13a"),
  },
  {
    row: "14",
    when: { ...silent, ping: ["none"], power: ["off"] },
    verdict: "dead",
    action: "fence",
    says: words("row.14"),
  },
  {
    row: "15",
    when: { ...silent, ping: ["none"], power: ["unknown"] },
    verdict: "dead",
    action: "page",
    says: words("row.15"),
  },
  {
    row: "16a",
    when: { ...silent, ping: ["none"], power: ["on"], nova: ["unseen"] },
    verdict: "unknown",
    action: "page",
    says: words("row.16a"),
  },
  {
    row: "16",
    when: { ...silent, ping: ["none"], power: ["on"], nova: ["alive"] },
    verdict: "isolated",
    action: "alert",
    says: words("row.16"),
  },
  {
    row: "17",
    when: { ...silent, ping: ["none"], power: ["on"], nova: ["unsure"] },
    verdict: "silent",
    action: "watch",
    says: words("row.17"),
  },
  {
    row: "18",
    when: {
      ...silent,
      ping: ["none"],
      power: ["on"],
      nova: ["quiet", "quiet-long"],
      networks: ["many"],
    },
    verdict: "dead",
    action: "fence",
    says: words("row.18"),
  },
  {
    row: "19",
    when: {
      ...silent,
      ping: ["none"],
      power: ["on"],
      nova: ["quiet", "quiet-long"],
      networks: ["one"],
    },
    verdict: "isolated",
    action: "page",
    says: words("row.19"),
  },
];
