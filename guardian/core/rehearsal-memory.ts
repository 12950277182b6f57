/** What the journal keeps of rehearsals, and what a restart makes of it. */
import type { HostName } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { DeviceIdentity } from "../ports.ts";
import type { OffCommand } from "./memory.ts";
import { words, type Said } from "./words.ts";

/** A planned power cycle that shows whose chassis a level of power devices switches. */
export interface Rehearsal {
  readonly id: string;
  /** "alice (uid 1000)". */
  readonly by: string;
  readonly reason: string;
  readonly wall: number;
  /** Whose devices are cycled; from 0. */
  readonly level: number;
  /** Those that are switched on again, of any level; left out: those of the level. */
  readonly devices?: readonly string[];
  /** Its boot before: it must return with another one. */
  readonly bootId: string | undefined;
  /** No rehearsal: a fence switched off what may be another host's chassis, and that is switched on again. */
  readonly afterFence?: true;
  readonly step: RehearsalStep;
}

export type RehearsalStep =
  /** Nova is asked twice, some time apart, whether the host is empty. */
  | {
      readonly kind: "looking";
      readonly since: MonoMs;
      readonly askedAt: MonoMs | undefined;
      /** When the first and the newest list without a server were asked for. */
      readonly emptyAt: MonoMs | undefined;
      readonly emptyAgainAt: MonoMs | undefined;
      /** What its devices showed when it was asked for. */
      readonly shown: Readonly<Record<string, DeviceIdentity>>;
    }
  | {
      readonly kind: "off";
      readonly since: MonoMs;
      readonly commands: Readonly<Record<string, OffCommand>>;
      readonly freshAtCommand: readonly HostName[];
    }
  | {
      readonly kind: "on";
      readonly since: MonoMs;
      /** When it was last ordered on; undefined: not by this process. */
      readonly orderedAt: MonoMs | undefined;
      readonly orders: number;
      /** Why it shows nothing; undefined while it may still show that the devices are its own. */
      readonly failed: Said | undefined;
      /** Who was fresh at the off command: one of them may have been hit by it. */
      readonly freshAtCommand?: readonly HostName[];
    }
  /** It came to its end, and the devices stay as they were. */
  | { readonly kind: "failed"; readonly reason: Said };

/** What may have been switched off is switched on; nothing is shown by what nobody watched. */
export function rememberedRehearsals(
  rehearsals: ReadonlyMap<HostName, Rehearsal>,
  now: MonoMs,
): ReadonlyMap<HostName, Rehearsal> {
  const result = new Map<HostName, Rehearsal>();
  for (const [host, rehearsal] of rehearsals) {
    result.set(host, { ...rehearsal, step: rememberedStep(rehearsal.step, now) });
  }
  return result;
}

function rememberedStep(step: RehearsalStep, now: MonoMs): RehearsalStep {
  const failed = words("rehearse.restarted");
  const on = { kind: "on", since: now, orderedAt: undefined, orders: 0 } as const;
  switch (step.kind) {
    case "looking":
      return { kind: "failed", reason: failed };
    case "off":
      return { ...on, failed, freshAtCommand: step.freshAtCommand };
    case "on":
      return { ...on, failed: step.failed, freshAtCommand: step.freshAtCommand ?? [] };
    case "failed":
      return step;
    default:
      return step satisfies never;
  }
}
