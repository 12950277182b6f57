/** What should be said of a host while its servers are moved, and afterwards. */
import type { HostName } from "../../shared/names.ts";
import type { AlertMessage } from "../ports.ts";
import { gateWords, verdictWords, type Assessment } from "./assessment.ts";
import { orConfirm } from "./confirmations.ts";
import { reasonLines } from "./explain.ts";
import { fenceLevels } from "./fence-levels.ts";
import { isComingHome } from "./home-gates.ts";
import type { Incident, Phase } from "./memory.ts";
import type { Move } from "./move.ts";
import { isUnderWay } from "./moves-under-way.ts";
import { todoWords, totalWords } from "./move-report.ts";
import { isByPolicy, leftWords } from "./move-plan.ts";
import { serversOn, type NamedServer } from "./servers-on.ts";
import type { GuardianState, HostState } from "./state.ts";
import { waitsForNova } from "./waiting-moves.ts";
import { durationWords, words, type Said, type Words } from "./words.ts";

export interface Wanted {
  readonly kind: string;
  readonly host: HostName | undefined;
  readonly class: AlertMessage["class"];
  readonly title: Words;
  /** Made only when it is sent: a storm of a thousand hosts asks for it in every round. */
  readonly why: () => readonly Said[];
  readonly impact: () => Words;
  readonly next: Words;
  /** Changes when the alert is worth sending again under the same title. */
  readonly revision?: string;
}

/** The same for the same trouble, before and after a restart. */
export function dedupKeyOf(state: GuardianState, host: HostName | undefined, kind: string): string {
  return `guardian/${state.settings.cloud}/${host ?? "guardian"}/${kind}`;
}

/** A lost proof that comes back sooner is nobody's business. */
export const proofLostMs = 10_000;
/** A fenced host whose servers are not even listed, a move that is not seen, for this long. */
const stalledMs = 30_000;

type Draft = Omit<Wanted, "host" | "why" | "impact"> & Partial<Wanted>;

export function about(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  draft: Draft,
): Wanted {
  const why = (): readonly Words[] => reasonLines(state, host, assessment);
  return { host: host.host, why, impact: () => impactOf(host), ...draft };
}

/** What is down: by name where Nova was asked, else as its last report counted. */
function impactOf(host: HostState): Words {
  const listed = serversOn(host);
  if (listed !== undefined) return words("impact.down", { servers: serversWords(listed) });
  const checks = host.newest?.checks;
  return checks === undefined
    ? words("impact.its-servers")
    : words("impact.counted", { count: checks.serversTotal });
}

/** "compute-1 is dead: …". */
export function verdictTitle({ host }: HostState, { verdict, says }: Assessment): Words {
  return words("alert.verdict", { host, verdict: verdictWords(verdict), says });
}

export function* evacuatingAlerts(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  incident: Incident,
  phase: Extract<Phase, { kind: "evacuating" }>,
): Generator<Wanted> {
  const moves = Object.values(phase.moves ?? {});
  const waiting = moves.filter((move) => move.state.kind === "planned");
  const lostMs = phase.lostAt === undefined ? 0 : state.now - phase.lostAt;
  if (phase.proof === undefined && (phase.life !== undefined || lostMs >= proofLostMs)) {
    yield about(state, host, assessment, {
      kind: "proof-lost",
      class: "page",
      title:
        phase.life === undefined
          ? words("alert.proof-lapsed", { host: host.host })
          : words("alert.proof-revoked", { host: host.host, life: phase.life }),
      impact: () => words("impact.wait", { servers: serversWords(waiting) }),
      next: orConfirm(state, host.host, words("todo.proof")),
      revision: `switched off again ${phase.refences} times`,
    });
    return;
  }
  const blocked = assessment.gates.filter((gate) => !gate.pass);
  const heldLong = state.now - phase.since >= proofLostMs;
  if (blocked.length > 0 && waiting.length > 0 && heldLong) {
    yield about(state, host, assessment, {
      kind: "held",
      class: "page",
      title: words("alert.servers-wait", {
        host: host.host,
        gates: blocked.map(({ gate }) => gate),
      }),
      why: () => blocked.map(gateWords),
      impact: () => words("impact.wait", { servers: serversWords(waiting) }),
      next: words("todo.gate"),
    });
    return;
  }
  const stalled = stalledBecause(state, phase, blocked);
  if (stalled !== undefined) {
    yield about(state, host, assessment, {
      kind: "held",
      class: "page",
      title: words("alert.stalled", { host: host.host, what: stalled.what }),
      why: () => stalled.why,
      next: stalled.next ?? words("todo.stalled"),
    });
    return;
  }
  const failed = moves.filter((move) => isGivenUp(move) || isTriedAgain(move));
  // A short evacuation tells it at its end, with all the others.
  const goesOn = state.now - phase.since >= 2 * stalledMs;
  if (failed.length > 0 && goesOn) yield failingAlert(state, host, assessment, failed);
  const lasted = durationWords(state.now - incident.openedAt);
  yield about(state, host, assessment, {
    kind: "dead",
    class: "notification",
    title: words("alert.evacuating", { host: host.host }),
    why: () => [...levelLines(state, host, phase), ...reasonLines(state, host, assessment)],
    // Before they are listed, what its last report counted is down.
    impact: () => (phase.moves === undefined ? impactOf(host) : serversWords(moves)),
    next: words("todo.following", { lasted }),
  });
}

