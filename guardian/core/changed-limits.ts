/**
 * Limits that people change while the guardian runs: how soon, how often, how much at once. What decides
 * whether anything may be done at all (mode, proofs, who must confirm) is the configuration's alone, and no
 * brake gets looser than the configuration has it. A change outlives a restart for as long as the
 * configuration says of that limit what it said then: whoever edits the file has the last word.
 */
import { formatDuration } from "../../shared/time.ts";
import type { Effect } from "./effects.ts";
import type { LimitsSet } from "./events.ts";
import { say } from "./incidents.ts";
import type { ChangedLimit, Memory } from "./memory.ts";
import type { Limits, Settings } from "./settings.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { words } from "./words.ts";

interface ChangeableLimit {
  readonly limit: keyof Limits;
  readonly unit: "ms" | "count" | "share";
  /** Which way it lets more happen: so far as the configuration says, and no further. */
  readonly looser?: "more" | "less";
}

/** By the name that the configuration has for it. */
export const changeableLimits = {
  "limits.suspectAfter": { limit: "suspectAfterMs", unit: "ms" },
  "limits.silentAfter": { limit: "silentAfterMs", unit: "ms" },
  "limits.checkDown": { limit: "checkDownMs", unit: "ms" },
  "limits.graceFresh": { limit: "graceFreshMs", unit: "ms", looser: "less" },
  "limits.graceUnseen": { limit: "graceUnseenMs", unit: "ms", looser: "less" },
  "limits.powerRehearsal": { limit: "powerRehearsalMs", unit: "ms" },
  "limits.powerProbation": { limit: "powerProbationMs", unit: "ms", looser: "less" },
  "limits.powerDeadline": { limit: "powerDeadlineMs", unit: "ms" },
  "limits.fenceAttempt": { limit: "fenceAttemptMs", unit: "ms" },
  "limits.stormShare": { limit: "stormShare", unit: "share", looser: "more" },
  "limits.stormCooldown": { limit: "stormCooldownMs", unit: "ms", looser: "less" },
  "limits.fencesPerHour": { limit: "fencesPerHour", unit: "count", looser: "more" },
  "limits.fencesPerHourInDomain": {
    limit: "fencesPerHourInDomain",
    unit: "count",
    looser: "more",
  },
  "limits.disableDegradedAfter": { limit: "disableDegradedAfterMs", unit: "ms" },
  "limits.enableHealthyAfter": { limit: "enableHealthyAfterMs", unit: "ms" },
  "limits.movesAtOnce": { limit: "movesAtOnce", unit: "count" },
  "limits.movesAtFirst": { limit: "movesAtFirst", unit: "count" },
  "limits.movesPerDestination": { limit: "movesPerDestination", unit: "count" },
  "limits.moveSlow": { limit: "moveSlowMs", unit: "ms" },
  "limits.moveAttempts": { limit: "moveAttempts", unit: "count" },
  "limits.moveDeadline": { limit: "moveDeadlineMs", unit: "ms" },
  "limits.moveMax": { limit: "moveMsMax", unit: "ms" },
  "limits.unattended": { limit: "unattendedMs", unit: "ms" },
  // Nova's record counts as quiet after one and a half of it.
  novaReportInterval: { limit: "novaCadenceMs", unit: "ms", looser: "less" },
} as const satisfies Readonly<Record<string, ChangeableLimit>>;

export type LimitName = keyof typeof changeableLimits;

export const limitNames = Object.keys(changeableLimits) as readonly LimitName[];

/** What a limit is to be; undefined: what the configuration says. */
export interface LimitWish {
  readonly name: LimitName;
  readonly value: number | undefined;
}

function entryOf(name: LimitName): ChangeableLimit {
  return changeableLimits[name];
}

/** Whether it may only be made stricter than the configuration has it. */
export function isBrake(name: LimitName): boolean {
  return entryOf(name).looser !== undefined;
}

/** The value that counts now. */
export function limitNow({ settings }: GuardianState, name: LimitName): number {
  return settings.limits[entryOf(name).limit];
}

/** The value that the configuration has, whatever was changed since. */
export function limitConfigured(state: GuardianState, name: LimitName): number {
  return state.memory.changedLimits[name]?.configured ?? limitNow(state, name);
}

/** As the configuration writes it: "30s", "0.1". */
export function limitText(name: LimitName, value: number): string {
  return entryOf(name).unit === "ms" ? formatDuration(value) : String(value);
}

/** What speaks against a wish. */
export interface LimitProblem {
  readonly name: LimitName;
  readonly message: string;
}

