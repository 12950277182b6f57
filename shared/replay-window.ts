/**
 * Refuses what was heard before, without clocks. Per host one confirmed life (boot id, process
 * epoch), the boots that ended, and lives that nobody has confirmed yet: the datagrams of a new life
 * may be a recording of an old one until its probe has echoed a nonce that was made for it. Only a
 * confirmed life ends the one before, so a replay can neither bring a host alive nor silence it.
 * What is remembered can be saved and restored: a restart of the collector forgets no ended boot.
 */
import type { HostName } from "./names.ts";
import {
  addWindow,
  admitSequence,
  newWindow,
  restoredWindow,
  type SequenceAdmission,
  type SequenceWindow,
} from "./sequence-window.ts";
import { networkNames, type NetworkName } from "./telemetry.ts";

/** It belongs to no life that counts. */
type NoLife = "stale-epoch" | "retired-boot" | "table-full";
export type Admission = SequenceAdmission | NoLife;

/** The part of a datagram's header that says which life of which host it belongs to. */
export interface Origin {
  readonly host: HostName;
  readonly path: NetworkName;
  readonly bootId: string;
  readonly probeEpoch: number;
  readonly sequence: number;
  /** Datagrams that the probe sent on this path, this one included. */
  readonly sent: number;
  /** The host's monotonic clock; less `probeEpoch` it is how long this life has lasted. */
  readonly sentMonoMs: number;
}

/** One run of a probe within one boot of its host. */
export interface Life {
  readonly host: HostName;
  readonly bootId: string;
  readonly probeEpoch: number;
  readonly confirmed: boolean;
  /** 16 hex digits, made for this life: whoever echoes it lives now. */
  readonly nonce: string;
  readonly windows: ReadonlyMap<NetworkName, SequenceWindow>;
}

export type Admitted =
  | {
      readonly admission: SequenceAdmission;
      readonly life: Life;
      readonly window: SequenceWindow;
    }
  | { readonly admission: NoLife };

/** What outlives a restart of the collector. */
export interface RememberedLife {
  readonly host: HostName;
  readonly bootId: string;
  readonly probeEpoch: number;
  /** Newest last. */
  readonly retiredBoots: readonly string[];
  /** Highest sequence by path; it and all below count as seen. */
  readonly highest: Readonly<Partial<Record<NetworkName, number>>>;
}

export interface ReplayTable {
  /** `upMs`: how long we have listened; a life that lasts longer began before us. */
  admit(origin: Origin, upMs: number): Admitted;
  /** Its probe echoed these nonces: true when one of them is the life's own. */
  confirm(life: Life, echoes: readonly string[]): boolean;
  /** Confirmed lives only: of the others nothing is known for certain. */
  remembered(): readonly RememberedLife[];
  /** What became of the datagrams of confirmed lives: current ones, and the sum of those that ended. */
  readonly windows: () => Iterable<HostWindow>;
}

export interface HostWindow {
  readonly host: HostName;
  readonly path: NetworkName;
  readonly window: Readonly<SequenceWindow>;
}

interface OwnLife extends Life {
  confirmed: boolean;
  readonly windows: Map<NetworkName, SequenceWindow>;
}

interface HostLives {
  current: OwnLife | undefined;
  /** Not confirmed; oldest first. */
  candidates: readonly OwnLife[];
  /** Sums over the confirmed lives that ended. */
  readonly ended: Map<NetworkName, SequenceWindow>;
  retiredBoots: readonly string[];
}

const retiredBootsMax = 16;
/** Recordings of old lives can fill this many places and so delay a confirmation, no more. */
const candidatesMax = 4;

export interface ReplayTableOptions {
  readonly restored?: readonly RememberedLife[];
  /** A host beyond that is refused, never another forgotten. */
  readonly hostsMax?: number;
  /** 16 hex digits that nobody can guess. */
  readonly newNonce: () => string;
  /** A life was confirmed; `before` is the one that it ends. */
  readonly onConfirmed?: (life: Life, before: Life | undefined) => void;
}

