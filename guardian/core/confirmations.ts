/**
 * A person's word that a host is off, for when its power devices cannot say it. It is taken only while
 * nothing shows life, belongs to one incident, and is void at any sign of life, after its time, and
 * after a restart. Where the policy wants two people, two uids must say it within ten minutes.
 */
import type { HostName } from "../../shared/names.ts";
import { describeMs, monoMs, type MonoMs } from "../../shared/time.ts";
import { mapWith } from "./copied-map.ts";
import type { Effect } from "./effects.ts";
import type { Confirmed } from "./events.ts";
import { doubtsAbout } from "./eyes.ts";
import { describeGate } from "./assessment.ts";
import { reportedAt } from "./freshness.ts";
import { incidentOf, say } from "./incidents.ts";
import type { Confirmation, Incident } from "./memory.ts";
import { groupsOf, modeOf } from "./modes.ts";
import { hasBegun } from "./moves-under-way.ts";
import { advancedAfter } from "./nova-record.ts";
import { deviceTrack } from "./power.ts";
import { proofStands } from "./proof.ts";
import { hostSettings, type ProofKind } from "./settings.ts";
import { hostOf, type GuardianState, type HostState } from "./state.ts";
import { durationWords, words, type Words } from "./words.ts";

/** Which kinds of proof suffice for a host: the cloud's, less what any of its groups leaves out. */
export function proofsFor(state: GuardianState, host: HostName): readonly ProofKind[] {
  const lists = groupsOf(state, host).map((name) => state.settings.groups.get(name)?.proofs);
  return state.settings.proofs.filter((kind) =>
    lists.every((list) => list === undefined || list.includes(kind)),
  );
}

/** What is confirmed of a host, by as many people as the policy wants. */
export interface Standing {
  /** The oldest word that counts: the proof is as old as it. */
  readonly at: MonoMs;
  /** "alice (uid 1000)", and whoever else. */
  readonly by: readonly string[];
}

/** The confirmation that stands now; undefined without one, or with one person too few. */
export function standingConfirmation(state: GuardianState, host: HostState): Standing | undefined {
  const counted = countedConfirmations(state, host);
  const { confirmBy } = state.settings;
  const enough = counted.slice(-confirmBy);
  const [oldest] = enough;
  if (oldest === undefined || enough.length < confirmBy) return undefined;
  return { at: oldest.at, by: enough.map(({ by }) => by) };
}

/** The words that count, oldest first: no life since, not over, close enough to the newest. */
function countedConfirmations(state: GuardianState, host: HostState): readonly Confirmation[] {
  const all = incidentOf(state, host.host)?.confirmations ?? [];
  if (!proofsFor(state, host.host).includes("confirmed")) return [];
  const { confirmWithinMs, confirmedMs } = state.settings.limits;
  const newest = all.at(-1)?.at ?? state.now;
  return all.filter(
    ({ at }) =>
      newest - at <= confirmWithinMs &&
      state.now - at < confirmedMs &&
      lifeSince(state, host, at) === undefined,
  );
}

/** Anything that a host which is off cannot do, later than `since`. */
export function lifeSince(state: GuardianState, host: HostState, since: MonoMs): Words | undefined {
  if (reportedAt(host) >= since) return words("life.report");
  if ((host.echoAt ?? 0) >= since) return words("life.ping");
  if (advancedAfter(host.service, since)) return words("life.nova");
  for (const device of hostSettings(state.settings, host.host).devices) {
    const last = deviceTrack(host, device).readings.at(-1);
    if (last?.reading.power === "on" && last.at >= since) return words("life.power-on", { device });
  }
  return undefined;
}

/** Why a person's word is not taken now; undefined when it is. */
export function confirmProblem(state: GuardianState, name: HostName): string | undefined {
  const incident = incidentOf(state, name);
  const host = hostOf(state, name);
  return (
    policyProblem(state, name) ??
    incidentProblem(state, name, incident) ??
    lifeProblem(state, host, incident)
  );
}

function policyProblem(state: GuardianState, host: HostName): string | undefined {
  if (!proofsFor(state, host).includes("confirmed")) {
    return `${host}: the policy takes no person's word for a proof; "proofs" must list confirmed, for the cloud and its groups`;
  }
  if (modeOf(state, host).mode !== "observe") return undefined;
  return `${host} is in mode observe: nothing is done about it; set mode ask or act for it first`;
}

function incidentProblem(
  state: GuardianState,
  host: HostName,
  incident: Incident | undefined,
): string | undefined {
  if (incident === undefined) return `${host} has no open incident: there is nothing to confirm`;
  const { phase } = incident;
  if (phase.kind === "ended") {
    return `${host} was fenced and its servers were moved; see: guardian host release ${host}`;
  }
  const proven =
    phase.kind === "evacuating" &&
    phase.proof?.method === "power-devices" &&
    proofStands(phase.proof, host, state.now);
  return proven ? `${host}: its power devices prove that it is off; nothing is missing` : undefined;
}

