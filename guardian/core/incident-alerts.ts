/** What should be said of a host while its servers are moved, and afterwards. */
import type { HostName } from "../../shared/names.ts";
import { describeMs } from "../../shared/time.ts";
import type { AlertMessage } from "../ports.ts";
import { describeGate, type Assessment } from "./assessment.ts";
import { reasonLines } from "./explain.ts";
import type { Incident, Move, Phase } from "./memory.ts";
import { leftLine } from "./moves.ts";
import { serversOn, type NamedServer } from "./servers-on.ts";
import type { GuardianState, HostState } from "./state.ts";

export interface Wanted {
  readonly kind: string;
  readonly host: HostName | undefined;
  readonly class: AlertMessage["class"];
  readonly title: string;
  /** Made only when it is sent: a storm of a thousand hosts asks for it in every round. */
  readonly why: () => readonly string[];
  readonly impact: string;
  readonly next: string;
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

type Draft = Omit<Wanted, "host" | "why" | "impact" | "next"> & Partial<Wanted>;

export function about(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  draft: Draft,
): Wanted {
  const checks = host.newest?.checks;
  const listed = serversOn(host);
  const counted = checks === undefined ? "its servers" : `${checks.serversTotal} servers on it`;
  const servers = listed === undefined ? counted : `down: ${serversText(listed)}`;
  const why = (): readonly string[] => reasonLines(state, host, assessment);
  return { host: host.host, why, impact: servers, next: "", ...draft };
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
      title: `${host.host}: ${phase.life === undefined ? "its proof lapsed" : `it showed life (${phase.life})`}, no new move starts`,
      impact: `${serversText(waiting)} wait`,
      next: "the guardian goes on once its power reads off twice again",
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
      title: `${host.host} is fenced, and its servers wait: ${blocked.map((gate) => gate.gate).join(", ")}`,
      why: () => blocked.map((gate) => describeGate(gate)),
      impact: `${serversText(waiting)} wait`,
      next: "change what the gate names",
    });
    return;
  }
  const stalled = stalledBecause(state, phase, blocked);
  if (stalled !== undefined) {
    yield about(state, host, assessment, {
      kind: "held",
      class: "page",
      title: `${host.host} is fenced, and its servers do not move: ${stalled.what}`,
      why: () => stalled.why,
      next: "mend what is named, or evacuate it by hand: it is off; the guardian tries on",
    });
    return;
  }
  const seconds = describeMs(state.now - incident.openedAt);
  yield about(state, host, assessment, {
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
      return { what: names, why: blocked.map((gate) => describeGate(gate)) };
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

export function endedAlert(
  state: GuardianState,
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
    return about(state, host, assessment, {
      kind: "left-behind",
      class: "page",
      title: `${host.host}: its last report counted ${unlisted} more servers than Nova listed`,
      why: () => [`Nova listed ${moves.length}`, ...where],
      impact: `${unlisted} servers that nobody moved`,
      next: "find out which they are (is a cell of Nova down?) and bring them up by hand",
    });
  }
  if (missing.length === 0) {
    return about(state, host, assessment, {
      kind: "evacuated",
      class: "notification",
      title: `${host.host}: all ${done.length} servers run elsewhere; repair it and release it`,
      why: () => where,
      impact: serversText(done),
      next: `repair it, then: guardian host release ${host.host} (it counts toward the storm limit until then, 24 h at most)`,
    });
  }
  return about(state, host, assessment, {
    kind: "left-behind",
    class: "page",
    title: `${host.host}: ${missing.length} of ${moves.length} servers do not run elsewhere`,
    why: () => [...missing.map(leftLine), ...where],
    impact: serversText(missing),
    next: "bring these servers up by hand; the host is off and fenced",
  });
}

function whereLine(move: Move): string {
  return move.state.kind === "finished" ? `${move.name} on ${move.state.destination}` : move.name;
}

/** "5 servers (vm-1, vm-2, … and 2 more) of 2 projects". */
function serversText(moves: readonly NamedServer[]): string {
  if (moves.length === 0) return "no servers";
  const named = moves.slice(0, 10).map((move) => move.name);
  const more = moves.length > named.length ? ` and ${moves.length - named.length} more` : "";
  const projects = new Set(moves.map((move) => move.project)).size;
  const plural = moves.length === 1 ? "" : "s";
  return `${moves.length} server${plural} (${named.join(", ")}${more}) of ${projects} project${projects === 1 ? "" : "s"}`;
}