/** It stays down, until people do something about it. */
function isGivenUp(move: Move): boolean {
  return move.state.kind === "failed" || (move.state.kind === "left" && !isByPolicy(move));
}

/** It failed, and no further try has come to an end: whoever could mend the cause need not wait for the last one. */
function isTriedAgain({ state, lastFailure }: Move): boolean {
  if (lastFailure === undefined) return false;
  return state.kind !== "finished" && state.kind !== "left" && state.kind !== "failed";
}

/**
 * Servers that were given up, or failed and are tried again, while the others are still moved, which may take an hour:
 * their owners need not wait for the end. Told again as they double.
 */
function failingAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  failed: readonly Move[],
): Wanted {
  const again = failed.some(isTriedAgain);
  return about(state, host, assessment, {
    kind: "left-behind",
    class: "page",
    title: words(again ? "alert.moves-again" : "alert.moves-fail", { host: host.host }),
    why: () => failed.map(leftWords),
    impact: () => serversWords(failed),
    next: again ? words("todo.moves-again") : todoWords(host.host, failed),
    revision: `${Math.floor(Math.log2(failed.length))}`,
  });
}

/** Where a host has several levels: by which it was fenced, and what came of those before. */
function levelLines(
  state: GuardianState,
  { host }: HostState,
  { run }: Extract<Phase, { kind: "evacuating" }>,
): readonly Words[] {
  const { settings } = state;
  const levels = fenceLevels(settings, host);
  if (run === undefined || levels.length <= 1) return [];
  const name = (level: number): { readonly level: number; readonly devices: string } => ({
    level: level + 1,
    devices: levels[level]?.devices.join(", ") ?? "",
  });
  const failed = run.failed.map(({ level, reason }) =>
    words("why.level-failed", { ...name(level), reason }),
  );
  return levels[run.level] === undefined
    ? failed
    : [words("why.level", name(run.level)), ...failed];
}

/** Nova takes it to a host that is fenced itself: it waits there, and would start when that host comes back. */
function isStranded(state: GuardianState, move: Move): boolean {
  if (!isUnderWay(move) || move.to === undefined) return false;
  const kind = state.memory.incidents.get(move.to)?.phase.kind;
  return kind === "evacuating" || kind === "ended";
}

interface Stalled {
  readonly what: Words | readonly string[];
  readonly why: readonly Said[];
  readonly next?: Words;
}

