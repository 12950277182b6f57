/**
 * Gates before a rehearsal: a planned real power cycle of an empty host. Its power devices are not
 * verified yet, so that what is switched off may be another host's chassis: nothing is rehearsed unless
 * the whole cloud is well, and never while a server is on the host.
 */
import { verdictWords, type GateResult } from "./assessment.ts";
import { novaGate, destinationGate } from "./destination-gates.ts";
import { belongsTo, identityWords } from "./device-identity.ts";
import { fenceLevels } from "./fence-levels.ts";
import { eyesGates } from "./gates.ts";
import { incidentOf } from "./incidents.ts";
import { maintenanceOf } from "./maintenance.ts";
import { disabledBy } from "./marks.ts";
import { armedGate, rehearsalGates } from "./policy-gates.ts";
import { deviceTrack } from "./power.ts";
import { rehearsing } from "./rehearsals.ts";
import { hostOf, type GuardianState, type HostState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** All of them, in order. What Nova lists on the host is asked for twice afterwards. */
export function gatesToRehearse(
  state: GuardianState,
  host: HostState,
  level: number,
): readonly GateResult[] {
  return [
    armedGate(state),
    ...deviceGates(state, host, level),
    takenOutGate(state, host),
    incidentGate(state, host),
    healthyGate(host),
    reportedServersGate(host),
    ...eyesGates(state, host),
    novaGate(state),
    peaceGate(state, host),
    destinationGate(state, host),
  ];
}

/** Why a host cannot be rehearsed now, as gates; a level that it does not have is a gate too. */
export function rehearsalProblem(
  state: GuardianState,
  name: HostState["host"],
  level: number,
): readonly GateResult[] {
  const host = hostOf(state, name);
  const gates = [...rehearsalGates(state, host), ...gatesToRehearse(state, host, level)];
  return gates.filter(({ pass }) => !pass);
}

function gate(name: string, pass: boolean, value: Words, limit: Words): GateResult {
  return { gate: name, pass, value, operator: "=", limit };
}

/**
 * Disabled in Nova: else its scheduler may send a server to a host that goes off a moment later. And by people:
 * a mark of our own is taken away again by itself, unless the host is in maintenance.
 */
function takenOutGate(state: GuardianState, host: HostState): GateResult {
  const isDisabled = host.service?.service.status === "disabled";
  const by = disabledBy(state, host);
  const isHeld = by.kind === "others" || maintenanceOf(state, host.host) !== undefined;
  const held = by.kind === "others" ? by.reason : words("rehearse.in-maintenance");
  const value = isHeld ? held : words("rehearse.by-us");
  const shown = isDisabled ? value : words("rehearse.enabled");
  return gate("taken out", isDisabled && isHeld, shown, words("rehearse.taken-out"));
}

function incidentGate(state: GuardianState, host: HostState): GateResult {
  const incident = incidentOf(state, host.host);
  const value =
    incident === undefined
      ? words("value.none")
      : words("rehearse.incident", { id: incident.id, phase: incident.phase.kind });
  return gate("incident", incident === undefined, value, words("value.none"));
}

function healthyGate({ assessment }: HostState): GateResult {
  const value = verdictWords(assessment?.verdict ?? "unknown");
  return gate("verdict", assessment?.row === "8", value, verdictWords("healthy"));
}

/** Counted by its own probe: domains that Nova does not know, or does not list yet, are in it. */
function reportedServersGate({ newest }: HostState): GateResult {
  const count = newest?.checks.serversTotal;
  const value = count === undefined ? words("value.never") : words("value.number", { count });
  return gate("servers it reports", count === 0, value, words("value.number", { count: 0 }));
}

/** Nobody else is in trouble, suspect, fenced, evacuated or rehearsed. */
function peaceGate(state: GuardianState, host: HostState): GateResult {
  const { trouble, suspects } = state.census;
  const acting = [...state.memory.incidents.values()]
    .filter(({ phase }) => phase.kind === "fencing" || phase.kind === "evacuating")
    .map((incident) => incident.host);
  const names = new Set([...trouble, ...suspects, ...acting, ...rehearsing(state)]);
  names.delete(host.host);
  const hosts = [...names].sort();
  const count = hosts.length;
  const value =
    count === 0 ? words("value.number", { count }) : words("value.trouble", { count, hosts });
  return gate("other hosts in trouble", count === 0, value, words("value.number", { count: 0 }));
}

function deviceGates(state: GuardianState, host: HostState, level: number): readonly GateResult[] {
  const devices = fenceLevels(state.settings, host.host)[level]?.devices ?? [];
  if (devices.length === 0) {
    const limit = words("rehearse.level", { level: level + 1 });
    return [gate("power devices", false, words("value.none"), limit)];
  }
  const limit = words("rehearse.device");
  return devices.map((device) => {
    const { pass, value } = deviceValue(state, host, device);
    return gate(`power device ${device}`, pass, value, limit);
  });
}

/** On, by its last reading, and not known to be another host's. */
function deviceValue(
  state: GuardianState,
  host: HostState,
  device: string,
): { readonly pass: boolean; readonly value: Words } {
  const reading = deviceTrack(host, device).readings.at(-1)?.reading;
  if (reading === undefined) return { pass: false, value: words("rehearse.unread") };
  if (reading.power === "unknown") {
    return { pass: false, value: words("rehearse.no-answer", { reason: reading.reason }) };
  }
  const owner = Object.entries(state.memory.known).find(
    ([other, known]) => other !== host.host && belongsTo(reading.identity, known),
  )?.[0];
  if (owner !== undefined) {
    const identity = identityWords(reading.identity);
    return { pass: false, value: words("rehearse.another", { identity, host: owner }) };
  }
  return { pass: reading.power === "on", value: words("rehearse.reads", { power: reading.power }) };
}
