/**
 * The epoch of each life of this collector: its wall clock at the start, and never below the one before. A guardian
 * takes no word of an older epoch, so that a clock that was put back would make a collector mute for that long.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";

/** The epoch of this life, ms; it is saved before it is used. Without a file that can be used it is the clock alone. */
export function nextEpoch(path: string, wallMs: number, log: Logger): number {
  const epoch = Math.max(wallMs, (savedEpoch(path, log) ?? 0) + 1);
  try {
    const unfinished = `${path}.new`;
    writeFileSync(unfinished, `${epoch}\n`, { mode: 0o640 });
    renameSync(unfinished, path);
  } catch (error) {
    const fields = { event: "epoch-unsaved", path, reason: describeError(error) };
    log.warn(fields, "were the clock put back, guardians would not hear the next start");
  }
  return epoch;
}

function savedEpoch(path: string, log: Logger): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch {
    // The first start.
    return undefined;
  }
  const epoch = Number(text);
  if (/^\d{1,15}$/.test(text)) return epoch;
  log.warn({ event: "epoch-unreadable", path }, "the epoch before this start is not known");
  return undefined;
}
