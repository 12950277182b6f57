/** Gathers what the journal must hold and writes it in one synced transaction at a time. */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Memory } from "../core/memory.ts";
import type { Journal, JournalEntry } from "../ports.ts";

export interface Journaling {
  record(kind: JournalEntry["kind"], body: unknown): void;
  /** Writes what was recorded, with the memory when given; says why when it cannot. */
  flush(memory: Memory | undefined): string | undefined;
}

export function createJournaling(journal: Journal, clock: Clock): Journaling {
  let pending: JournalEntry[] = [];
  return {
    record(kind, body) {
      const [monoMs, wallMs] = [clock.monoMs(), clock.wallMs()];
      pending.push({ monoMs, wallMs, kind, body: JSON.stringify(body) });
    },
    flush(memory) {
      const entries = pending;
      pending = [];
      try {
        if (memory === undefined) journal.append(entries);
        else journal.saveState(JSON.stringify(memory), entries);
        return undefined;
      } catch (error) {
        // Inputs are lost to replay; memory is saved whole at the next success.
        return describeError(error);
      }
    },
  };
}
