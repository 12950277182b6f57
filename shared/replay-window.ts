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
  readonly windows: PathWindows;
}

/** By the path's place among `networkNames`: an index costs less than a map, and a datagram asks for it twice. */
type PathWindows = readonly (SequenceWindow | undefined)[];

/** The window of a path; undefined: nothing came on it. */
export function windowOf({ windows }: Life, path: NetworkName): SequenceWindow | undefined {
  return windows[networkNames.indexOf(path)];
}

function* byPath(windows: PathWindows): Generator<readonly [NetworkName, SequenceWindow]> {
  for (const [at, path] of networkNames.entries()) {
    const window = windows[at];
    if (path !== "unknown" && window !== undefined) yield [path, window];
  }
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
  /** Where the lives of a host are kept; undefined: the table is full. For who does not want it looked up each time. */
  placeOf(host: HostName): HostLives | undefined;
  /** `upMs`: how long we have listened; a life that lasts longer began before us. */
  admit(origin: Origin, upMs: number, place?: HostLives): Admitted;
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
  /** By its host's clock, what was sent last of all that came, on any path. */
  newestMonoMs: number;
  readonly windows: (SequenceWindow | undefined)[];
}

/** What is known of one host; nobody but the table looks inside. */
export interface HostLives {
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

/**
 * A path may be slower than another one of its life, but never by so much: on a path that was never heard before, or not
 * for long, a recording is new by its sequence.
 */
const behindMsMax = 10_000;

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

  function placeOf(host: HostName): HostLives | undefined {
    const known = hosts.get(host);
    if (known !== undefined || hosts.size >= hostsMax) return known;
    const lives = { current: undefined, candidates: [], ended: new Map(), retiredBoots: [] };
    hosts.set(host, lives);
    return lives;
  }

  function lifeOf(origin: Origin, lives: HostLives | undefined): OwnLife | NoLife {
    if (lives === undefined) return "table-full";
    const { current } = lives;
    if (current !== undefined && isOf(current, origin)) return current;
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
    placeOf,
    admit(origin, upMs, place = placeOf(origin.host)) {
      const life = lifeOf(origin, place);
      if (typeof life === "string") return { admission: life };
      let window = windowOf(life, origin.path);
      if (window === undefined) {
        const beganBeforeUs = origin.sentMonoMs - origin.probeEpoch > upMs;
        window = newWindow(beganBeforeUs ? origin.sent - 1 : 0);
        life.windows[networkNames.indexOf(origin.path)] = window;
      }
      const admission = admitSequence(window, origin.sequence, origin.sent);
      const isOld = origin.sentMonoMs < life.newestMonoMs - behindMsMax;
      life.newestMonoMs = Math.max(life.newestMonoMs, origin.sentMonoMs);
      return { admission: isOld && admission === "newest" ? "late" : admission, life, window };
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
        for (const [path, window] of byPath(current?.windows ?? [])) yield { host, path, window };
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
  for (const [path, window] of byPath(current.windows)) {
    const sum = lives.ended.get(path) ?? newWindow(0);
    lives.ended.set(path, sum);
    addWindow(sum, window);
  }
  if (current.bootId === life.bootId) return;
  lives.retiredBoots = [...lives.retiredBoots, current.bootId].slice(-retiredBootsMax);
}

function newLife({ host, bootId, probeEpoch }: Origin, nonce: string): OwnLife {
  return { host, bootId, probeEpoch, confirmed: false, nonce, newestMonoMs: 0, windows: [] };
}

function restoreLife(remembered: RememberedLife): HostLives {
  const { host, bootId, probeEpoch, retiredBoots, highest } = remembered;
  const windows = networkNames.map((path) => {
    const sequence = path === "unknown" ? undefined : highest[path];
    return sequence === undefined ? undefined : restoredWindow(sequence);
  });
  const current = {
    host,
    bootId,
    probeEpoch,
    confirmed: true,
    nonce: "",
    newestMonoMs: 0,
    windows,
  };
  return { current, candidates: [], ended: new Map(), retiredBoots };
}

function rememberLife(host: HostName, lives: HostLives): readonly RememberedLife[] {
  const { current, retiredBoots } = lives;
  if (current === undefined) return [];
  const { bootId, probeEpoch, windows } = current;
  const highest = Object.fromEntries(
    [...byPath(windows)].map(([path, window]) => [path, window.highest]),
  );
  return [{ host, bootId, probeEpoch, retiredBoots, highest }];
}