/** What speaks for its life, or could not be seen if it lived. */
function lifeProblem(
  state: GuardianState,
  host: HostState,
  incident: Incident | undefined,
): string | undefined {
  const name = host.host;
  const { signals } = host.assessment ?? {};
  if (signals === undefined || host.silentSince === undefined) {
    const lifeMs = host.lifeAt === undefined ? undefined : state.now - host.lifeAt;
    const age =
      lifeMs === undefined ? "not yet known to be silent" : `last ${describeMs(lifeMs)} ago`;
    return `${name} lives, as far as its reports say (${age}): it must be silent`;
  }
  const begun = incident?.phase.kind === "evacuating" && hasBegun(incident.phase);
  if (signals.eyes === "doubt" && !begun) {
    const doubts = doubtsAbout(state, host).filter((gate) => !gate.pass);
    return `${name}: we could not see it if it lived: ${doubts.map((gate) => describeGate(gate)).join("; ")}`;
  }
  if (signals.ping === "some" || signals.ping === "all") {
    return `${name} lives: it answers pings`;
  }
  if (signals.notice === "in-force") {
    return `${name} announced that it stops for a while; wait until that time is over`;
  }
  return deviceProblem(state, host) ?? novaProblem(host);
}

/** Verified or not: an "on" would void the word at the next reading. */
function deviceProblem(state: GuardianState, host: HostState): string | undefined {
  const { powerAgeMsMax } = state.settings.limits;
  const on = hostSettings(state.settings, host.host).devices.find((device) => {
    const last = deviceTrack(host, device).readings.at(-1);
    return last?.reading.power === "on" && state.now - last.at <= powerAgeMsMax;
  });
  return on === undefined
    ? undefined
    : `${host.host}: its power device ${on} reads on; switch it off there first`;
}

/** Nova calls it down a minute after its last report, or at once when it is forced down. */
function novaProblem(host: HostState): string | undefined {
  const nova = host.assessment?.signals.nova;
  const service = host.service?.service;
  const quiet = nova === "quiet" || nova === "quiet-long";
  if (quiet && (service?.state !== "up" || service.forcedDown)) return undefined;
  const shows = service === undefined ? "no nova-compute" : `nova-compute ${service.state}`;
  const still = quiet ? "" : `, and its record has not stood still for long enough (${nova})`;
  return `${host.host}: Nova shows ${shows}${still}; it must say down: again in a minute`;
}

/** Takes in a person's word, if the incident is still the one that was meant. */
export function foldConfirmed(
  state: GuardianState,
  event: Confirmed,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, event.host);
  if (incident?.id !== event.incident) return state;
  if (confirmProblem(state, event.host) !== undefined) return state;
  const { uid, by, reason, at, wall } = event;
  // Whoever says it again says it anew.
  const others = (incident.confirmations ?? []).filter((word) => word.uid !== uid);
  const confirmations = [...others, { uid, by, reason, at, wall }].slice(-10);
  const told = withConfirmations(state, incident, confirmations);
  const { confirmBy } = state.settings;
  const count = countedConfirmations(told, hostOf(told, event.host)).length;
  return say(told, out, {
    level: "warn",
    host: event.host,
    event: "confirmed-off",
    text:
      count < confirmBy
        ? words("log.confirmed-more", { by, reason, count: confirmBy - count })
        : words("log.confirmed", { by, reason }),
  });
}

/** Once a round: a word against which life speaks is void for good, and so is one whose time is over. */
export function foldConfirmations(
  state: GuardianState,
  host: HostState,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, host.host);
  const all = incident?.confirmations;
  if (incident === undefined || all === undefined || all.length === 0) return state;
  const counted = countedConfirmations(state, host);
  if (counted.length === all.length) return state;
  const kept = withConfirmations(state, incident, counted);
  const gone = all.filter((word) => !counted.includes(word));
  const life = lifeSince(state, host, gone[0]?.at ?? monoMs(0));
  const why = life === undefined ? words("void.over") : words("void.life", { life });
  return say(kept, out, {
    level: life === undefined ? "warn" : "error",
    host: host.host,
    event: "confirmation-void",
    text: words("log.confirmation-void", { by: gone.map(({ by }) => by), why }),
  });
}

/** Who said it, when and why, and how many are missing: for pages. */
export function confirmationLines(state: GuardianState, host: HostState): readonly Words[] {
  const counted = countedConfirmations(state, host);
  const count = state.settings.confirmBy - counted.length;
  const lines = counted.map(({ by, reason, at }) =>
    words("why.confirmed", { by, age: durationWords(state.now - at), reason }),
  );
  if (counted.length === 0 || count <= 0) return lines;
  const within = durationWords(state.settings.limits.confirmWithinMs);
  return [...lines, words("why.confirm-more", { count, within })];
}

/** Whether anybody's word would do for a host: by the policy, and where anything is done at all. */
export function takesWord(state: GuardianState, host: HostName): boolean {
  return proofsFor(state, host).includes("confirmed") && modeOf(state, host).mode !== "observe";
}

/** What a page asks for, and the command for a person's word where the policy takes it. */
export function orConfirm(state: GuardianState, host: HostName, todo: Words): Words {
  if (!takesWord(state, host)) return todo;
  return state.settings.confirmBy === 1
    ? words("todo.or-confirm", { todo, host })
    : words("todo.or-two-confirm", { todo, host });
}

function withConfirmations(
  state: GuardianState,
  incident: Incident,
  confirmations: readonly Confirmation[],
): GuardianState {
  const incidents = mapWith(state.memory.incidents, incident.host, { ...incident, confirmations });
  return { ...state, memory: { ...state.memory, incidents } };
}