/** All that speaks against these wishes together; nothing when they may be granted. */
export function limitProblems(
  state: GuardianState,
  wishes: readonly LimitWish[],
): readonly LimitProblem[] {
  const loose = wishes.flatMap(({ name, value }) => {
    const { looser } = entryOf(name);
    const configured = limitConfigured(state, name);
    if (value === undefined || looser === undefined) return [];
    if (looser === "more" ? value <= configured : value >= configured) return [];
    const [is, says] = [limitText(name, value), limitText(name, configured)];
    const message = `${is} is ${looser} than ${says}, which the configuration says: a looser brake takes the file and a restart`;
    return [{ name, message }];
  });
  if (isInOrder(limitsWith(state, wishes))) return loose;
  const message = "must be more than limits.suspectAfter";
  return [...loose, { name: "limits.silentAfter", message }];
}

/** Those that `isInOrder` compares. */
const orderedLimits: readonly string[] = ["limits.suspectAfter", "limits.silentAfter"];

function isInOrder({ suspectAfterMs, silentAfterMs }: Limits): boolean {
  return silentAfterMs > suspectAfterMs;
}

function limitsWith(state: GuardianState, wishes: readonly LimitWish[]): Limits {
  const changed = wishes.map(({ name, value }) => [
    entryOf(name).limit,
    value ?? limitConfigured(state, name),
  ]);
  return { ...state.settings.limits, ...(Object.fromEntries(changed) as Partial<Limits>) };
}

/** A person changes limits, or gives them back to the configuration: all of them, or none. */
export function foldLimitsSet(
  state: GuardianState,
  event: LimitsSet,
  out: Effect[],
): GuardianState {
  if (limitProblems(state, event.wishes).length > 0) return state;
  const { by, reason, wall } = event;
  const changedLimits: Record<string, ChangedLimit> = { ...state.memory.changedLimits };
  let told = state;
  for (const { name, value } of event.wishes) {
    const [before, configured] = [limitNow(state, name), limitConfigured(state, name)];
    const given = value ?? configured;
    if (given === before && given === configured) continue;
    if (given === configured) delete changedLimits[name];
    else changedLimits[name] = { value: given, configured, by, reason, wall };
    const about = { name, value: limitText(name, given), by, reason };
    const text =
      given === configured
        ? words("log.limit-reset", about)
        : words("log.limit-set", { ...about, before: limitText(name, before) });
    told = say(told, out, { level: "warn", host: undefined, event: "limit-set", text });
  }
  const settings: Settings = { ...state.settings, limits: limitsWith(state, event.wishes) };
  return stateWith(told, { settings, memory: { ...told.memory, changedLimits } });
}

export interface KeptLimits {
  readonly settings: Settings;
  readonly changedLimits: Memory["changedLimits"];
  /** Changes that do not fit this configuration any more. */
  readonly dropped: readonly (readonly [name: string, change: ChangedLimit])[];
}

/** A configuration with the changes that still fit it: together, as they were made, whatever their order here. */
export function keepLimits(settings: Settings, changed: Memory["changedLimits"]): KeptLimits {
  const fits = ([name, { configured }]: readonly [string, ChangedLimit]): boolean =>
    isLimitName(name) && settings.limits[entryOf(name).limit] === configured;
  const all = Object.entries(changed);
  const fitting = all.filter(fits);
  const isOrdered = isInOrder(withChanges(settings.limits, fitting));
  const kept = fitting.filter(([name]) => isOrdered || !orderedLimits.includes(name));
  const keptNames = new Set(kept.map(([name]) => name));
  return {
    settings:
      kept.length === 0 ? settings : { ...settings, limits: withChanges(settings.limits, kept) },
    changedLimits: Object.fromEntries(kept),
    dropped: all.filter(([name]) => !keptNames.has(name)),
  };
}

function withChanges(
  limits: Limits,
  changes: readonly (readonly [string, ChangedLimit])[],
): Limits {
  const values = changes.flatMap(([name, { value }]) =>
    isLimitName(name) ? [[entryOf(name).limit, value]] : [],
  );
  return { ...limits, ...(Object.fromEntries(values) as Partial<Limits>) };
}

/** What people changed before a restart: kept, or not, and said in either case. */
export function foldKeptLimits(state: GuardianState, out: Effect[]): GuardianState {
  const { settings, changedLimits, dropped } = keepLimits(
    state.settings,
    state.memory.changedLimits,
  );
  let told = stateWith(state, { settings, memory: { ...state.memory, changedLimits } });
  const tell = (text: ReturnType<typeof words>): void => {
    told = say(told, out, { level: "warn", host: undefined, event: "limit-kept", text });
  };
  for (const [name, { value, configured, by, reason }] of Object.entries(changedLimits)) {
    if (!isLimitName(name)) continue;
    const [is, says] = [limitText(name, value), limitText(name, configured)];
    tell(words("log.limit-kept", { name, value: is, configured: says, by, reason }));
  }
  for (const [name, { by, reason }] of dropped) {
    tell(words("log.limit-dropped", { name, by, reason }));
  }
  return told;
}

export function isLimitName(text: string): text is LimitName {
  return Object.hasOwn(changeableLimits, text);
}
