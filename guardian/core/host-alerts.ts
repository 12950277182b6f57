/** What should be said of one host now: one alert per kind of trouble, derived from its state. */
import type { HostName } from "../../shared/names.ts";
import { describeMs } from "../../shared/time.ts";
import type { AlertMessage } from "../ports.ts";
import { describeGate, type Assessment } from "./assessment.ts";
import { incidentOf } from "./incidents.ts";
import type { Incident, Move, Phase } from "./memory.ts";
import { leftLine } from "./moves.ts";
import { deviceKey, unverifiedBecause } from "./verification.ts";
import { hostSettings } from "./settings.ts";
import type { GuardianState, HostState } from "./state.ts";

export interface Wanted {
  readonly kind: string;
  readonly host: HostName | undefined;
  readonly class: AlertMessage["class"];
  readonly title: string;
  readonly why: readonly string[];
  readonly impact: string;
  readonly next: string;
  /** Changes when the alert is worth sending again under the same title. */
  readonly revision?: string;
}

/** A living but isolated host (row 16) is paged after this. */
const isolatedPageMs = 30_000;
/** Rows that must last a while before anybody is told: they are passed through on the way. */
const lastingMs: Readonly<Record<string, number>> = {
  "3": 60_000,
  "12": 10_000,
  "13": 10_000,
  "13a": 10_000,
  "11a": 10_000,
};
/** A lost proof that comes back sooner is nobody's business. */
const proofLostMs = 10_000;
/** A fenced host whose servers are not even listed, a move that is not seen, for this long. */
const stalledMs = 30_000;
/** Devices are read at the start; before this nothing is said of them. */
const unverifiedTicketMs = 30_000;

export function* hostAlerts(state: GuardianState, host: HostState): Generator<Wanted> {
  const { assessment } = host;
  if (assessment === undefined) return;
  const incident = incidentOf(state, host.host);
  const phase = incident?.phase;
  if (incident !== undefined && phase?.kind === "evacuating") {
    yield* evacuatingAlerts(state, host, assessment, incident, phase);
  } else if (phase?.kind === "ended") {
    yield endedAlert(host, assessment, phase);
  } else if (phase?.kind === "fencing" && phase.lastFailure !== undefined) {
    yield fenceFailed(host, assessment, phase.lastFailure);
  } else {
    const wanted = verdictAlert(state, host, assessment);
    if (wanted !== undefined) yield wanted;
  }
  yield* deviceAlerts(state, host, assessment);
  if (unattended(state, host, phase)) yield unattendedAlert(state, host, assessment);
}

type Draft = Omit<Wanted, "host" | "why" | "impact" | "next"> & Partial<Wanted>;

function about(host: HostState, assessment: Assessment, draft: Draft): Wanted {
  const checks = host.newest?.checks;
  const servers = checks === undefined ? "its servers" : `${checks.serversTotal} servers on it`;
  return { host: host.host, why: assessment.evidence, impact: servers, next: "", ...draft };
}

/** The alert that a verdict asks for while nothing has been done yet. */
function verdictAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted | undefined {
  const { row, verdict, says, action } = assessment;
  const title = `${host.host} is ${verdict}: ${says}`;
  const draft = (kind: string, cls: Wanted["class"], next: string): Wanted =>
    about(host, assessment, { kind, class: cls, title, next });
  const sinceMs = host.silentSince === undefined ? 0 : state.now - host.silentSince;
  if (state.now - assessment.since < (lastingMs[row] ?? 0)) return undefined;
  switch (row) {
    case "2":
      return undefined; // told by deviceAlerts, for as long as the device is distrusted
    case "3a":
      return undefined; // released and not back yet: a person has it in hand
    case "1":
    case "1a":
      if (host.silentSince === undefined) return undefined;
      return draft(
        "silent-in-doubt",
        "page",
        "restore our eyes first; then it is judged by itself",
      );
    case "3":
      return draft("unguarded", "ticket", "install a probe on it, or remove it from Nova");
    case "16":
      return draft(
        "isolated",
        sinceMs >= isolatedPageMs ? "page" : "notification",
        "look at its networks; it is not fenced while it lives",
      );
    case "15":
      return draft(
        "unproven",
        "page",
        "its power device must answer, and be verified, or a person must make sure that it is off",
      );
    case "14":
    case "18":
      return deadAlert(state, host, assessment);
    default:
      break;
  }
  if (action === "page")
    return draft(
      verdict === "hung" ? "hung" : `row-${row}`,
      "page",
      "a person must look; nothing is done by itself",
    );
  if (action === "alert")
    return draft(verdict, "notification", "nothing is fenced; mend what is named");
  if (action === "ticket")
    return draft(verdict === "silent" ? "probe-dead" : verdict, "ticket", "mend what is named");
  return undefined;
}

