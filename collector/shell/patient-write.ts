/** Writes to a store that may not answer: each within a deadline, with growing pauses after those that were not taken. */
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { sleep, withDeadline } from "../../shared/loop.ts";
import type { WriteResult } from "../ports.ts";

const pauseMsMin = 250;
const pauseMsMax = 5000;
/** A store may ask for more than our own pauses, not for ever. */
const askedMsMax = 600_000;

export interface PatientWrite {
  /** Waits for the answer, and after one that says no, pauses. */
  (work: Promise<WriteResult>, signal: AbortSignal): Promise<WriteResult>;
}

export interface Patience {
  /** One for each lane: a pause of one delays no other. */
  lane(): PatientWrite;
  failures(): number;
}

export function createPatience(options: {
  readonly store: string;
  readonly deadlineMs: number;
  readonly log: Logger;
}): Patience {
  let failures = 0;
  let said = "";

  function complain(reason: string): void {
    failures += 1;
    const { log, store } = options;
    if (reason !== said) log.warn({ event: "store-kept", store, reason }, "store took nothing");
    said = reason;
  }

  function lane(): PatientWrite {
    let pauseMs = pauseMsMin;
    return async (work, signal) => {
      const late = { kind: "kept", reason: "no answer in time", retryAfterMs: undefined } as const;
      const caught = work.catch((error: unknown): WriteResult => {
        return { kind: "kept", reason: describeError(error), retryAfterMs: undefined };
      });
      const result = await withDeadline(caught, options.deadlineMs, () => late);
      if (result.kind === "kept") {
        complain(result.reason);
        const asked = Math.min(askedMsMax, result.retryAfterMs ?? pauseMs);
        pauseMs = Math.min(pauseMsMax, pauseMs * 2);
        await sleep(asked, signal);
      } else {
        pauseMs = pauseMsMin;
        if (said !== "") {
          const { log, store } = options;
          log.info({ event: "store-back", store }, "store takes rows again");
        }
        said = "";
      }
      return result;
    };
  }

  return { lane, failures: () => failures };
}
