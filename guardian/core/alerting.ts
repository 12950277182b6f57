/**
 * Alerts are derived from state each round: what should be firing now is compared with what is,
 * and only the difference is sent. So a lost message or a restart changes nothing, and the same
 * trouble has the same dedup key for ever.
 */
import type { AlertMessage } from "../ports.ts";
import { isDismissed } from "./approvals.ts";
import { gateWords } from "./assessment.ts";
import { collectorAlerts } from "./collector-alerts.ts";
import { powerNetworkAlerts } from "./device-alerts.ts";
import type { Effect } from "./effects.ts";
import { incidentOf } from "./incidents.ts";
import type { FiringAlert } from "./memory.ts";
import { hostAlerts } from "./host-alerts.ts";
import { dedupKeyOf, type Wanted } from "./incident-alerts.ts";
import { isFailing } from "./self-checks.ts";
import { isSame } from "./same-words.ts";
import { hostOf, stateWith, type GuardianState } from "./state.ts";
import { stormAlerts } from "./storm-alerts.ts";
import { verifiedShareAlerts } from "./verified-share.ts";
import { render, words, type Said, type Words } from "./words.ts";

/** Doubts shorter than this page nobody. */
const doubtPageMs = 10_000;
/** After a start nothing is called over until the host was looked at again. */
const resolveAfterStartMs = 30_000;
/** What concerns no single host is told after a minute at most, but for power devices that are read in peace. */
const globalAfterStartMs = 90_000;
/** Longer than any verdict must last before it is told, but for hosts that nobody guards. */
const betweenVerdictsMs = 15_000;
/** A revision is sent again this long after the last sending at the earliest. */
const revisionMs = 10_000;
/** A network whose anchors are silent, a store that lags, for longer than this is told. */
const quietTroubleMs = 60_000;

/** Messages of one round: more wait for the next ones, so that a storm of a thousand delays no round. */
export const messagesPerRoundMax = 200;

/** Sends what began and what ended; repeats pages that nobody ended. */
export function foldAlerts(state: GuardianState, out: Effect[]): GuardianState {
  const wanted = wantedAlerts(state);
  if (isAsFiring(state, wanted)) return state;
  const alerts: Record<string, FiringAlert> = {};
  let sent = 0;
  for (const [key, want] of wanted) {
    const firing = state.memory.alerts[key];
    const due = firing === undefined || isDue(state, firing, want);
    if (due && sent < messagesPerRoundMax) {
      sent += 1;
      const message = toMessage(state, want);
      out.push({ kind: "alert", message });
      alerts[key] = { message, revision: want.revision ?? "", sentAt: state.now };
    } else if (firing !== undefined) {
      alerts[key] = firing;
    }
  }
  for (const [key, firing] of Object.entries(state.memory.alerts)) {
    if (wanted.has(key)) continue;
    const { message: said } = firing;
    const keeps =
      isCountedAnew(state, firing) ||
      isUnjudged(state, said, wanted) ||
      isBetweenVerdicts(state, said, wanted);
    if (sent >= messagesPerRoundMax || keeps) {
      alerts[key] = firing;
      continue;
    }
    sent += 1;
    const id = messageId(state, key, "resolved");
    const message = { ...firing.message, id, status: "resolved" as const, wallMs: state.wall };
    out.push({ kind: "alert", message });
  }
  return sent > 0 ? stateWith(state, { memory: { ...state.memory, alerts } }) : state;
}

/** What should be firing now, by dedup key. */
function wantedAlerts(state: GuardianState): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const want of globalAlerts(state)) wanted.set(dedupKeyOf(state, want.host, want.kind), want);
  for (const host of state.hosts.values()) {
    for (const want of hostAlerts(state, host)) {
      wanted.set(dedupKeyOf(state, want.host, want.kind), want);
    }
  }
  return wanted;
}

/** Nothing began, ended or is due again: nearly every round, and then nothing is copied. */
function isAsFiring(state: GuardianState, wanted: ReadonlyMap<string, Wanted>): boolean {
  const { alerts } = state.memory;
  let firing = 0;
  for (const key in alerts) {
    if (!wanted.has(key)) return false;
    firing += 1;
  }
  if (firing !== wanted.size) return false;
  for (const [key, want] of wanted) {
    const alert = alerts[key];
    if (alert === undefined || isDue(state, alert, want)) return false;
  }
  return true;
}

