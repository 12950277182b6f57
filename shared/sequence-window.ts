/**
 * The sequences of one path of one life of a probe: which were seen, by a bitmap of the newest 64
 * as DTLS and IPsec have it, and what became of each arrival. Two numbers of 32 bits hold the
 * bitmap: a BigInt costs more than everything else that is done with a datagram but its tag.
 */

/** Only `newest` may refresh liveness; `late` was never seen before but something newer was. */
export type SequenceAdmission = "newest" | "late" | "replayed" | "too-old";

const windowSize = 64;

export interface SequenceWindow {
  highest: number;
  /** Bit n of `near`: sequence `highest - n` was seen; bit n of `far`: `highest - 32 - n`. */
  near: number;
  far: number;
  /** Datagrams that the probe sent before we could have heard it: they are nobody's loss. */
  baseline: number;
  /** The probe's own count on this path, as of the newest datagram. */
  sent: number;
  received: number;
  late: number;
  duplicate: number;
  /** Too late to know whether it was seen: stays missing. */
  tooOld: number;
  /** Authentic, new, and not to be understood. */
  refused: number;
}

/** A window whose first datagram is still to be admitted. */
export function newWindow(baseline: number): SequenceWindow {
  return {
    highest: 0,
    near: 0,
    far: 0,
    baseline,
    sent: baseline,
    received: 0,
    late: 0,
    duplicate: 0,
    tooOld: 0,
    refused: 0,
  };
}

/** A window of which only the highest sequence is remembered: it and all below count as seen. */
export function restoredWindow(highest: number): SequenceWindow {
  return { ...newWindow(-1), highest, near: -1, far: -1 };
}

/** Adds what became of another window's datagrams, when its life has ended. */
export function addWindow(sum: SequenceWindow, ended: SequenceWindow): void {
  sum.sent += ended.sent - ended.baseline;
  sum.received += ended.received;
  sum.late += ended.late;
  sum.duplicate += ended.duplicate;
  sum.tooOld += ended.tooOld;
  sum.refused += ended.refused;
}

/** Takes in one sequence, and counts it. `sent` is the probe's own count with this datagram. */
export function admitSequence(
  window: SequenceWindow,
  sequence: number,
  sent: number,
): SequenceAdmission {
  const ahead = sequence - window.highest;
  if (ahead > 0) {
    // Restored: what was sent while nobody listened is no loss of this run.
    if (window.baseline < 0) window.baseline = sent - 1;
    shift(window, ahead);
    window.highest = sequence;
    window.sent = Math.max(window.sent, sent);
    window.received += 1;
    return "newest";
  }
  const behind = -ahead;
  if (behind >= windowSize) {
    window.tooOld += 1;
    return "too-old";
  }
  const half = behind < 32 ? "near" : "far";
  const bit = 1 << (behind & 31);
  if ((window[half] & bit) !== 0) {
    window.duplicate += 1;
    return "replayed";
  }
  window[half] |= bit;
  window.late += 1;
  return "late";
}

/** Moves the bitmap on by `ahead` sequences, the newest of which was seen. */
function shift(window: SequenceWindow, ahead: number): void {
  const { near, far } = window;
  if (ahead < 32) {
    window.far = (far << ahead) | (near >>> (32 - ahead));
    window.near = (near << ahead) | 1;
  } else {
    window.far = ahead < windowSize ? near << (ahead - 32) : 0;
    // The newest of before may fall just on the border between the halves.
    window.near = 1;
  }
}

/** The newest datagram came, and made no sense. */
export function refuse(window: SequenceWindow): void {
  window.received -= 1;
  window.refused += 1;
}

/** What was sent and neither came, nor came too late to count, nor was refused. */
export function missingIn(window: SequenceWindow): number {
  const { sent, baseline, received, late, refused } = window;
  return Math.max(0, sent - baseline - received - late - refused);
}
