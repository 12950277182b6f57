/** The state as people ask for it: plain records for the control socket, the CLI and the page. */
import { hostName, type HostName } from "../../shared/names.ts";
import { describeMs, describeWall } from "../../shared/time.ts";
import { reasonedAnswer } from "./approvals.ts";
import { armingOf } from "./arming.ts";
import { describeGate } from "./assessment.ts";
import { explain, explanationText } from "./explain.ts";
import { hostAge, voters } from "./freshness.ts";
import { missingSteps } from "./home-gates.ts";
import { maintenanceOf, maintenanceWords } from "./maintenance.ts";
import type { Incident } from "./memory.ts";
import type { Move } from "./move.ts";
import { moveRecord } from "./move-report.ts";
import { modeOf, modeWords } from "./modes.ts";
import { fenceLevels } from "./fence-levels.ts";
import { deviceTrack } from "./power.ts";
import { unverifiedBecause } from "./verification.ts";
import { hostSettings } from "./settings.ts";
import { hostOf, type GuardianState, type HostState } from "./state.ts";
import type { Row } from "./verdict-table.ts";
import { durationWords, render, words, type Language } from "./words.ts";

export interface HostLine {
  readonly host: string;
  readonly verdict: string;
  readonly reportAge: string;
  readonly storage: string;
  readonly business: string;
  readonly directory: string;
  readonly libvirt: string;
  readonly power: string;
  readonly nova: string;
  readonly servers: number;
}

export function showHosts(state: GuardianState): readonly HostLine[] {
  return state.hosts.values().map((host) => hostLine(state, host));
}

function hostLine(state: GuardianState, host: HostState): HostLine {
  const { ageMs } = hostAge(state, host, voters(state));
  const checks = host.newest?.checks;
  const service = host.service?.service;
  return {
    host: host.host,
    verdict: host.assessment?.verdict ?? "unknown",
    reportAge: Number.isFinite(ageMs) ? describeMs(ageMs) : "-",
    storage: checks?.storage ?? "-",
    business: checks?.business ?? "-",
    directory: checks?.directory ?? "-",
    libvirt: checks?.libvirt ?? "-",
    power: powerText(state, host),
    nova: service === undefined ? "-" : `${service.status}/${service.state}`,
    servers: checks?.serversTotal ?? 0,
  };
}

function powerText(state: GuardianState, host: HostState): string {
  const { devices } = hostSettings(state.settings, host.host);
  if (devices.length === 0) return "none";
  const words = devices.map((device) => {
    const last = deviceTrack(host, device).readings.at(-1)?.reading.power ?? "unread";
    return unverifiedBecause(state, host.host, device) === undefined
      ? last
      : `${last} (unverified)`;
  });
  return words.join(", ");
}

/** Everything that the verdict on a host rests on, and what holds an action. */
export function showHost(state: GuardianState, name: HostName, language: Language = "en"): unknown {
  const host = state.hosts.get(name);
  if (host === undefined) return undefined;
  const { devices } = hostSettings(state.settings, name);
  const levels = fenceLevels(state.settings, name);
  const explanation = explain(state, host);
  return {
    ...hostLine(state, host),
    ...(explanation === undefined ? {} : explanationText(explanation, language)),
    devices: devices.map((device) => ({
      device,
      ...(levels.length > 1
        ? { level: 1 + levels.findIndex((one) => one.devices.includes(device)) }
        : {}),
      unverified: render(unverifiedBecause(state, name, device) ?? "", language),
      afterOutage: deviceTrack(host, device).restore ?? "not told",
    })),
    rehearsal: rehearsalText(state, name, language),
    home: homeText(state, name, language),
    mode: render(modeWords(modeOf(state, name)), language),
    maintenance: maintenanceText(state, name, language),
    incident: state.memory.incidents.get(name)?.id ?? "",
  };
}

/** What is known of the last one: its step while it is under way, else why it failed. */
function rehearsalText({ memory }: GuardianState, name: HostName, language: Language): string {
  const step = memory.rehearsals.get(name)?.step;
  if (step === undefined) return "";
  return step.kind === "failed" ? `failed: ${render(step.reason, language)}` : step.kind;
}

