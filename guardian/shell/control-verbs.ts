/**
 * What people ask the guardian to do, as events for its core: each verb is checked against what is so
 * now, and refused with the next step, or told and answered with what became of it.
 */
import { hostName, type HostName } from "../../shared/names.ts";
import {
  describeMs,
  describeWall,
  parseDuration,
  wallMs,
  type MonoMs,
  type WallMs,
} from "../../shared/time.ts";
import { problem, type Reply } from "../api/route.ts";
import type { Guardian } from "../app.ts";
import type { Outbox } from "./outbox.ts";
import { answerProblem, rowsToApprove } from "../core/approvals.ts";
import { armingOf } from "../core/arming.ts";
import { describeGate } from "../core/assessment.ts";
import { confirmProblem, standingConfirmation } from "../core/confirmations.ts";
import type { GuardianEvent } from "../core/events.ts";
import { missingSteps } from "../core/home-gates.ts";
import { hasBegun, isUnderWay } from "../core/moves-under-way.ts";
import type { Incident } from "../core/memory.ts";
import { vouchProblem } from "../core/power.ts";
import { rehearsalProblem } from "../core/rehearsal-gates.ts";
import { hostOf, type GuardianState } from "../core/state.ts";
import type { Evacuating } from "../core/service-orders.ts";
import { releaseProblem } from "../core/release.ts";
import { undoProblem } from "../core/undo.ts";
import { render } from "../core/words.ts";

/** One verb: the path below /api/v1, who asks, and with what words. */
export interface Asked {
  readonly guardian: Guardian;
  readonly outbox: Outbox;
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly by: string;
  /** By the kernel's word; undefined over the network. */
  readonly uid: number | undefined;
  readonly parts: readonly string[];
  readonly field: (name: string) => string;
}

export function perform(asked: Asked): Reply {
  const [kind = "", id = "", verb = ""] = asked.parts;
  switch (kind) {
    case "arm":
    case "disarm":
      return arm(asked, kind === "arm");
    case "incidents":
      return verb === "" && id === "approve" ? approveAll(asked) : answer(asked, id, verb);
    case "maintenance":
      return maintain(asked, hostName(id), verb);
    case "hosts":
      return ofHost(asked, hostName(id), verb);
    default:
      return problem(404, `no such path: /api/v1/${asked.parts.join("/")}`);
  }
}

function tell(asked: Asked, event: GuardianEvent, more: object = {}): Reply {
  asked.guardian.tell(event);
  return { status: 200, body: { done: true, by: asked.by, ...more } };
}

export function needsReason(asked: Asked, verb: string): Reply | undefined {
  return asked.field("reason") === "" ? problem(400, `${verb} needs a reason`) : undefined;
}

function arm(asked: Asked, armed: boolean): Reply {
  const { guardian, at, wall, by } = asked;
  const missing = needsReason(asked, armed ? "arm" : "disarm");
  if (missing !== undefined) return missing;
  guardian.tell({ kind: "arming", at, wall, armed, by, reason: asked.field("reason") });
  const arming = armingOf(guardian.state());
  const still =
    arming.kind === "disarming" ? { underWay: arming.waitsFor, note: "followed to its end" } : {};
  const held =
    armed && arming.kind !== "armed" ? { note: `still held: ${render(arming.why)}` } : {};
  return { status: 200, body: { done: true, by, arming: arming.kind, ...still, ...held } };
}

const answers = { approve: "approved", hold: "held", dismiss: "dismissed" } as const;

function answer(asked: Asked, id: string, verb: string): Reply {
  const { guardian } = asked;
  const missing = needsReason(asked, verb);
  if (missing !== undefined) return missing;
  const state = guardian.state();
  if (verb === "ack" && id === "guardian") return acknowledge(asked, undefined);
  const incident = [...state.memory.incidents.values()].find((found) => found.id === id);
  if (incident === undefined) {
    return problem(404, `no incident ${id} is open; see: guardian incident list`);
  }
  const { host } = incident;
  if (verb === "ack") return acknowledge(asked, host);
  if (verb !== "approve" && verb !== "hold" && verb !== "dismiss") {
    return problem(404, `no such verb: ${verb}`);
  }
  const wrong = answerProblem(state, incident, answers[verb]);
  if (wrong !== undefined) return problem(409, wrong);
  return tell(asked, { ...answerEvent(asked, incident), answer: answers[verb] }, { host });
}

/** What was told of a host, or of the guardian itself, is in somebody's hand: by the core and by the rules. */
export function acknowledge(asked: Asked, host: HostName | undefined): Reply {
  const { at, wall, by, outbox } = asked;
  const reason = asked.field("reason");
  outbox.tell({ kind: "acknowledged", host, by, reason });
  return tell(asked, { kind: "acknowledged", at, wall, host, by, reason });
}