/** A device that is not this host's is a page; one that nothing vouches for yet is a ticket. */
function* deviceAlerts(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Generator<Wanted> {
  if (state.now - state.startedAt < unverifiedTicketMs || assessment.row === "3") return;
  for (const device of hostSettings(state.settings, host.host).devices) {
    const standing = state.memory.devices[deviceKey(host.host, device)];
    const reason = unverifiedBecause(state, host.host, device);
    if (reason === undefined) continue;
    yield about(host, assessment, {
      kind: `device-${device}`,
      class: standing?.unverified === undefined ? "ticket" : "page",
      title: `power device ${device} of ${host.host} is not verified: no fence goes through it`,
      why: [`${device}: ${reason}`],
      impact: `${host.host} cannot be fenced`,
      next: `compare its address with the host's, then: guardian fence vouch ${host.host}`,
    });
  }
}

/** A dead host: we act, or say which gate holds us, or what we would do. */
function deadAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted | undefined {
  const blocked = assessment.gates.filter((gate) => !gate.pass);
  // A storm has one page that names its hosts; a suspect holds for seconds only.
  const byStorm = blocked.every((gate) => gate.gate === "storm" || gate.gate === "suspects");
  const named = state.memory.storm !== undefined;
  if (blocked.length > 0 && byStorm && (named || state.now - assessment.since < proofLostMs)) {
    return undefined;
  }
  // The grace after a start ends by itself: to the person who must act here it changes nothing.
  const observing =
    blocked.some((gate) => gate.gate === "mode") &&
    blocked.every((gate) => gate.gate === "mode" || gate.gate === "grace");
  if (blocked.length === 0 || observing) {
    return about(host, assessment, {
      kind: "dead",
      class: observing ? "page" : "notification",
      title: `${host.host} is dead: ${assessment.says}`,
      next: observing
        ? "mode observe: we would fence it and evacuate its servers; a person must"
        : "it is fenced and its servers are evacuated",
    });
  }
  return about(host, assessment, {
    kind: "held",
    class: "page",
    title: `${host.host} is dead, and we do not act: ${blocked.map((gate) => gate.gate).join(", ")}`,
    why: [...blocked.map(describeGate), ...assessment.evidence],
    next: "change what the gate names, or evacuate it by hand once it is surely off",
  });
}

function fenceFailed(host: HostState, assessment: Assessment, reason: string): Wanted {
  return about(host, assessment, {
    kind: "fence-failed",
    class: "page",
    title: `${host.host} could not be fenced: nothing is evacuated`,
    why: [reason, ...assessment.evidence],
    next: "make sure by hand that it is off; the guardian tries again while it looks dead",
  });
}

function* evacuatingAlerts(
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
    yield about(host, assessment, {
      kind: "proof-lost",
      class: "page",
      title: `${host.host}: ${phase.life === undefined ? "its proof lapsed" : `it showed life (${phase.life})`}, no new move starts`,
      impact: `${serversText(waiting)} wait`,
      next: "the guardian goes on once its power reads off twice again",
    });
    return;
  }
  const blocked = assessment.gates.filter((gate) => !gate.pass);
  const heldLong = state.now - phase.since >= proofLostMs;
  if (blocked.length > 0 && waiting.length > 0 && heldLong) {
    yield about(host, assessment, {
      kind: "held",
      class: "page",
      title: `${host.host} is fenced, and its servers wait: ${blocked.map((gate) => gate.gate).join(", ")}`,
      why: blocked.map(describeGate),
      impact: `${serversText(waiting)} wait`,
      next: "change what the gate names",
    });
    return;
  }
  const stalled = stalledBecause(state, phase, blocked);
  if (stalled !== undefined) {
    yield about(host, assessment, {
      kind: "held",
      class: "page",
      title: `${host.host} is fenced, and its servers do not move: ${stalled.what}`,
      why: stalled.why,
      next: "mend what is named, or evacuate it by hand: it is off; the guardian tries on",
    });
    return;
  }
  const seconds = describeMs(state.now - incident.openedAt);
  yield about(host, assessment, {
    kind: "dead",
    class: "notification",
    title: `${host.host} is dead and fenced: its servers are being evacuated`,
    impact: serversText(moves),
    next: `following every server until it runs again (${seconds} so far)`,
  });
}