/**
 * A host's alert of an earlier process, while this one has nothing to say of that host yet; and a page while Nova was
 * never heard or no collector has a vote: that nobody sees the trouble does not end it.
 */
function isUnjudged(
  state: GuardianState,
  message: AlertMessage,
  wanted: ReadonlyMap<string, Wanted>,
): boolean {
  if (message.host === undefined) return false;
  const isBlind = state.eyes.servicesAt === undefined || state.round.voting.length === 0;
  const isFirst = state.now - state.startedAt < resolveAfterStartMs;
  if (!isFirst && !(isBlind && message.class === "page")) return false;
  return !isToldOtherwise(message, wanted);
}

/**
 * Told by an earlier process after it had lasted for long, which a start counts anew: what concerns no single host, a
 * host's silence, or a self-check that fails.
 */
function isCountedAnew(state: GuardianState, { message, sentAt }: FiringAlert): boolean {
  const { limits } = state.settings;
  if (sentAt > state.startedAt) return false;
  const startedMs = state.now - state.startedAt;
  if (message.host === undefined) {
    return message.kind !== "disarmed" && startedMs < globalAfterStartMs;
  }
  const host = hostOf(state, message.host);
  if (host.assessment?.row === "7") {
    // What a probe finds once in minutes takes as long to be said again.
    const isFound = message.kind === "degraded" && isFailing(host);
    return isFound || startedMs < limits.checkDownMs + resolveAfterStartMs;
  }
  if (message.kind !== "unattended" || host.freshSince !== undefined) return false;
  const phase = incidentOf(state, host.host)?.phase;
  const isMoved = phase?.kind === "evacuating" && phase.proof !== undefined;
  return !isMoved && startedMs < limits.unattendedMs + resolveAfterStartMs;
}

/**
 * A page about a host that still does not report, while nothing else is said of it: it is not well for all that,
 * and what its new verdict asks for is told once that has lasted.
 */
function isBetweenVerdicts(
  state: GuardianState,
  message: AlertMessage,
  wanted: ReadonlyMap<string, Wanted>,
): boolean {
  if (message.host === undefined || message.class !== "page") return false;
  const { assessment, freshSince } = hostOf(state, message.host);
  if (assessment === undefined || freshSince !== undefined) return false;
  if (state.now - assessment.since >= betweenVerdictsMs) return false;
  return !isToldOtherwise(message, wanted);
}

/** Pages about a host's power devices say nothing of its silence. */
const aboutDevices = /^(?:device-|power-|not-switched-back$|rehearsal$)/;

const tellsPeople: readonly AlertMessage["class"][] = ["page", "notification"];

/** Something else is said of its host: instead of a page no ticket, which nobody sees at night. */
function isToldOtherwise(
  { host, class: said }: AlertMessage,
  wanted: ReadonlyMap<string, Wanted>,
): boolean {
  return [...wanted.values()].some(
    (other) =>
      other.host === host &&
      (said !== "page" || (tellsPeople.includes(other.class) && !aboutDevices.test(other.kind))),
  );
}

function isDue(state: GuardianState, firing: FiringAlert, want: Wanted): boolean {
  if (firing.message.class !== want.class) return true;
  if (!isTitled(state, firing.message, want.title)) return true;
  const revised = firing.revision !== (want.revision ?? "");
  if (revised && state.now - firing.sentAt >= revisionMs) return true;
  if (firing.acknowledgedBy !== undefined || isDismissed(state, want.host)) return false;
  const page = want.class === "page";
  return page && state.now - firing.sentAt >= state.settings.limits.repeatPageMs;
}

/** Titles by the messages that have them, so that a title is rendered when it changes only. */
const titles = { en: new WeakMap<AlertMessage, Words>(), zh: new WeakMap<AlertMessage, Words>() };

function isTitled({ settings }: GuardianState, message: AlertMessage, title: Words): boolean {
  const { language } = settings;
  const known = titles[language].get(message);
  if (known !== undefined && isSame(known, title)) return true;
  if (message.title !== render(title, language)) return false;
  titles[language].set(message, title);
  return true;
}

