/**
 * How much of the time from a verdict to the first evacuate call was the guardian's own: from its recording, all of
 * it in which no power device and no Nova had a question or an order of this host to answer.
 */
import { join } from "node:path";
import type { HostName } from "../../shared/names.ts";
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { step } from "../../guardian/core/guardian.ts";
import type { Frame } from "../../guardian/core/replay.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import { readRecordingText, recordingLines } from "../../guardian/shell/recording-file.ts";
import { framesOf } from "../../guardian/shell/recording-frames.ts";
import { createRecordingReader } from "../../guardian/shell/recording-table.ts";
import { openDatabase } from "../../guardian/shell/sqlite.ts";

/** Seconds from the verdict to the first evacuate order, by who was waited for. */
export interface OwnTime {
  readonly total: number;
  /** A power device or Nova had something to answer. */
  readonly answers: number;
  /** Neither: deciding, the wait between two readings, the journal, rounds. */
  readonly own: number;
}

/** Of an incident's host, from the journal of a guardian that has ended. Throws when no move was ordered. */
export function ownTimeOf(folder: string, incident: string, host: HostName): OwnTime {
  const database = openDatabase(join(folder, "journal.db"), { readonly: true });
  try {
    const lines = [...recordingLines(createRecordingReader(database), incident, 600_000)];
    return measure(framesOf(readRecordingText(lines.join("")).chunks), host);
  } finally {
    database.close();
  }
}

/** The same from frames: the reducer tells once more what it asked for, and when. */
export function measure(frames: Iterable<Frame>, host: HostName): OwnTime {
  let state: GuardianState | undefined;
  let since: { readonly verdictMs: number; lastMs: number; answersMs: number } | undefined;
  const waiting = new Set<string>();
  let fenced = false;
  for (const frame of frames) {
    if (frame.kind === "snapshot") state ??= frame.state();
    if (frame.kind !== "input" || state === undefined) continue;
    const { event } = frame;
    if (since !== undefined) {
      if (waiting.size > 0) since.answersMs += event.at - since.lastMs;
      since.lastMs = event.at;
    }
    for (const key of answeredBy(event, host)) waiting.delete(key);
    const next = step(state, event);
    state = next.state;
    if (next.effects.some((effect) => effect.kind === "line" && isVerdict(effect, host))) {
      since ??= { verdictMs: event.at, lastMs: event.at, answersMs: 0 };
    }
    if (next.effects.some((effect) => effect.kind === "line" && isFenced(effect, host))) {
      // From here on only Nova is waited for, although the power is still looked at.
      fenced = true;
      for (const key of waiting) if (isPower(key)) waiting.delete(key);
    }
    if (since !== undefined && next.effects.some((one) => isMove(one, host))) {
      const totalMs = event.at - since.verdictMs;
      return seconds(totalMs, since.answersMs);
    }
    for (const effect of next.effects) {
      for (const key of askedBy(effect, host)) if (!fenced || !isPower(key)) waiting.add(key);
    }
  }
  throw new Error(`no evacuate order for ${host} in the recording`);
}

function seconds(totalMs: number, answersMs: number): OwnTime {
  return {
    total: totalMs / 1000,
    answers: answersMs / 1000,
    own: (totalMs - answersMs) / 1000,
  };
}

function isVerdict(line: Effect & { readonly kind: "line" }, host: HostName): boolean {
  return line.host === host && line.text.includes("-> dead (");
}

function isFenced(line: Effect & { readonly kind: "line" }, host: HostName): boolean {
  return line.host === host && line.event === "fenced";
}

function isPower(key: string): boolean {
  return key.includes("power");
}

function isMove(effect: Effect, host: HostName): boolean {
  return effect.kind === "evacuate" && effect.host === host;
}

/** What a device or Nova owes an answer to, one key each. */
function askedBy(effect: Effect, host: HostName): readonly string[] {
  if (!("host" in effect) || effect.host !== host) return [];
  const { kind } = effect;
  if (kind === "read-power" || kind === "power-off") return [`${kind} ${effect.device}`];
  return kind === "force-down" || kind === "disable" || kind === "list-servers" ? [kind] : [];
}

function answeredBy(event: GuardianEvent, host: HostName): readonly string[] {
  if (!("host" in event) || event.host !== host) return [];
  const { kind } = event;
  if (kind === "power-read") return [`read-power ${event.device}`];
  if (kind === "power-off-answered") return [`power-off ${event.device}`];
  if (kind === "service-order-answered") return [event.order];
  return kind === "servers-seen" || kind === "look-failed" ? ["list-servers"] : [];
}