/** Nova answers, and yet the evacuation does not get on; undefined while it may still. */
function stalledBecause(
  state: GuardianState,
  phase: Extract<Phase, { kind: "evacuating" }>,
  blocked: Assessment["gates"],
): { readonly what: string; readonly why: readonly string[] } | undefined {
  const { forcedDown } = phase;
  if (phase.moves === undefined) {
    if (state.now - phase.since < stalledMs) return undefined;
    if (blocked.length > 0) {
      const names = blocked.map((gate) => gate.gate).join(", ");
      return { what: names, why: blocked.map(describeGate) };
    }
    if (forcedDown.kind === "done") {
      return { what: "its servers cannot be listed", why: ["Nova gives no list of its servers"] };
    }
    const reason = forcedDown.kind === "retry" ? forcedDown.reason : "no answer";
    return { what: "Nova does not force it down", why: [reason] };
  }
  if (phase.settledAt !== undefined && state.now - phase.settledAt >= 3 * stalledMs) {
    return { what: "its servers cannot be listed again", why: ["Nova gives no list of them"] };
  }
  const limitMs = state.settings.limits.moveMsMax + stalledMs;
  const lost = Object.values(phase.moves).filter(
    ({ state: move }) =>
      (move.kind === "ordered" || move.kind === "running") && state.now - move.at > limitMs,
  );
  if (lost.length === 0) return undefined;
  return { what: "its moves cannot be followed", why: lost.map((move) => move.name) };
}

function endedAlert(
  host: HostState,
  assessment: Assessment,
  phase: Extract<Phase, { kind: "ended" }>,
): Wanted {
  const moves = Object.values(phase.moves);
  const done = moves.filter((move) => move.state.kind === "finished");
  const missing = moves.filter((move) => move.state.kind !== "finished");
  const where = done.map((move) => whereLine(move));
  const unlisted = phase.unlisted ?? 0;
  if (missing.length === 0 && unlisted > 0) {
    return about(host, assessment, {
      kind: "left-behind",
      class: "page",
      title: `${host.host}: its last report counted ${unlisted} more servers than Nova listed`,
      why: [`Nova listed ${moves.length}`, ...where],
      impact: `${unlisted} servers that nobody moved`,
      next: "find out which they are (is a cell of Nova down?) and bring them up by hand",
    });
  }
  if (missing.length === 0) {
    return about(host, assessment, {
      kind: "evacuated",
      class: "notification",
      title: `${host.host}: all ${done.length} servers run elsewhere; repair it and release it`,
      why: where,
      impact: serversText(done),
      next: `repair it, then: guardian host release ${host.host} (it counts toward the storm limit until then, 24 h at most)`,
    });
  }
  return about(host, assessment, {
    kind: "left-behind",
    class: "page",
    title: `${host.host}: ${missing.length} of ${moves.length} servers do not run elsewhere`,
    why: [...missing.map(leftLine), ...where],
    impact: serversText(missing),
    next: "bring these servers up by hand; the host is off and fenced",
  });
}

function whereLine(move: Move): string {
  return move.state.kind === "finished" ? `${move.name} on ${move.state.destination}` : move.name;
}

/** Whatever holds it: a silent host with no move under way gets a page of its own. */
function unattended(state: GuardianState, host: HostState, phase: Phase | undefined): boolean {
  if (host.silentSince === undefined || phase?.kind === "ended") return false;
  if (phase?.kind === "evacuating" && phase.proof !== undefined) return false;
  if (host.assessment?.row === "3" || host.assessment?.row === "3a") return false;
  if (state.memory.storm !== undefined && state.census.trouble.includes(host.host)) return false;
  const notice = host.assessment?.signals.notice === "in-force";
  return !notice && state.now - host.silentSince >= state.settings.limits.unattendedMs;
}

function unattendedAlert(state: GuardianState, host: HostState, assessment: Assessment): Wanted {
  const { unattendedMs } = state.settings.limits;
  const blocked = assessment.gates.filter((gate) => !gate.pass);
  const hold = blocked.length === 0 ? assessment.says : blocked.map(describeGate).join("; ");
  return about(host, assessment, {
    kind: "unattended",
    class: "page",
    title: `${host.host} has been silent for more than ${describeMs(unattendedMs)} and nothing moves`,
    why: [`held by row ${assessment.row}: ${hold}`, ...assessment.evidence],
    next: "end what holds it, or act by hand",
  });
}

/** "5 servers (vm-1, vm-2, … and 2 more) of 2 projects". */
export function serversText(moves: readonly Move[]): string {
  if (moves.length === 0) return "no servers";
  const named = moves.slice(0, 10).map((move) => move.name);
  const more = moves.length > named.length ? ` and ${moves.length - named.length} more` : "";
  const projects = new Set(moves.map((move) => move.project)).size;
  const plural = moves.length === 1 ? "" : "s";
  return `${moves.length} server${plural} (${named.join(", ")}${more}) of ${projects} project${projects === 1 ? "" : "s"}`;
}