/** What concerns the guardian itself, or many hosts at once. */
function globalAlerts(state: GuardianState): readonly Wanted[] {
  const wanted: Wanted[] = [];
  const { doubtSince } = state.eyes;
  // A pause of our own loop ends by itself in seconds: it holds verdicts, it wakes nobody.
  const doubts = state.round.doubts.filter((gate) => !gate.gate.includes("own loop"));
  if (doubtSince !== undefined && state.now - doubtSince >= doubtPageMs && doubts.length > 0) {
    wanted.push({
      kind: "blind",
      host: undefined,
      class: "page",
      title: words("alert.blind", { gates: doubts.map((gate) => gate.gate) }),
      why: () => doubts.map(gateWords),
      impact: () => words("impact.blind"),
      next: words("todo.eyes"),
    });
  }
  wanted.push(...quietTroubles(state), ...collectorAlerts(state));
  // By a person, by ourselves, or by the file, which needs nobody's word and is as easily forgotten.
  const disarmed = state.disarmedFile ? words("arming.file") : state.memory.disarmed;
  wanted.push(...stormAlerts(state), ...powerNetworkAlerts(state), ...verifiedShareAlerts(state));
  if (disarmed !== undefined) {
    wanted.push({
      kind: "disarmed",
      host: undefined,
      class: "page",
      title: words("alert.disarmed", { why: disarmed }),
      why: () => [disarmed],
      impact: () => words("impact.disarmed"),
      next: words("todo.arm"),
    });
  }
  return wanted;
}

/** What blinds us in part while every host is still well: told before it is needed. */
function quietTroubles(state: GuardianState): readonly Wanted[] {
  const wanted: Wanted[] = [];
  const { now, startedAt, eyes, anchors } = state;
  const { novaAnsweredMs } = state.settings.limits;
  const novaMs = now - (eyes.servicesAt ?? startedAt);
  if (novaMs > 2 * novaAnsweredMs) {
    wanted.push({
      kind: "nova",
      host: undefined,
      class: "page",
      title: words("alert.nova"),
      why: () => [
        words("why.nova", { limit: (2 * novaAnsweredMs) / 1000, reason: eyes.novaReason }),
      ],
      impact: () => words("impact.every-host"),
      next: words("todo.nova"),
    });
  }
  for (const { name } of state.settings.networks) {
    const last = anchors
      .filter((anchor) => anchor.network === name)
      .map((anchor) => Math.min(anchor.echoAt ?? startedAt, anchor.shakySince ?? now));
    const latest = Math.max(...last);
    if (now - latest < quietTroubleMs) continue;
    wanted.push({
      kind: `network-${name}`,
      host: undefined,
      class: "ticket",
      title: words("alert.network", { network: name }),
      why: () => [anchorsWords(state, name)],
      impact: () => words("impact.network"),
      next: words("todo.network"),
    });
  }
  for (const track of state.collectors.values()) {
    const behindMs = (track.liveMs ?? 0) - (track.storeMs ?? 0);
    if (
      track.liveMs === undefined ||
      now - startedAt < quietTroubleMs ||
      behindMs < quietTroubleMs / 4
    )
      continue;
    if (now - track.seenAt > quietTroubleMs) continue;
    wanted.push({
      kind: `store-${track.id}`,
      host: undefined,
      class: "notification",
      title: words("alert.store", { collector: track.id }),
      why: () => [words("why.store", { limit: quietTroubleMs / 4000 })],
      impact: () => words("impact.store"),
      next: words("todo.store"),
    });
  }
  return wanted;
}

function anchorsWords({ anchors }: GuardianState, network: string): Words {
  const ours = anchors.filter((anchor) => anchor.network === network);
  const addresses = ours.map(({ address }) => address);
  return ours.length === 0 ? words("why.no-anchors") : words("why.anchors", { addresses });
}

function toMessage(state: GuardianState, want: Wanted): AlertMessage {
  const dedupKey = dedupKeyOf(state, want.host, want.kind);
  const { language } = state.settings;
  const text = (said: Said): string => render(said, language);
  return {
    id: messageId(state, dedupKey, "firing"),
    dedupKey,
    class: want.class,
    status: "firing",
    host: want.host,
    incident: want.host === undefined ? undefined : incidentOf(state, want.host)?.id,
    kind: want.kind,
    title: text(want.title),
    why: want.why().map(text),
    impact: text(want.impact()),
    next: text(want.next),
    wallMs: state.wall,
  };
}

/** One per sending, equal over retries of the same sending. */
function messageId(state: GuardianState, dedupKey: string, status: string): string {
  return `${dedupKey}/${status}/${state.epoch}-${Math.round(state.now)}`;
}