export function createReplayTable(options: ReplayTableOptions): ReplayTable {
  const { restored = [], hostsMax = 10_000, newNonce } = options;
  const hosts = new Map(restored.map((life) => [life.host, restoreLife(life)] as const));

  function lifeOf(origin: Origin): OwnLife | NoLife {
    const lives = hosts.get(origin.host);
    const current = lives?.current;
    if (current !== undefined && isOf(current, origin)) return current;
    if (lives === undefined) {
      if (hosts.size >= hostsMax) return "table-full";
      const life = newLife(origin, newNonce());
      hosts.set(origin.host, {
        current: undefined,
        candidates: [life],
        ended: new Map(),
        retiredBoots: [],
      });
      return life;
    }
    const candidate = lives.candidates.find((one) => isOf(one, origin));
    if (candidate !== undefined) return candidate;
    if (lives.retiredBoots.includes(origin.bootId)) return "retired-boot";
    if (current?.bootId === origin.bootId && origin.probeEpoch < current.probeEpoch) {
      return "stale-epoch";
    }
    const life = newLife(origin, newNonce());
    lives.candidates = [...lives.candidates, life].slice(-candidatesMax);
    return life;
  }

  return {
    admit(origin, upMs) {
      const life = lifeOf(origin);
      if (typeof life === "string") return { admission: life };
      let window = life.windows.get(origin.path);
      if (window === undefined) {
        const beganBeforeUs = origin.sentMonoMs - origin.probeEpoch > upMs;
        window = newWindow(beganBeforeUs ? origin.sent - 1 : 0);
        life.windows.set(origin.path, window);
      }
      const admission = admitSequence(window, origin.sequence, origin.sent);
      return { admission, life, window };
    },
    confirm(life, echoes) {
      const lives = hosts.get(life.host);
      const candidate = lives?.candidates.find((one) => one === life);
      if (lives === undefined || candidate === undefined) return life.confirmed;
      if (!echoes.includes(candidate.nonce)) return false;
      const before = lives.current;
      succeed(lives, candidate);
      options.onConfirmed?.(candidate, before);
      return true;
    },
    remembered: () => [...hosts].flatMap(([host, lives]) => rememberLife(host, lives)),
    *windows() {
      for (const [host, { current, ended }] of hosts) {
        for (const [path, window] of ended) yield { host, path, window };
        for (const [path, window] of current?.windows ?? []) yield { host, path, window };
      }
    },
  };
}

function isOf(life: Life, origin: Origin): boolean {
  return life.probeEpoch === origin.probeEpoch && life.bootId === origin.bootId;
}

/** A life was confirmed: the one before has ended, and recordings of others may start anew. */
function succeed(lives: HostLives, life: OwnLife): void {
  const { current } = lives;
  life.confirmed = true;
  lives.current = life;
  lives.candidates = [];
  if (current === undefined) return;
  for (const [path, window] of current.windows) {
    const sum = lives.ended.get(path) ?? newWindow(0);
    lives.ended.set(path, sum);
    addWindow(sum, window);
  }
  if (current.bootId === life.bootId) return;
  lives.retiredBoots = [...lives.retiredBoots, current.bootId].slice(-retiredBootsMax);
}

function newLife({ host, bootId, probeEpoch }: Origin, nonce: string): OwnLife {
  return { host, bootId, probeEpoch, confirmed: false, nonce, windows: new Map() };
}

function restoreLife(remembered: RememberedLife): HostLives {
  const { host, bootId, probeEpoch, retiredBoots, highest } = remembered;
  const windows = new Map<NetworkName, SequenceWindow>();
  for (const path of networkNames) {
    const sequence = path === "unknown" ? undefined : highest[path];
    if (path === "unknown" || sequence === undefined) continue;
    windows.set(path, restoredWindow(sequence));
  }
  const current = { host, bootId, probeEpoch, confirmed: true, nonce: "", windows };
  return { current, candidates: [], ended: new Map(), retiredBoots };
}

function rememberLife(host: HostName, lives: HostLives): readonly RememberedLife[] {
  const { current, retiredBoots } = lives;
  if (current === undefined) return [];
  const { bootId, probeEpoch, windows } = current;
  const highest = Object.fromEntries([...windows].map(([path, window]) => [path, window.highest]));
  return [{ host, bootId, probeEpoch, retiredBoots, highest }];
}