/** Every silent host that waits for a person; degraded ones are approved one by one. */
function approveAll(asked: Asked): Reply {
  const missing = needsReason(asked, "approve");
  if (missing !== undefined) return missing;
  const state = asked.guardian.state();
  const silent = [...state.memory.incidents.values()].filter((incident) =>
    asksForApproval(state, incident),
  );
  // Whoever said so may stand in front of it: theirs is answered one by one.
  const left = silent.filter(({ answer: said }) => said?.kind === "held" || isDismissedBy(said));
  const waiting = silent.filter((incident) => !left.includes(incident));
  const said = left.map(({ id, answer: by }) => `${id} (${by?.kind} by ${by?.by})`);
  if (waiting.length === 0) {
    const others = said.length === 0 ? "" : `; left as they are: ${said.join(", ")}`;
    return problem(409, `no incident of a silent host waits for approval${others}`);
  }
  for (const incident of waiting) {
    asked.guardian.tell({ ...answerEvent(asked, incident), answer: "approved" });
  }
  const hosts = waiting.map((incident) => incident.host).sort();
  const others = said.length === 0 ? {} : { left: said };
  return { status: 200, body: { done: true, by: asked.by, approved: hosts, ...others } };
}

const isDismissedBy = (answer: Incident["answer"]): boolean => answer?.kind === "dismissed";

/** Silent, and by its verdict to be fenced, or left to people; what lives or is not judged yet is asked about by itself. */
function asksForApproval(state: GuardianState, incident: Incident): boolean {
  const { freshSince, assessment } = hostOf(state, incident.host);
  if (freshSince !== undefined || answerProblem(state, incident, "approved") !== undefined) {
    return false;
  }
  if (incident.phase.kind !== "watching") return true;
  const { row = "", action } = assessment ?? {};
  return action === "fence" || row === "15" || rowsToApprove.includes(row);
}

function answerEvent(
  asked: Asked,
  incident: Incident,
): Omit<Extract<GuardianEvent, { kind: "incident-answered" }>, "answer"> {
  const { at, wall, by } = asked;
  const { host, id } = incident;
  const reason = asked.field("reason");
  return { kind: "incident-answered", at, wall, host, incident: id, by, reason };
}

function maintain(asked: Asked, host: HostName, verb: string): Reply {
  const { guardian, at, wall, by } = asked;
  const state = guardian.state();
  if (!state.hosts.has(host)) return noHost(host);
  const missing = needsReason(asked, "maintenance");
  if (missing !== undefined) return missing;
  const reason = asked.field("reason");
  if (verb === "clear") {
    const entry = state.memory.maintenance.get(host);
    const fixed = state.settings.hosts.get(host)?.maintenance;
    if (fixed !== undefined) {
      return problem(
        409,
        `${host} is in maintenance by the configuration: ${fixed}; change it there`,
      );
    }
    if (entry === undefined || entry.cleared) return problem(409, `${host} is not in maintenance`);
    return tell(asked, { kind: "maintenance-cleared", at, wall, host, by, reason });
  }
  const phase = state.memory.incidents.get(host)?.phase;
  if (phase?.kind === "evacuating" && movesOn(phase)) {
    const id = state.memory.incidents.get(host)?.id ?? "";
    return problem(
      409,
      `servers of ${host} are being moved; guardian incident hold ${id} stops it`,
    );
  }
  const until = readUntil(asked.field("until"), wall);
  if (until.kind === "bad") return problem(400, until.reason);
  const owner = asked.field("owner") || by;
  const { untilWall } = until;
  const end = untilWall === undefined ? "until cleared" : describeWall(untilWall);
  const event = { kind: "maintenance-set", at, wall, host, reason, owner, untilWall, by } as const;
  return tell(asked, event, { host, until: end });
}

/** A move is under way, or the next ones wait for a place or a gate: maintenance stops none that was begun. */
function movesOn(phase: Evacuating): boolean {
  const moves = Object.values(phase.moves ?? {});
  const waits = moves.some(({ state }) => state.kind === "planned");
  return moves.some(isUnderWay) || (hasBegun(phase) && waits);
}

export type Until =
  | { readonly kind: "until"; readonly untilWall: WallMs | undefined }
  | { readonly kind: "bad"; readonly reason: string };

/** "2h", "2026-11-22T09:00:00Z" or "released". */
export function readUntil(text: string, now: WallMs): Until {
  if (text === "released") return { kind: "until", untilWall: undefined };
  const ms = parseDuration(text);
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/i.test(text);
  const end = ms === undefined ? (zoned ? Date.parse(text) : Number.NaN) : now + ms;
  if (Number.isNaN(end)) {
    const wanted = "2h, 2026-11-22T09:00:00Z, or released (until it is cleared)";
    return { kind: "bad", reason: `until "${text}": an end is needed such as ${wanted}` };
  }
  if (end > now) return { kind: "until", untilWall: wallMs(end) };
  return { kind: "bad", reason: `until ${describeWall(end)} is over: it is ${describeWall(now)}` };
}