/** The step of its way home, or why that ended; and what is missing. */
function homeText(state: GuardianState, name: HostName, language: Language): string {
  const phase = state.memory.incidents.get(name)?.phase;
  if (phase?.kind !== "ended" || phase.home === undefined) return "";
  const { step } = phase.home;
  const missing = missingSteps(state, hostOf(state, name)).map((one) => render(one, language));
  const at = step.kind === "stopped" ? `stopped: ${render(step.reason, language)}` : step.kind;
  return missing.length === 0 ? at : `${at}; missing: ${missing.join(", ")}`;
}

function maintenanceText(state: GuardianState, name: HostName, language: Language): string {
  const maintenance = maintenanceOf(state, name);
  return maintenance === undefined ? "" : render(maintenanceWords(maintenance), language);
}

/** A verdict table, row by row. */
export function showTable(table: readonly Row[], language: Language = "en"): readonly unknown[] {
  return table.map(({ says, row, verdict, action }) => {
    return { row, verdict, action, says: render(says, language) };
  });
}

export function showIncidents(state: GuardianState, language: Language = "en"): readonly unknown[] {
  return [...state.memory.incidents.values()].map((incident) => ({
    id: incident.id,
    host: incident.host,
    opened: new Intl.DateTimeFormat("sv-SE", {
      dateStyle: "short",
      timeStyle: "medium",
      timeZone: "UTC",
    }).format(incident.openedWall),
    phase: incident.phase.kind,
    answer: answerText(state, incident, language),
    moves: movesText(incident),
  }));
}

function answerText(state: GuardianState, { answer, asked }: Incident, language: Language): string {
  if (answer !== undefined) return render(reasonedAnswer(state, answer), language);
  if (asked === undefined) return "-";
  return render(words("asked.ago", { lasted: durationWords(state.now - asked.at) }), language);
}

/** Who holds which host, and until when. */
export function showMaintenance(
  state: GuardianState,
  language: Language = "en",
): readonly unknown[] {
  const names = new Set([...state.memory.maintenance.keys(), ...state.settings.hosts.keys()]);
  return [...names].sort().flatMap((name) => {
    const found = maintenanceOf(state, hostName(name));
    if (found === undefined) return [];
    const { reason, owner, by, untilWall, overdue } = found;
    const until = untilWall === undefined ? "cleared" : describeWall(untilWall);
    return [
      {
        host: name,
        reason,
        owner,
        by: render(by, language),
        until,
        overdue: overdue ? "yes" : "no",
      },
    ];
  });
}

function movesText(incident: Incident): string {
  const moves = movesOf(incident);
  const done = moves.filter((move) => move.state.kind === "finished").length;
  return moves.length === 0 ? "-" : `${done} of ${moves.length}`;
}

function movesOf(incident: Incident): readonly Move[] {
  const { phase } = incident;
  if (phase.kind === "ended") return Object.values(phase.moves);
  return phase.kind === "evacuating" ? Object.values(phase.moves ?? {}) : [];
}

export function showIncident(state: GuardianState, id: string, language: Language = "en"): unknown {
  const incident = [...state.memory.incidents.values()].find((found) => found.id === id);
  if (incident === undefined) return undefined;
  return {
    id,
    host: incident.host,
    phase: incident.phase.kind,
    answer: answerText(state, incident, language),
    timeline: incident.timeline,
    moves: movesOf(incident).map((move) => moveRecord(incident.host, move, language)),
  };
}

/** The guardian itself: armed or not, its eyes, its channels. */
export function showStatus(
  state: GuardianState,
  channels: readonly unknown[],
  language: Language = "en",
): unknown {
  const arming = armingOf(state);
  return {
    cloud: state.settings.cloud,
    mode: state.settings.mode,
    epoch: state.epoch,
    armed: arming.kind === "armed",
    arming: arming.kind,
    disarmed: arming.kind === "armed" ? "" : render(arming.why, language),
    underWay: arming.kind === "disarming" ? arming.waitsFor : [],
    storm: Object.keys(state.memory.storms),
    eyes: state.round.parts.map(
      (part) => `${part.pass ? "good" : "DOUBT"} ${describeGate(part.describe(), language)}`,
    ),
    firing: Object.values(state.memory.alerts).map(({ message }) => ({
      class: message.class,
      title: message.title,
    })),
    channels,
  };
}
