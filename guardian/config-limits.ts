/** Limits an operator may move, in the file or while the guardian runs; the least values are what keeps a fence from being a guess, the greatest ones what keeps a guardian from being none. */
import { duration, z } from "./config-parts.ts";
import {
  changeableLimits,
  limitNames,
  type LimitName,
  type LimitProblem,
  type LimitWish,
} from "./core/changed-limits.ts";
import { defaultLimits } from "./core/settings.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const shapes = {
  suspectAfter: duration(defaultLimits.suspectAfterMs, 2000, 2 * minute),
  silentAfter: duration(defaultLimits.silentAfterMs, 4000, 5 * minute),
  checkDown: duration(defaultLimits.checkDownMs, 5000, hour),
  graceFresh: duration(defaultLimits.graceFreshMs, 5000, 10 * minute),
  graceUnseen: duration(defaultLimits.graceUnseenMs, 20_000, hour),
  powerRehearsal: duration(defaultLimits.powerRehearsalMs, 10_000, day),
  powerProbation: duration(defaultLimits.powerProbationMs, 10_000, hour),
  powerDeadline: duration(defaultLimits.powerDeadlineMs, 1000, 2 * minute),
  fenceAttempt: duration(defaultLimits.fenceAttemptMs, 10_000, 15 * minute),
  stormShare: z.number().min(0).max(0.5).default(defaultLimits.stormShare),
  stormCooldown: duration(defaultLimits.stormCooldownMs, 30_000, day),
  fencesPerHour: z.int().min(1).default(defaultLimits.fencesPerHour),
  fencesPerHourInDomain: z.int().min(1).default(defaultLimits.fencesPerHourInDomain),
  disableDegradedAfter: duration(defaultLimits.disableDegradedAfterMs, 10_000, day),
  enableHealthyAfter: duration(defaultLimits.enableHealthyAfterMs, 30_000, 7 * day),
  movesAtOnce: z.int().min(1).max(256).default(defaultLimits.movesAtOnce),
  movesAtFirst: z.int().min(1).max(64).default(defaultLimits.movesAtFirst),
  movesPerDestination: z.int().min(1).max(64).default(defaultLimits.movesPerDestination),
  moveSlow: duration(defaultLimits.moveSlowMs, 1000, 10 * minute),
  moveAttempts: z.int().min(1).max(10).default(defaultLimits.moveAttempts),
  moveDeadline: duration(defaultLimits.moveDeadlineMs, 30_000, day),
  moveMax: duration(defaultLimits.moveMsMax, 30_000, day),
  unattended: duration(defaultLimits.unattendedMs, 10_000, 30 * minute),
  repeatPage: duration(defaultLimits.repeatPageMs, 60_000, day),
};

export const limits = z.strictObject(shapes).prefault({});

/** Nova's report_interval. */
export const novaReportInterval = duration(defaultLimits.novaCadenceMs, 1000, 10 * minute);

/** What stands for "as the configuration says" where a value is asked for. */
export const asConfigured = "configured";

export interface LimitsRead {
  readonly wishes: readonly LimitWish[];
  /** Of those that are none. */
  readonly problems: readonly LimitProblem[];
}

/** What people wish limits to be, by the schema that checks the file. */
export function readLimits(texts: ReadonlyMap<LimitName, string>): LimitsRead {
  const wishes: LimitWish[] = [];
  const problems: LimitProblem[] = [];
  for (const name of limitNames) {
    const text = texts.get(name);
    if (text === undefined) continue;
    if (text === asConfigured) {
      wishes.push({ name, value: undefined });
      continue;
    }
    const isDuration = changeableLimits[name].unit === "ms";
    const parsed = schemaOf(name).safeParse(isDuration ? text : numberIn(text));
    if (parsed.success) wishes.push({ name, value: parsed.data });
    else problems.push(...parsed.error.issues.map(({ message }) => ({ name, message })));
  }
  return { wishes, problems };
}

function schemaOf(name: LimitName): z.ZodType<number> {
  if (name === "novaReportInterval") return novaReportInterval;
  return shapes[name.slice("limits.".length) as keyof typeof shapes];
}

/** A text that is no number stays one, for the schema to say what it misses. */
function numberIn(text: string): number | string {
  return /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : text;
}