/** Nova answers, and yet the evacuation does not get on; undefined while it may still. */
function stalledBecause(
  state: GuardianState,
  phase: Extract<Phase, { kind: "evacuating" }>,
  blocked: Assessment["gates"],
): Stalled | undefined {
  const { forcedDown } = phase;
  if (phase.moves === undefined) {
    if (state.now - phase.since < stalledMs) return undefined;
    if (blocked.length > 0) {
      return { what: blocked.map(({ gate }) => gate), why: blocked.map(gateWords) };
    }
    if (forcedDown.kind === "done") {
      return { what: words("stalled.list"), why: [words("why.no-list")] };
    }
    const reason = forcedDown.kind === "retry" ? forcedDown.reason : words("why.no-answer");
    return { what: words("stalled.force-down"), why: [reason] };
  }
  if (phase.settledAt !== undefined && state.now - phase.settledAt >= 3 * stalledMs) {
    return { what: words("stalled.list-again"), why: [words("why.no-list-again")] };
  }
  const stranded = Object.values(phase.moves).filter((move) => isStranded(state, move));
  if (stranded.length > 0) {
    const why = stranded.map(({ name, to = "?" }) =>
      words("why.stranded", { server: name, host: to }),
    );
    return { what: words("stalled.destination"), why, next: words("todo.stranded") };
  }
  const notTaken = waitsForNova(state, phase);
  if (notTaken !== undefined) return notTaken;
  const limitMs = state.settings.limits.moveMsMax + stalledMs;
  const lost = Object.values(phase.moves).filter(
    (move) => isUnderWay(move) && state.now - move.state.at > limitMs,
  );
  if (lost.length === 0) return undefined;
  return { what: words("stalled.moves"), why: lost.map((move) => move.name) };
}

export function endedAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  phase: Extract<Phase, { kind: "ended" }>,
): Wanted {
  const moves = Object.values(phase.moves);
  const done = moves.filter((move) => move.state.kind === "finished");
  const missing = moves.filter((move) => move.state.kind !== "finished");
  const total = (): Words => totalWords(state, host.host, phase);
  const where = (): readonly Said[] => [total(), ...done.map(whereWords)];
  const unlisted = phase.unlisted ?? 0;
  if (missing.length === 0 && unlisted > 0) {
    return about(state, host, assessment, {
      kind: "left-behind",
      class: "page",
      title: words("alert.unlisted", { host: host.host, count: unlisted }),
      why: () => [words("why.listed", { count: moves.length }), ...where()],
      impact: () => words("impact.unlisted", { count: unlisted }),
      next: words("todo.unlisted"),
    });
  }
  if (missing.length === 0) {
    return about(state, host, assessment, {
      kind: "evacuated",
      class: "notification",
      title: words(isComingHome(state, host.host) ? "alert.evacuated-home" : "alert.evacuated", {
        host: host.host,
        count: done.length,
      }),
      why: where,
      impact: () => serversWords(done),
      next: isComingHome(state, host.host)
        ? words("todo.home-comes", { host: host.host })
        : words("todo.release", { host: host.host }),
    });
  }
  if (missing.every(isByPolicy) && unlisted === 0) {
    return about(state, host, assessment, {
      kind: "left-by-policy",
      class: "ticket",
      title: words("alert.left-by-policy", {
        host: host.host,
        done: done.length,
        left: missing.length,
      }),
      why: () => [...missing.map(leftWords), ...where()],
      impact: () => serversWords(missing),
      next: words("todo.left-by-policy", { host: host.host }),
    });
  }
  return about(state, host, assessment, {
    kind: "left-behind",
    class: "page",
    title: words("alert.left-behind", {
      host: host.host,
      missing: missing.length,
      count: moves.length,
    }),
    why: () => [...missing.map(leftWords), ...where()],
    impact: () => serversWords(missing),
    next: todoWords(host.host, missing),
  });
}

function whereWords({ name, state }: Move): Said {
  if (state.kind !== "finished") return name;
  return words("why.server-on", { server: name, host: state.destination });
}

/** "5 servers (vm-1, vm-2, … and 2 more) of 2 projects". */
function serversWords(servers: readonly NamedServer[]): Words {
  if (servers.length === 0) return words("servers.none");
  const named = servers.slice(0, namesMax).map(({ name }) => name);
  const more = servers.length - named.length;
  return words("servers.named", {
    count: servers.length,
    names: more > 0 ? words("servers.and-more", { names: named, count: more }) : named,
    projects: new Set(servers.map(({ project }) => project)).size,
  });
}

const namesMax = 10;