function ofHost(asked: Asked, host: HostName, verb: string): Reply {
  const { guardian, at, wall, by } = asked;
  const state = guardian.state();
  if (!state.hosts.has(host)) return noHost(host);
  const missing = needsReason(asked, verb);
  const reason = asked.field("reason");
  if (verb === "release") {
    const wrong = releaseProblem(state, host);
    if (wrong !== undefined) return problem(409, wrong);
    const steps = missingSteps(state, hostOf(state, host)).map((one) => render(one));
    const yours = steps.length === 0 ? {} : { missing: steps, note: "these are yours now" };
    return missing ?? tell(asked, { kind: "released", at, wall, host, by, reason }, yours);
  }
  if (verb === "undo") {
    const wrong = undoProblem(state, host);
    if (wrong !== undefined) return problem(409, wrong);
    const note = `moves that Nova took are followed to their end; then it is switched on and accepted back; see: guardian host explain ${host}`;
    return missing ?? tell(asked, { kind: "undo-asked", at, wall, host, by, reason }, { note });
  }
  if (verb === "vouch") {
    const wrong = vouchProblem(state, host);
    if (wrong !== undefined) return problem(409, wrong);
    return missing ?? tell(asked, { kind: "vouched", at, wall, host, by, reason });
  }
  if (verb === "confirm") return confirmOff(asked, host);
  if (verb === "rehearse") return rehearse(asked, host);
  return problem(404, `no such path: /api/v1/${asked.parts.join("/")}`);
}

/** Of a confirmation over the network, where one is enough. */
const nobodysUid = -1;

/** A person's word that a host is off; told what still holds it, and how many more must say it. */
function confirmOff(asked: Asked, host: HostName): Reply {
  const { guardian, at, wall, by, uid } = asked;
  const missing = needsReason(asked, "confirm");
  if (missing !== undefined) return missing;
  // Typed again by whoever asks, on a terminal or in a script: nobody confirms the wrong host.
  if (asked.field("again") !== host) {
    return problem(400, `confirm ${host}: the host's name must be given again, as "again"`);
  }
  const state = guardian.state();
  if (uid === undefined && state.settings.confirmBy > 1) {
    // One person may hold two tokens, or a token and an account: they must not count as two people.
    const detail = `${state.settings.confirmBy} people must confirm ${host}: each on the guardian's node, by guardian fence confirm`;
    return problem(403, detail);
  }
  const wrong = confirmProblem(state, host);
  if (wrong !== undefined) return problem(409, wrong);
  const incident = state.memory.incidents.get(host)?.id ?? "";
  const reason = asked.field("reason");
  const confirmed = { kind: "confirmed", at, wall, host, incident, by, reason } as const;
  guardian.tell({ ...confirmed, uid: uid ?? nobodysUid });
  const after = guardian.state();
  const stands = standingConfirmation(after, hostOf(after, host)) !== undefined;
  const note = stands
    ? `its servers are moved once every gate is open; see: guardian host explain ${host}`
    : `${after.settings.confirmBy - 1} more must confirm it within ${describeMs(after.settings.limits.confirmWithinMs)}, under another uid`;
  return { status: 200, body: { done: true, by, host, incident, enough: stands, note } };
}

/** A real power cycle of an empty host: begun by whoever types its name, refused by any gate that holds. */
function rehearse(asked: Asked, host: HostName): Reply {
  const { guardian, at, wall, by } = asked;
  const missing = needsReason(asked, "rehearse");
  if (missing !== undefined) return missing;
  if (asked.field("cycle") !== "yes") {
    return problem(400, `rehearse ${host}: its power is cycled; say so, as "cycle": "yes"`);
  }
  if (asked.field("again") !== host) {
    return problem(400, `rehearse ${host}: the host's name must be given again, as "again"`);
  }
  const level = Number(asked.field("level") || "1");
  if (!Number.isInteger(level) || level < 1) {
    return problem(400, `level "${asked.field("level")}": a whole number >= 1 is needed`);
  }
  const held = rehearsalProblem(guardian.state(), host, level - 1);
  if (held.length > 0) {
    const gates = held.map((gate) => describeGate(gate)).join("; ");
    return problem(409, `${host} is not rehearsed, held by ${gates}`);
  }
  const reason = asked.field("reason");
  guardian.tell({ kind: "rehearsal-asked", at, wall, host, level: level - 1, by, reason });
  const note = `Nova is asked twice, 10 s apart, that no server is on it; then its power is cycled; see: guardian host explain ${host}`;
  return { status: 200, body: { done: true, by, host, level, note } };
}

function noHost(host: HostName): Reply {
  return problem(404, `no such host: ${host}; see: guardian host list`);
}
