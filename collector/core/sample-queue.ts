/** Samples on their way to the store: bounded, oldest shed first, and counted; and what became of every datagram. */
import type { CeilometerSample } from "./ceilometer-sample.ts";

/** Why a datagram of the second listener was not taken; labels in metrics, so they stay. */
export const sampleRefusals = [
  "decode",
  "keys",
  "types",
  "ambiguous",
  "timestamp",
  "signature",
  "stale",
  "replayed",
  "window-full",
] as const;
export type SampleRefusal = (typeof sampleRefusals)[number];

export interface SampleQueue {
  take(sample: CeilometerSample): void;
  refuse(reason: SampleRefusal): void;
  takeSamples(max: number): readonly CeilometerSample[];
  giveBack(samples: readonly CeilometerSample[]): void;
  figures(): SampleFigures;
}

export interface SampleFigures {
  readonly accepted: number;
  readonly waiting: number;
  readonly shed: number;
  readonly refused: ReadonlyMap<SampleRefusal, number>;
}

export function createSampleQueue(samplesMax: number): SampleQueue {
  let waiting: CeilometerSample[] = [];
  const refused = new Map<SampleRefusal, number>();
  let [accepted, shed] = [0, 0];

  /** A bit more than one over at a time: moving a whole list for each sample would cost more than the sample. */
  function bound(): void {
    if (waiting.length <= samplesMax) return;
    const over = waiting.length - Math.floor(samplesMax * 0.9);
    waiting = waiting.slice(over);
    shed += over;
  }

  return {
    take(sample) {
      accepted += 1;
      waiting.push(sample);
      bound();
    },
    refuse: (reason) => void refused.set(reason, (refused.get(reason) ?? 0) + 1),
    takeSamples(max) {
      const taken = waiting.slice(0, max);
      waiting = waiting.slice(max);
      return taken;
    },
    giveBack(samples) {
      waiting = [...samples, ...waiting];
      bound();
    },
    figures: () => ({ accepted, waiting: waiting.length, shed, refused: new Map(refused) }),
  };
}
