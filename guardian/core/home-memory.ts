/** What the journal keeps of a fenced host's way home, and what a restart makes of it. */
import type { MonoMs } from "../../shared/time.ts";
import type { OrderState } from "./memory.ts";
import type { Said } from "./words.ts";

/** A fenced host whose moves have ended is switched on and accepted back, in the one order that Nova allows. */
export interface Homecoming {
  /** "alice (uid 1000)", or the policy. */
  readonly by: Said;
  /** A person asked for it: the mode does not hold it. */
  readonly byPerson: boolean;
  /** When Nova was asked last what is on it. */
  readonly askedAt: MonoMs | undefined;
  /** The newest answer that counts. */
  readonly seen: HomeLook | undefined;
  /** One that counts once Nova shows the host's own record, asked for later: a cell that is down lists nothing. */
  readonly heard: HomeLook | undefined;
  readonly step: HomeStep;
  /** It was switched on in this way home. */
  readonly ordered?: true;
}

export interface HomeLook {
  readonly askedAt: MonoMs;
  /** Servers that Nova puts on it. */
  readonly servers: number;
  /** Evacuations from it that have not ended, and servers on it that Nova works on. */
  readonly moving: number;
  /** Evacuations from it that its nova-compute has not cleaned up after. */
  readonly uncleaned: number;
  /** Servers on it that Nova calls failed, whatever runs there. */
  readonly failed: number;
}

export type HomeStep =
  /** Nova is asked whether anything of it still moves. */
  | { readonly kind: "looking"; readonly since: MonoMs }
  /** Ordered on; a report of its new boot is awaited. */
  | {
      readonly kind: "on";
      readonly since: MonoMs;
      /** Undefined: nothing of it read off. */
      readonly orderedAt: MonoMs | undefined;
      readonly orders: number;
    }
  /** Its nova-compute destroys what was evacuated, and closes Nova's records of it. */
  | { readonly kind: "cleaning"; readonly since: MonoMs }
  /** Not forced down any more; up, and well on all counts, is awaited. */
  | { readonly kind: "up"; readonly since: MonoMs; readonly order: OrderState }
  | { readonly kind: "enabling"; readonly since: MonoMs; readonly order: OrderState }
  /** A server may run twice: it is switched off again. */
  | {
      readonly kind: "off";
      readonly since: MonoMs;
      readonly orderedAt: MonoMs | undefined;
      readonly orders: number;
      readonly reason: Said;
    }
  /** It came to its end, and the host is people's. */
  | {
      readonly kind: "stopped";
      readonly reason: Said;
      /** A server may run twice, or nobody sees what runs. */
      readonly isGrave: boolean;
    };

/** Who watched meanwhile? Each part of the way is looked at anew; orders are given again where they are due. */
export function rememberedHome(home: Homecoming, now: MonoMs): Homecoming {
  const none = { askedAt: undefined, seen: undefined, heard: undefined };
  return { ...home, ...none, step: rememberedStep(home.step, now) };
}

function rememberedStep(step: HomeStep, now: MonoMs): HomeStep {
  switch (step.kind) {
    case "looking":
    case "on":
      return { kind: "looking", since: now };
    case "cleaning":
    case "up":
    case "enabling":
      return { kind: "cleaning", since: now };
    case "off":
      return { ...step, since: now, orderedAt: undefined, orders: 0 };
    case "stopped":
      return step;
    default:
      return step satisfies never;
  }
}
