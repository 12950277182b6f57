/**
 * Gathers what the journal must hold and writes it in one synced transaction at a time: intents and
 * memory at once, since an order waits for them; recorded inputs when the round has ended.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Order } from "../core/effects.ts";
import { memoryText } from "../core/memory-text.ts";
import type { Memory } from "../core/memory.ts";
import type { Journal, JournalEntry } from "../ports.ts";
import type { Recorder } from "./recorder.ts";

export interface Journaling {
  intend(order: Order): void;
  /** Writes the intents, with the memory when given; says why when it cannot. */
  flush(memory: Memory | undefined): string | undefined;
  /** Writes what the recorder has; says why when it cannot. Then these inputs are lost to replay. */
  record(recorder: Recorder): string | undefined;
}

export function createJournaling(journal: Journal, clock: Clock): Journaling {
  let pending: JournalEntry[] = [];
  return {
    intend(order) {
      const [monoMs, wallMs] = [clock.monoMs(), clock.wallMs()];
      pending.push({ monoMs, wallMs, kind: "intent", body: JSON.stringify(order) });
    },
    flush(memory) {
      const entries = pending;
      pending = [];
      return failureOf(() => {
        if (memory === undefined) journal.append(entries);
        // It is saved whole, so after a failure the next success makes up for it.
        else journal.saveState(memoryText(memory), entries);
      });
    },
    record(recorder) {
      const chunks = recorder.chunks(clock.wallMs());
      const failure = failureOf(() => journal.record(chunks));
      if (failure !== undefined) recorder.lose(chunks, failure);
      return failure;
    },
  };
}

function failureOf(write: () => void): string | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}
