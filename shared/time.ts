/**
 * Instants and durations. Every timeout is measured on a monotonic clock (`MonoMs`); wall time
 * (`WallMs`) is shown and stored, never subtracted: one NTP step must not kill a host.
 */
import { invariant } from "./invariant.ts";

declare const monoBrand: unique symbol;
declare const wallBrand: unique symbol;

/** Milliseconds on one process's monotonic clock. Means nothing in another process. */
export type MonoMs = number & { readonly [monoBrand]: true };
/** Milliseconds since 1970 in UTC, for people and for stores. */
export type WallMs = number & { readonly [wallBrand]: true };

/** Marks a number as a monotonic instant; only clocks, tests and decoders of our own rows do this. */
export function monoMs(value: number): MonoMs {
  return value as MonoMs;
}

/** Marks a number as a wall instant. */
export function wallMs(value: number): WallMs {
  return value as WallMs;
}

/** Milliseconds from one instant to a later one of the same clock. Throws when time ran backwards. */
export function elapsedMs(from: MonoMs, to: MonoMs): number {
  invariant(to >= from, `monotonic time ran backwards: from ${from} to ${to}`);
  return to - from;
}

/** The instant `ms` after `from`. */
export function after(from: MonoMs, ms: number): MonoMs {
  return monoMs(from + ms);
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** "30s", "1.5h" or "250ms" to milliseconds; undefined when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) return undefined;
  const ms = Number(match[1]) * (unitMs[match[2] ?? ""] ?? Number.NaN);
  return Number.isFinite(ms) ? Math.round(ms) : undefined;
}

/** Milliseconds to the shortest exact text that `parseDuration` reads back. */
export function formatDuration(ms: number): string {
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = unitMs[unit] ?? 1;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** A wall instant for people: "2026-11-22 09:00 UTC". */
export function describeWall(ms: number): string {
  const text = new Intl.DateTimeFormat("sv-SE", {
    dateStyle: "short",
    timeStyle: "short",
    timeZone: "UTC",
  }).format(ms);
  return `${text} UTC`;
}

/** A duration for people: "8.2 s", "3 min 20 s", "2 h 5 min". */
export function describeMs(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
