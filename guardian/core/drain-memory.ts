/** What the journal keeps of a drain, and what a restart makes of it. */
import type { HostName, ServerId } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { ServerSize } from "../ports.ts";
import type { Said } from "./words.ts";

/** A degraded but living host is emptied by live migration. */
export interface Drain {
  /** The incident in which it began: there is one drain for each. */
  readonly incident: string;
  readonly askedAt: MonoMs | undefined;
  readonly lookedAt: MonoMs | undefined;
  /** When the newest list of its servers was asked for. */
  readonly listedAt: MonoMs | undefined;
  /** Undefined until its servers were listed. */
  readonly moves: Readonly<Record<string, DrainMove>> | undefined;
  /** When nothing was open any more: a list asked for later ends it. */
  readonly settledAt: MonoMs | undefined;
  readonly ended: boolean;
}

/** One server's live migration. */
export interface DrainMove {
  readonly server: ServerId;
  readonly name: string;
  /** What it takes of a host; undefined where Nova did not show it. */
  readonly size?: ServerSize;
  /** Where Nova takes it, once it shows that. */
  readonly to?: HostName;
  /** Since when Nova has not listed it, of a live migration that nobody knows the end of. */
  readonly absentSince?: MonoMs;
  readonly state: DrainState;
}

export type DrainState =
  /** Not called before Nova's records of it were seen: only a newer one is ours. */
  | { readonly kind: "planned"; readonly latestRecord: number | undefined }
  /** The call was made; it is never made again, whatever its answer was. */
  | { readonly kind: "ordered"; readonly at: MonoMs; readonly latestRecord: number }
  | { readonly kind: "running"; readonly at: MonoMs; readonly latestRecord: number }
  | { readonly kind: "finished"; readonly destination: HostName }
  /** `open`: whether it may still go on is not known: such a server is not evacuated by us. */
  | { readonly kind: "failed"; readonly reason: Said; readonly open: boolean }
  | { readonly kind: "left"; readonly reason: Said };

/** Called before a restart or not: the next look says what became of it. */
export function rememberedDrains(
  drains: ReadonlyMap<HostName, Drain>,
  now: MonoMs,
): ReadonlyMap<HostName, Drain> {
  const result = new Map<HostName, Drain>();
  for (const [host, drain] of drains) {
    const none = { askedAt: undefined, lookedAt: undefined };
    const anew = { ...none, listedAt: undefined, settledAt: undefined };
    const kept = Object.entries(drain.moves ?? {});
    const entries = kept.map(([key, { absentSince: _since, ...move }]): [string, DrainMove] => {
      const { state } = move;
      // What became of its server meanwhile is looked at before it is called.
      if (state.kind === "planned") {
        return [key, { ...move, state: { ...state, latestRecord: undefined } }];
      }
      const isOpen = state.kind === "ordered" || state.kind === "running";
      return [key, isOpen ? { ...move, state: { ...state, at: now } } : move];
    });
    const moves = drain.moves === undefined ? undefined : Object.fromEntries(entries);
    result.set(host, { ...drain, ...anew, moves });
  }
  return result;
}
