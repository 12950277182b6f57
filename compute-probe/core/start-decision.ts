/**
 * Whether this host may start its servers after a boot: a collector's word that the guardian has it not fenced, a
 * person's word, or nobody's for so long that a cloud that lost everything must come up again. Pure.
 */
import type { StartGuardState } from "../../shared/telemetry.ts";
import type { StartWord } from "../../shared/wire-question.ts";
import type { Level, Standing } from "./standing.ts";

/** One collector's newest word. */
export interface HeardWord {
  readonly collector: string;
  readonly word: StartWord;
  /** When it was asked for, on the host's monotonic clock, which begins with its boot. */
  readonly askedMs: number;
  /** How old the guardian's list was then, at most. */
  readonly listAgeMs: number;
}

/** A person on the host takes it upon themselves. */
export interface Override {
  /** "root (uid 0)". */
  readonly by: string;
  readonly reason: string;
}

export interface StartFacts {
  readonly nowMs: number;
  readonly beganMs: number;
  readonly giveUpAfterMs: number;
  readonly heard: readonly HeardWord[];
  /** It was said to be fenced in this boot: silence does not end that. */
  readonly wasFenced: boolean;
  readonly override: Override | undefined;
}

export interface StartDecision {
  readonly state: Exclude<StartGuardState, "none">;
  readonly mayStart: boolean;
  /** For the console: what was heard, and what to do. */
  readonly why: string;
}

/** A word that was asked for longer ago says nothing of now. */
const wordForMs = 10_000;
/** What the guardian needs at most to bring a list to a collector: one that was made before the boot may lack this host. */
export const listOnItsWayMs = 2000;

export function decideStart(facts: StartFacts): StartDecision {
  const { nowMs, heard, override } = facts;
  if (override !== undefined) {
    return start("overridden", `${override.by} says so: ${override.reason}`);
  }
  const recent = heard.filter(({ askedMs }) => nowMs - askedMs <= wordForMs);
  const fenced = recent.find(({ word }) => word === "fenced");
  if (fenced !== undefined) return hold("held", `collector ${fenced.collector} says so`);
  const free = recent.find((one) => one.word === "not-fenced" && isSinceBoot(one));
  if (free !== undefined) return start("not-fenced", `collector ${free.collector} says so`);
  if (facts.wasFenced) return hold("held", "so it was said, and no collector knows better now");
  const waitedMs = nowMs - facts.beganMs;
  const why = whyUnknown(recent);
  if (waitedMs >= facts.giveUpAfterMs) return start("without-word", why);
  return hold("asking", why);
}

/** The list reached the collector after this host had booted; whoever was fenced before is on it. */
function isSinceBoot({ askedMs, listAgeMs }: HeardWord): boolean {
  return askedMs - listAgeMs >= listOnItsWayMs;
}

function whyUnknown(recent: readonly HeardWord[]): string {
  if (recent.length === 0) return "no collector answers";
  const names = recent.map(({ collector }) => collector).join(", ");
  return `no guardian has told collector ${names} since this host booted`;
}

function start(state: StartDecision["state"], why: string): StartDecision {
  return { state, mayStart: true, why };
}

function hold(state: StartDecision["state"], why: string): StartDecision {
  return { state, mayStart: false, why };
}

/** The lines for the console; `host` as Nova has it. */
export function describeStart(
  { state, why }: StartDecision,
  host: string,
  { waitedMs, giveUpAfterMs }: { readonly waitedMs: number; readonly giveUpAfterMs: number },
): readonly string[] {
  const waited = `after ${Math.round(waitedMs / 1000)} s`;
  const limit = `${Math.round(giveUpAfterMs / 1000)} s`;
  const allTheSame = "to start it all the same: guardian-probe --start-guard --override --reason …";
  switch (state) {
    case "asking":
      return [
        `${host}: is it fenced? ${why}; it starts without an answer after ${limit}`,
        allTheSame,
      ];
    case "held":
      return [
        `${host} IS FENCED (${why}): its servers may run elsewhere, so nova-compute and libvirt-guests are held back`,
        `to take it back, on the guardian's node: guardian host release ${host} --reason …`,
        allTheSame,
      ];
    case "not-fenced":
      return [`${host} is not fenced (${why}): its servers may start (${waited})`];
    case "without-word":
      return [
        `${host} is started WITHOUT A WORD (${waited}, must be <= ${limit}): ${why}; make sure that its servers do not run elsewhere`,
      ];
    case "overridden":
      return [`${host} is started although nobody knows whether it is fenced: ${why} (${waited})`];
    default:
      return state satisfies never;
  }
}

const levelOf: Readonly<Record<Exclude<StartGuardState, "none">, Level>> = {
  asking: "unknown",
  held: "critical",
  "not-fenced": "ok",
  "without-word": "warning",
  overridden: "warning",
};

/** As a row of `--once`; no row where no start guard has run. */
export function standingOfStart(state: StartGuardState): readonly Standing[] {
  if (state === "none") return [];
  const text = "of this boot; see: journalctl -b -u guardian-start-guard";
  const level = levelOf[state];
  return [{ name: "start-guard", state, level, ageMs: undefined, isOverdue: false, text }];
}
