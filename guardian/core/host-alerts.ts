/** What should be said of one host now: one alert per kind of trouble, derived from its state. */
import type { Assessment } from "./assessment.ts";
import {
  about,
  endedAlert,
  evacuatingAlerts,
  verdictTitle,
  type Wanted,
} from "./incident-alerts.ts";
import { isDismissed, isTakenForDead, rowsToApprove } from "./approvals.ts";
import { confirmationLines, orConfirm } from "./confirmations.ts";
import { reasonLines } from "./explain.ts";
import { incidentOf } from "./incidents.ts";
import { maintenanceOf } from "./maintenance.ts";
import { homeAlert, takenBackAlert, twiceAlert } from "./home-alerts.ts";
import { runsMore } from "./look-back.ts";
import { runsWhatWasMoved } from "./release.ts";
import { reserveAlert } from "./reserve-alerts.ts";
import { isReserve } from "./reserves.ts";
import { roomAlert } from "./room-alerts.ts";
import { deadAlert, isFiring, isPaged } from "./dead-alert.ts";
import { gatesAwaited, isFencedAlive } from "./degraded-gates.ts";
import { deviceAlerts } from "./device-alerts.ts";
import { policyAlerts } from "./policy-alerts.ts";
import { wordOnDegraded } from "./policy-gates.ts";
import { comesOnByItself, hasMuteDevice } from "./power.ts";
import { isRehearsing } from "./rehearsals.ts";
import { startedUnasked, startedUnaskedAlert } from "./start-alert.ts";
import type { GuardianState, HostState } from "./state.ts";
import { unattended, unattendedAlert } from "./unattended-alert.ts";
import { words, type Said, type Words } from "./words.ts";

/** A living but isolated host (row 16) is paged after this. */
const isolatedPageMs = 30_000;
/** Rows that must last a while before anybody is told: they are passed through on the way. */
const lastingMs: Readonly<Record<string, number>> = {
  "1b": 30_000,
  "3": 60_000,
  "12": 10_000,
  "13": 10_000,
  "13a": 10_000,
  "11a": 10_000,
};

export function* hostAlerts(state: GuardianState, host: HostState): Generator<Wanted> {
  const { assessment } = host;
  if (assessment === undefined) return;
  if (assessment.row === "8" && isCalm(state, host)) return;
  const broken = state.memory.quarantined.get(host.host);
  if (broken !== undefined) {
    // What its incident says is not trusted any more, so nothing is derived from it.
    yield quarantinedAlert(state, host, assessment, broken);
    // It may have been well then, and have died since.
    if (unattended(state, host, undefined)) yield unattendedAlert(state, host, assessment);
    return;
  }
  const incident = incidentOf(state, host.host);
  const phase = incident?.phase;
  if (incident !== undefined && phase?.kind === "evacuating") {
    yield* evacuatingAlerts(state, host, assessment, incident, phase);
    const room = roomAlert(state, host, assessment, phase);
    if (room !== undefined) yield room;
  } else if (phase?.kind === "ended") {
    yield endedAlert(state, host, assessment, phase);
    if (runsWhatWasMoved(host, phase)) yield twiceAlert(state, host, assessment);
    else if (phase.home !== undefined) yield homeAlert(state, host, assessment, phase.home);
  } else if (phase?.kind === "fencing" && phase.lastFailure !== undefined) {
    yield fenceFailed(state, host, assessment, phase.lastFailure);
  } else if (phase?.kind === "fencing" && phase.alive === true) {
    yield aliveFenced(state, host, assessment);
  } else if (!isDismissed(state, host.host) && !isRehearsing(state, host.host)) {
    const wanted = verdictAlert(state, host, assessment);
    if (wanted !== undefined) yield wanted;
  }
  if (startedUnasked(state, host)) yield startedUnaskedAlert(state, host, assessment);
  if (runsMore(state, host.host)) yield takenBackAlert(state, host, assessment);
  yield* policyAlerts(state, host, assessment);
  const reserve = reserveAlert(state, host, assessment);
  if (reserve !== undefined) yield reserve;
  yield* deviceAlerts(state, host, assessment);
  if (unattended(state, host, phase)) yield unattendedAlert(state, host, assessment);
}

/** Nothing to say beyond the verdict: most hosts in most rounds. */
function isCalm(state: GuardianState, host: HostState): boolean {
  if (incidentOf(state, host.host) !== undefined || hasMuteDevice(host)) return false;
  if (comesOnByItself(host).length > 0 || startedUnasked(state, host)) return false;
  const { quarantined, maintenance, degraded, rehearsals, drains, reserves, lookBacks } =
    state.memory;
  if (quarantined.has(host.host) || maintenance.has(host.host)) return false;
  if (degraded.has(host.host) || rehearsals.has(host.host) || drains.has(host.host)) return false;
  if (lookBacks.has(host.host)) return false;
  if (reserves.has(host.host) || isReserve(state, host.host)) return false;
  const reasons = state.verification.reasons.get(host.host);
  if (reasons === undefined) return true;
  for (const reason of reasons.values()) if (reason !== undefined) return false;
  return true;
}

function quarantinedAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  broken: string,
): Wanted {
  return about(state, host, assessment, {
    kind: "quarantined",
    class: "page",
    title: words("alert.quarantined", { host: host.host }),
    why: () => [broken, ...reasonLines(state, host, assessment)],
    next: words("todo.quarantined"),
  });
}

/** The alert that a verdict asks for while nothing has been done yet. */
function verdictAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted | undefined {
  const { row, verdict, action } = assessment;
  const title = verdictTitle(host, assessment);
  const draft = (kind: string, cls: Wanted["class"], next: Words): Wanted =>
    about(state, host, assessment, { kind, class: cls, title, next });
  const sinceMs = host.silentSince === undefined ? 0 : state.now - host.silentSince;
  // A start of ours, or a blind minute, ends nothing.
  const isUnjudged = ["1", "1a", "3"].includes(row) && isFiring(state, host, "unguarded-down");
  if (isUnjudged && looksDown(state, host, assessment)) {
    return unguardedDown(state, host, assessment);
  }
  if (state.now - assessment.since < (lastingMs[row] ?? 0)) return undefined;
  switch (row) {
    case "2":
      return undefined; // told by deviceAlerts, for as long as the device is distrusted
    case "3a":
      return undefined; // released and not back yet: a person has it in hand
    case "1":
    case "1a":
      if (host.silentSince === undefined) return undefined;
      return draft("silent-in-doubt", "page", words("todo.our-eyes"));
    case "3":
      // Whom Nova has it does not know before it was heard.
      if (state.eyes.servicesAt === undefined) return undefined;
      return looksDown(state, host, assessment)
        ? unguardedDown(state, host, assessment)
        : draft("unguarded", "ticket", words("todo.unguarded"));
    case "16":
      return draft(
        "isolated",
        sinceMs >= isolatedPageMs || isPaged(state, host, "isolated") ? "page" : "notification",
        words("todo.isolated"),
      );
    case "15":
      // With a person's word for it, it is dead as any other.
      if (isTakenForDead(state, host.host, assessment)) break;
      return unproven(state, host, assessment, title);
    default:
      break;
  }
  const waits = gatesAwaited(assessment);
  if (waits.length > 0) {
    return draft(verdict, "notification", words("todo.fence-waits", { gates: waits }));
  }
  const isSpoken = wordOnDegraded(state, host) !== undefined;
  const spared = row === "4" && (isSpoken || !isFencedAlive(state, host.host, assessment));
  if (!spared && isTakenForDead(state, host.host, assessment)) {
    return deadAlert(state, host, assessment);
  }
  if (action === "page")
    return draft(verdict === "hung" ? "hung" : `row-${row}`, "page", nextForRow(state, host, row));
  if (action === "alert" || spared)
    return draft(verdict, "notification", words("todo.mend-unfenced"));
  if (action === "ticket")
    return draft(verdict === "silent" ? "probe-dead" : verdict, "ticket", words("todo.mend"));
  return undefined;
}

/**
 * Nothing guards it, but Nova heard it until a minute ago, and now nobody does. Once told it stands until it is heard
 * again: after a start of ours nobody knows when it was heard last.
 */
function looksDown(state: GuardianState, host: HostState, { signals }: Assessment): boolean {
  const { service, advances } = host.service ?? {};
  if (service?.status !== "enabled" || maintenanceOf(state, host.host) !== undefined) return false;
  if (isFiring(state, host, "unguarded-down")) {
    return signals.nova !== "alive" && signals.ping !== "some" && signals.ping !== "all";
  }
  if (signals.nova !== "quiet-long" || signals.ping !== "none") return false;
  return signals.eyes === "good" && advances?.length !== 0;
}

function unguardedDown(state: GuardianState, host: HostState, assessment: Assessment): Wanted {
  return about(state, host, assessment, {
    kind: "unguarded-down",
    class: "page",
    title: words("alert.unguarded-down", { host: host.host }),
    next: words("todo.unguarded-down", { host: host.host }),
  });
}

function unproven(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  title: Words,
): Wanted {
  const said = confirmationLines(state, host);
  return about(state, host, assessment, {
    kind: "unproven",
    class: "page",
    title,
    why: () => [...said, ...reasonLines(state, host, assessment)],
    next: orConfirm(state, host.host, words("todo.unproven")),
    revision: said.length === 0 ? "" : `confirmed by ${said.length - 1}`,
  });
}

function nextForRow(state: GuardianState, host: HostState, row: string): Words {
  const incident = incidentOf(state, host.host);
  if (!rowsToApprove.includes(row) || incident === undefined) return words("next.look");
  return words("todo.look-approve", { id: incident.id });
}

/** One and the same from the order to the proof, whatever row it passes through as it falls still. */
function aliveFenced(state: GuardianState, host: HostState, assessment: Assessment): Wanted {
  return about(state, host, assessment, {
    kind: "dead",
    class: "notification",
    title: words("alert.fenced-alive", { host: host.host }),
    next: words("todo.acting"),
  });
}

function fenceFailed(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  reason: Said,
): Wanted {
  return about(state, host, assessment, {
    kind: "fence-failed",
    class: "page",
    title: words("alert.fence-failed", { host: host.host }),
    why: () => [reason, ...confirmationLines(state, host), ...reasonLines(state, host, assessment)],
    next: orConfirm(state, host.host, words("todo.fence-by-hand")),
  });
}
