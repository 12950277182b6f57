/**
 * What became of every datagram that a probe says it sent, by host and path:
 * sent = received + late + refused + missing; what came = received + late + refused + duplicate + too
 * old. Exact once the sender pauses: the loss of the last ones shows in the next one that comes.
 */
import type { HostName } from "../../shared/names.ts";
import type { HostWindow } from "../../shared/replay-window.ts";
import { missingIn } from "../../shared/sequence-window.ts";
import type { Ledger, NetworkName } from "../../shared/telemetry.ts";

export interface PathLoss {
  readonly host: HostName;
  readonly path: NetworkName;
  readonly sent: number;
  readonly received: number;
  readonly late: number;
  /** Authentic, new, and not to be understood. */
  readonly refused: number;
  readonly missing: number;
  readonly duplicate: number;
  /** So late that nobody knows whether they came before: they stay missing. */
  readonly tooOld: number;
}

/** One line for each host and path; a host's lives are added up. */
export function lossesOf(windows: Iterable<HostWindow>): readonly PathLoss[] {
  const losses = new Map<string, PathLoss>();
  for (const { host, path, window } of windows) {
    const key = `${host} ${path}`;
    const before = losses.get(key);
    losses.set(key, {
      host,
      path,
      sent: window.sent - window.baseline + (before?.sent ?? 0),
      received: window.received + (before?.received ?? 0),
      late: window.late + (before?.late ?? 0),
      refused: window.refused + (before?.refused ?? 0),
      missing: missingIn(window) + (before?.missing ?? 0),
      duplicate: window.duplicate + (before?.duplicate ?? 0),
      tooOld: window.tooOld + (before?.tooOld ?? 0),
    });
  }
  return [...losses.values()];
}

/** The same over all hosts: what they sent, and what of it is missing. */
export function sumLosses(windows: Iterable<HostWindow>): Pick<Ledger, "expected" | "missing"> {
  let expected = 0;
  let missing = 0;
  for (const { window } of windows) {
    expected += window.sent - window.baseline;
    missing += missingIn(window);
  }
  return { expected, missing };
}
