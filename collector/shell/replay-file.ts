/**
 * Saves what the replay window remembers, so that a collector that restarts refuses the boots that
 * ended before, and what it had heard of the current ones. Losing the file is survivable.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { RememberedLife, ReplayTable } from "../../shared/replay-window.ts";
import { readRememberedLives } from "../core/remembered-lives.ts";

/** What was saved; nothing, with a warning, when the file cannot be used. */
export function loadReplays(path: string, log: Logger): readonly RememberedLife[] {
  if (!existsSync(path)) return [];
  try {
    return readRememberedLives(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    const fields = { event: "replays-unreadable", path, reason: describeError(error) };
    log.warn(fields, "former boots are forgotten");
    return [];
  }
}

/** Saves whole or not at all. */
export function saveReplays(path: string, table: ReplayTable, log: Logger): void {
  try {
    const unfinished = `${path}.new`;
    writeFileSync(unfinished, `${JSON.stringify(table.remembered())}\n`, { mode: 0o640 });
    renameSync(unfinished, path);
  } catch (error) {
    const fields = { event: "replays-unsaved", path, reason: describeError(error) };
    log.warn(fields, "former boots would be forgotten by a restart");
  }
}
