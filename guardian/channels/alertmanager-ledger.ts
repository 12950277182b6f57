/**
 * What Alertmanager was told of, so that it can be told again: what fires until it ends, what has ended
 * for a while longer. Compared in each round with what fires in the guardian's own memory, so that a
 * restart or a lost message changes nothing for long.
 */
import type { AlertMessage } from "../ports.ts";
import type { TimedAlert } from "./alertmanager.ts";

interface Entry {
  readonly message: AlertMessage;
  readonly startsWallMs: number;
  readonly endedWallMs: number | undefined;
  /** It was seen in the guardian's memory, so its absence there means that it has ended. */
  readonly standing: boolean;
}

/** By dedup key and class: these make the labels. */
export type Ledger = ReadonlyMap<string, Entry>;

/** What has ended is posted for so long, in case a peer missed it. */
const endedShownMs = 300_000;

/** After a message was handed over for sending, whether it arrives or not. */
export function withMessage(ledger: Ledger, message: AlertMessage, nowWallMs: number): Ledger {
  const next = new Map(ledger);
  const own = keyOf(message);
  for (const [key, entry] of ledger) {
    const isSame = entry.message.dedupKey === message.dedupKey;
    // Another class has other labels: to Alertmanager that is another alert.
    if (isSame && key !== own) next.set(key, ended(entry, nowWallMs));
  }
  const known = ledger.get(own);
  if (message.status === "resolved") {
    next.set(own, ended(known ?? begun(message, false), nowWallMs));
  } else {
    const again = known !== undefined && known.endedWallMs === undefined;
    next.set(own, again ? { ...known, message } : begun(message, false));
  }
  return next;
}

/** `adopt` takes over what an earlier process told; else only what this one told counts. */
export function withStanding(
  ledger: Ledger,
  standing: readonly AlertMessage[],
  nowWallMs: number,
  adopt: boolean,
): Ledger {
  const next = new Map<string, Entry>();
  const now = new Map(standing.map((message) => [keyOf(message), message] as const));
  for (const [key, entry] of ledger) {
    const message = now.get(key);
    if (entry.endedWallMs !== undefined) {
      if (nowWallMs - entry.endedWallMs < endedShownMs) next.set(key, entry);
    } else if (message !== undefined) next.set(key, { ...entry, message, standing: true });
    else next.set(key, entry.standing ? ended(entry, nowWallMs) : entry);
  }
  if (!adopt) return next;
  for (const [key, message] of now) if (!next.has(key)) next.set(key, begun(message, true));
  return next;
}

/** What is posted in a round: what stands, and what has ended lately. */
export function roundOf(ledger: Ledger, nowWallMs: number, endAfterMs: number): TimedAlert[] {
  const told = [...ledger.values()].filter(
    ({ standing, endedWallMs }) => standing || endedWallMs !== undefined,
  );
  return told.map((entry) => timed(entry, nowWallMs, endAfterMs));
}

/** What is posted when a message comes: it, and what it ends. */
export function alertsOf(
  ledger: Ledger,
  { dedupKey }: AlertMessage,
  nowWallMs: number,
  endAfterMs: number,
): TimedAlert[] {
  const same = [...ledger.values()].filter(({ message }) => message.dedupKey === dedupKey);
  return same.map((entry) => timed(entry, nowWallMs, endAfterMs));
}

function timed(entry: Entry, nowWallMs: number, endAfterMs: number): TimedAlert {
  const { message, startsWallMs, endedWallMs } = entry;
  return { message, startsWallMs, endsWallMs: endedWallMs ?? nowWallMs + endAfterMs };
}

function begun(message: AlertMessage, standing: boolean): Entry {
  return { message, startsWallMs: message.wallMs, endedWallMs: undefined, standing };
}

function ended(entry: Entry, nowWallMs: number): Entry {
  return entry.endedWallMs === undefined ? { ...entry, endedWallMs: nowWallMs } : entry;
}

function keyOf({ dedupKey, class: kind }: AlertMessage): string {
  return `${kind} ${dedupKey}`;
}
