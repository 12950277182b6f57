/** A table is proven sound before it is used: every combination of signals is tried. */
import { signalNames, signalValues, type Signals } from "./assessment.ts";
import { matchRow } from "./match-row.ts";
import type { Row } from "./verdict-table.ts";

/**
 * What is wrong with a table: combinations that no row matches, rows that nothing reaches, rows
 * that would fence a host that may live. Empty when it is sound.
 */
export function validateTable(table: readonly Row[]): readonly string[] {
  const problems: string[] = [];
  const reached = new Set<string>();
  for (const signals of everyCombination()) {
    const row = matchRow(table, signals);
    if (row === undefined) {
      if (problems.length < 5) problems.push(`no row matches ${JSON.stringify(signals)}`);
      continue;
    }
    reached.add(row.row);
    const chosen = isHung(row, signals) || isCutOff(row, signals);
    if (row.action === "fence" && !mayFence(signals) && !chosen) {
      problems.push(`row ${row.row} would fence on ${JSON.stringify(signals)}`);
      if (problems.length > 10) return problems;
    }
  }
  for (const row of table) {
    if (!reached.has(row.row)) problems.push(`row ${row.row} is never reached`);
  }
  return problems;
}

/** Death needs silence, a failed ping on every network seen, and a third witness of another kind. */
function mayFence(signals: Signals): boolean {
  const thirdWitness =
    signals.power === "off" || signals.nova === "quiet" || signals.nova === "quiet-long";
  return signals.reports === "silent" && signals.ping === "none" && thirdWitness;
}

/**
 * A host that answers pings while neither its probe nor its nova-compute works may be fenced where
 * an operator chose so: its servers are taken from a host that hangs, after its power is off.
 */
function isHung({ verdict }: Row, signals: Signals): boolean {
  const asked = signals.reports === "silent" && signals.ping === "all";
  return verdict === "hung" && asked && signals.nova === "quiet-long";
}

/** A host that reports, and says that what its servers' disks are on has failed: where an operator chose so. */
function isCutOff({ verdict }: Row, { reports, checks }: Signals): boolean {
  const heard = reports === "fresh" || reports === "partial";
  return verdict === "degraded" && heard && checks === "storage";
}

function* everyCombination(): Generator<Signals> {
  const indexes = signalNames.map(() => 0);
  for (;;) {
    const entries = signalNames.map((key, at) => [key, signalValues[key][indexes[at] ?? 0]]);
    yield Object.fromEntries(entries) as unknown as Signals;
    let position = 0;
    for (; position < signalNames.length; position += 1) {
      const key = signalNames[position];
      if (key === undefined) return;
      const next = (indexes[position] ?? 0) + 1;
      if (next < signalValues[key].length) {
        indexes[position] = next;
        break;
      }
      indexes[position] = 0;
    }
    if (position === signalNames.length) return;
  }
}
