/** The state as people ask for it: plain records for the control socket, the CLI and the page. */
import type { HostName } from "../../shared/names.ts";
import { describeMs } from "../../shared/time.ts";
import { describeGate } from "./assessment.ts";
import { explain, explanationText } from "./explain.ts";
import { hostAge, voters } from "./freshness.ts";
import type { Incident, Move } from "./memory.ts";
import { deviceTrack } from "./power.ts";
import { unverifiedBecause } from "./verification.ts";
import { hostSettings } from "./settings.ts";
import type { GuardianState, HostState } from "./state.ts";
import type { Language } from "./words.ts";

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
  const explanation = explain(state, host);
  return {
    ...hostLine(state, host),
    ...(explanation === undefined ? {} : explanationText(explanation, language)),
    devices: devices.map((device) => ({
      device,
      unverified: unverifiedBecause(state, name, device) ?? "",
    })),
    incident: state.memory.incidents[name]?.id ?? "",
  };
}

export function showIncidents(state: GuardianState): readonly unknown[] {
  return Object.values(state.memory.incidents).map((incident) => ({
    id: incident.id,
    host: incident.host,
    opened: new Intl.DateTimeFormat("sv-SE", {
      dateStyle: "short",
      timeStyle: "medium",
      timeZone: "UTC",
    }).format(incident.openedWall),
    phase: incident.phase.kind,
    moves: movesText(incident),
  }));
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

export function showIncident(state: GuardianState, id: string): unknown {
  const incident = Object.values(state.memory.incidents).find((found) => found.id === id);
  if (incident === undefined) return undefined;
  return {
    id,
    host: incident.host,
    phase: incident.phase.kind,
    timeline: incident.timeline,
    moves: movesOf(incident),
  };
}

/** The guardian itself: armed or not, its eyes, its channels. */
export function showStatus(state: GuardianState, channels: readonly unknown[]): unknown {
  const disarmed = state.disarmedFile ? "the file `disarmed` exists" : state.memory.disarmed;
  return {
    cloud: state.settings.cloud,
    mode: state.settings.mode,
    epoch: state.epoch,
    armed: disarmed === undefined,
    disarmed: disarmed ?? "",
    storm: Object.keys(state.memory.storms),
    eyes: state.round.common.map((gate) => `${gate.pass ? "good" : "DOUBT"} ${describeGate(gate)}`),
    firing: Object.values(state.memory.alerts).map(({ message }) => ({
      class: message.class,
      title: message.title,
    })),
    channels,
  };
}
