/**
 * A recording through the reducer again: the same inputs must lead to the same effects, byte for
 * byte, and to the same state at every snapshot. With other settings the same inputs are reduced a
 * second time, side by side; what the other guardian would have asked for and nobody recorded
 * arrives as nothing.
 */
import type { HostName } from "../../shared/names.ts";
import { keepLimits } from "./changed-limits.ts";
import { isLook, type Effect, type Line, type Notify, type Order } from "./effects.ts";
import type { GuardianEvent } from "./events.ts";
import { initialState, step } from "./guardian.ts";
import { HostTable } from "./host-table.ts";
import { outputOf, outputOfError, type Output } from "./recorded-output.ts";
import type { Settings } from "./settings.ts";
import type { GuardianState } from "./state.ts";
import { stateText } from "./state-parts.ts";
import { memoryText, parseMemory } from "./memory-text.ts";
import { noVerification } from "./verification.ts";

/** One piece of a recording, in order. */
export type Frame =
  | { readonly kind: "snapshot"; readonly epoch: number; readonly state: () => GuardianState }
  | { readonly kind: "input"; readonly event: GuardianEvent; readonly output: Output }
  /** What follows begins anew, at the next snapshot. */
  | { readonly kind: "gap"; readonly what: string; readonly restart: boolean };

/** Something that was said or ordered, with the wall time that the guardian knew then. */
export interface TimelineEntry {
  readonly wallMs: number;
  readonly effect: Line | Notify | Order;
}

/** What became of one host in one run. */
export interface Fate {
  readonly deadAt: number | undefined;
  readonly fencedAt: number | undefined;
  readonly movedAt: number | undefined;
}

export interface Difference {
  readonly wallMs: number;
  readonly recorded: string;
  readonly replayed: string;
}

export interface Replay {
  readonly inputs: number;
  /** Lines, alerts and orders that were compared. */
  readonly outputs: number;
  readonly snapshots: number;
  readonly gaps: readonly string[];
  /** The first output or snapshot that came out differently. */
  readonly difference: Difference | undefined;
  readonly timeline: readonly TimelineEntry[];
  readonly fates: ReadonlyMap<HostName, Fate>;
  readonly other: OtherReplay | undefined;
}

export interface OtherReplay {
  readonly timeline: readonly TimelineEntry[];
  readonly fates: ReadonlyMap<HostName, Fate>;
  /** Looks that only the other settings asked for: they had no answer. */
  readonly unanswered: number;
  /** It broke a promise of the design, which ended it. */
  readonly broken: string | undefined;
}

/** Replays frames in order; `otherSettings` are tried beside those that were recorded. */
export function replay(
  frames: Iterable<Frame>,
  otherSettings?: (recorded: Settings) => Settings,
): Replay {
  const recorded = new Run();
  const other = otherSettings === undefined ? undefined : new Run();
  const gaps: string[] = [];
  let [inputs, outputs, snapshots, unanswered] = [0, 0, 0, 0];
  let difference: Difference | undefined;
  const differ = (wasText: string, isText: string): void => {
    difference ??= { wallMs: recorded.wallMs, ...firstDifference(wasText, isText) };
  };
  for (const frame of frames) {
    if (frame.kind === "gap") {
      if (!frame.restart) gaps.push(frame.what);
      other?.end(recorded.state);
      recorded.cut();
    } else if (frame.kind === "snapshot") {
      const state = frame.state();
      if (recorded.state !== undefined) {
        snapshots += 1;
        differIfNot(stateText(state), stateText(recorded.state), differ);
      } else {
        recorded.state = state;
        // After a restart the other guardian begins anew too; at first it begins like ours.
        if (otherSettings !== undefined) other?.begin(state, otherSettings(state.settings));
      }
    } else if (recorded.state !== undefined) {
      inputs += 1;
      const effects = recorded.take(frame.event);
      const output = recorded.output(effects);
      outputs += output.filter((text) => text.startsWith("{")).length;
      differIfNot(frame.output.join("\n"), output.join("\n"), differ);
      unanswered += asked(other?.take(other.remembering(frame.event)), effects);
    }
  }
  const { timeline, fates } = recorded;
  return {
    inputs,
    outputs,
    snapshots,
    gaps,
    difference,
    timeline,
    fates,
    other: other?.result(unanswered),
  };
}

function differIfNot(was: string, is: string, differ: (was: string, is: string) => void): void {
  if (was !== is) differ(was, is);
}

/** The lines or parts around the first difference, short enough to read. */
function firstDifference(was: string, is: string): { recorded: string; replayed: string } {
  let at = 0;
  while (at < was.length && was[at] === is[at]) at += 1;
  const from = Math.max(0, at - 60);
  const shown = (text: string): string => {
    const part = text.slice(from, at + 240);
    return part === "" ? "nothing" : `${from > 0 ? "…" : ""}${part}`;
  };
  return { recorded: shown(was), replayed: shown(is) };
}

