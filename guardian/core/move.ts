/** One server's part of an evacuation, as it is kept in memory. */
import type { HostName, ServerId } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { ServerSize } from "../ports.ts";
import type { Rank } from "./evacuation-policy.ts";
import type { Said } from "./words.ts";

/** How far it has come. */
export type MoveState =
  | {
      readonly kind: "planned";
      readonly latestRecord: number;
      /** The state that it must be reset from before Nova takes it. */
      readonly reset?: string;
      /** It failed, and is not tried again before this. */
      readonly notBefore?: MonoMs;
      /** No call before a look that was asked for then, or later: who knows what was done meanwhile? */
      readonly check?: MonoMs;
      /** The last call was refused: the look may say why. */
      readonly refused?: true;
    }
  /** Being put in error, so that Nova takes it; whether it is yet is not known. */
  | {
      readonly kind: "resetting";
      readonly at: MonoMs;
      readonly latestRecord: number;
      /** The state that it was in. */
      readonly from: string;
    }
  /** The call was made; whether Nova took it is not known yet. */
  | {
      readonly kind: "ordered";
      readonly at: MonoMs;
      /** Newest record of this server before the call: only a newer one is ours. */
      readonly latestRecord: number;
      /** Ordered by an earlier process, which may have died before it made the call. */
      readonly inherited: boolean;
      /** The call was made, and its answer did not come: it is never made again. */
      readonly unanswered?: true;
    }
  | {
      readonly kind: "running";
      readonly at: MonoMs;
      readonly latestRecord: number;
    }
  | { readonly kind: "finished"; readonly destination: HostName }
  | { readonly kind: "failed"; readonly reason: Said }
  /** Not ours to move, or it would lose its disk. */
  | {
      readonly kind: "left";
      readonly reason: Said;
      /** The operator's policy leaves it out: nobody need get up for it. */
      readonly byPolicy?: boolean;
    };

/** What Nova's API shows of a move under way, in its order. */
export type MoveStage = "scheduling" | "claim" | "volume" | "spawn";

export interface Move {
  readonly server: ServerId;
  readonly name: string;
  readonly project: string;
  /** It ran when its host died, so it must run again; else it must be stopped again. */
  readonly ran: boolean;
  /** Under way before we called: somebody else's, followed, and no beginning of ours. */
  readonly adopted?: boolean;
  /** What it takes of a host; undefined where Nova did not show it. */
  readonly size?: ServerSize;
  /** Its place among the servers of its host; journals of earlier releases have none. */
  readonly rank?: Rank;
  /** Evacuate calls that were ordered, and when the first one was. */
  readonly attempts?: number;
  readonly firstAt?: MonoMs;
  /** Where Nova takes it, once it shows that. */
  readonly to?: HostName;
  /** How far Nova came with the last try. */
  readonly stage?: MoveStage;
  /** Nova's id of the last call that it took, for its logs. */
  readonly requestId?: string;
  /** From the first call to its end. */
  readonly tookMs?: number;
  /** Why the last try that is known to have failed did. */
  readonly lastFailure?: Said;
  /** Why the last call could not be made: nothing was sent. */
  readonly notMade?: string;
  /** How often it was ordered to be reset. */
  readonly resets?: number;
  readonly state: MoveState;
}

/** After a restart it need not wait, but for a look: what was done since the last one is not known. */
export function rememberedPlan(
  state: Extract<MoveState, { kind: "planned" }>,
  now: MonoMs,
): MoveState {
  const { notBefore: _before, refused: _refused, ...planned } = state;
  return { ...planned, check: now };
}