/** Looks of the other run that the recorded one did not ask for at the same input. */
function asked(
  other: readonly Effect[] | Error | undefined,
  recorded: readonly Effect[] | Error,
): number {
  if (other === undefined || other instanceof Error) return 0;
  const looks = other.filter(isLook).map((look) => JSON.stringify(look));
  if (looks.length === 0) return 0;
  const had = recorded instanceof Error ? [] : recorded.filter(isLook);
  const known = new Set(had.map((look) => JSON.stringify(look)));
  return looks.filter((look) => !known.has(look)).length;
}

/** One guardian that takes the recorded inputs. */
class Run {
  state: GuardianState | undefined;
  wallMs = 0;
  /** The first promise that it broke. */
  broken: Error | undefined;
  /** That ended its process, until the next one begins. */
  #hasEnded = false;
  readonly timeline: TimelineEntry[] = [];
  readonly fates = new Map<HostName, Fate>();
  /** What an earlier process of this run remembered. */
  #memory: string | undefined;

  begin(state: GuardianState, settings: Settings): void {
    this.state = withSettings(state, settings);
    this.#hasEnded = false;
  }

  /** Inputs are missing from here on: the next snapshot begins anew. */
  cut(): void {
    this.state = undefined;
    this.#hasEnded = false;
  }

  /** Its process ends. What it did as was recorded is remembered better by the record itself. */
  end(recorded: GuardianState | undefined): void {
    const [own, theirs] = [this.state?.memory, recorded?.memory].map(
      (one) => one && memoryText(one),
    );
    this.#memory = own === theirs ? undefined : own;
  }

  /** A guardian that begins again remembers what it did itself, not what was recorded. */
  remembering(event: GuardianEvent): GuardianEvent {
    if (event.kind !== "started" || this.#memory === undefined) return event;
    return { ...event, memory: parseMemory(JSON.parse(this.#memory)) };
  }

  take(event: GuardianEvent): readonly Effect[] | Error {
    if (this.state === undefined || this.#hasEnded) return [];
    try {
      const { state, effects } = step(this.state, event);
      this.state = state;
      this.wallMs = state.wall;
      this.#note(state, effects);
      return effects;
    } catch (error) {
      const broken = error instanceof Error ? error : new Error(String(error));
      this.broken ??= broken;
      this.#hasEnded = true;
      return broken;
    }
  }

  output(effects: readonly Effect[] | Error): Output {
    return effects instanceof Error ? outputOfError(effects) : outputOf(effects);
  }

  result(unanswered: number): OtherReplay {
    const { timeline, fates, broken } = this;
    return { timeline, fates, unanswered, broken: broken?.message };
  }

  #note(state: GuardianState, effects: readonly Effect[]): void {
    const wallMs = state.wall;
    for (const effect of effects) {
      if (isLook(effect)) continue;
      this.timeline.push({ wallMs, effect });
      if (effect.kind === "power-off") this.#fate(effect.host, { fencedAt: wallMs });
      if (effect.kind === "evacuate") this.#fate(effect.host, { movedAt: wallMs });
    }
    for (const { host } of state.memory.incidents.values()) {
      const verdict = state.hosts.get(host)?.assessment?.verdict;
      if (verdict === "dead") this.#fate(host, { deadAt: wallMs });
    }
  }

  /** The first time counts. */
  #fate(host: HostName, news: Partial<Fate>): void {
    const known = this.fates.get(host) ?? noFate;
    this.fates.set(host, { ...known, ...news, ...dropUndefined(known) });
  }
}

const noFate: Fate = { deadAt: undefined, fencedAt: undefined, movedAt: undefined };

function dropUndefined(fate: Fate): Partial<Fate> {
  return Object.fromEntries(Object.entries(fate).filter(([, at]) => at !== undefined));
}

/** The state as a guardian with other settings has it: what it saw stays, what it follows changes. */
function withSettings(state: GuardianState, settings: Settings): GuardianState {
  const fresh = initialState(settings, state.startedAt, state.wall);
  const anchors = fresh.anchors.map(
    (anchor) =>
      state.anchors.find(
        ({ network, address }) => network === anchor.network && address === anchor.address,
      ) ?? anchor,
  );
  const hosts = HostTable.of([...fresh.hosts.values(), ...state.hosts.values()]);
  const kept = keepLimits(settings, state.memory.changedLimits);
  const memory = { ...state.memory, changedLimits: kept.changedLimits };
  const { settings: limited } = kept;
  return { ...state, settings: limited, memory, anchors, hosts, verification: noVerification };
}
