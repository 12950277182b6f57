/** Off commands: given to devices that are surely the host's own, and their answers. */
import type { HostName } from "../../shared/names.ts";
import { belongsTo, isTelling } from "./device-identity.ts";
import type { Effect } from "./effects.ts";
import type { PowerOffAnswered } from "./events.ts";
import { incidentOf, withPhase } from "./incidents.ts";
import type { Incident, OffCommand } from "./memory.ts";
import { deviceTrack } from "./power.ts";
import { isRehearsing } from "./rehearsals.ts";
import { noticeInForce } from "./self-checks.ts";
import { hostSettings } from "./settings.ts";
import type { GuardianState, HostState } from "./state.ts";
import { deviceKey, unverifiedBecause } from "./verification.ts";

export type Commands = Readonly<Record<string, OffCommand>>;

/** Gives the off command to some of a host's devices and remembers what each read before. */
export function orderOff(
  state: GuardianState,
  host: HostState,
  incident: Incident,
  devices: readonly string[],
  out: Effect[],
  step: string,
): Commands {
  const commands: Record<string, OffCommand> = {};
  const named = namedHosts(state, host.host).length > 0;
  for (const device of devices) {
    const pinned = state.memory.devices[deviceKey(host.host, device)]?.pinned;
    // One that is not verified may be another host's: it is not even asked.
    if (pinned === undefined || unverifiedBecause(state, host.host, device) !== undefined) continue;
    out.push({
      kind: "power-off",
      id: `${incident.id}/${host.host}/${step}/${device}/${state.now}`,
      host: host.host,
      device,
      expected: pinned,
      deadlineMs: state.settings.limits.powerDeadlineMs,
    });
    const last = deviceTrack(host, device).readings.at(-1)?.reading.power;
    const wasOn = last !== "off" || named;
    commands[device] = { askedAt: state.now, answer: undefined, answeredAt: undefined, wasOn };
  }
  return commands;
}

/**
 * Hosts that must show life again after a chassis was switched off, to prove it was not theirs: all that are
 * fresh, and, silent or not, whoever a device of `except` shows as its own.
 */
export function freshHosts(state: GuardianState, except: HostName): readonly HostName[] {
  const names = new Set(namedHosts(state, except));
  for (const host of state.hosts.values()) {
    if (host.host === except || host.freshSince === undefined) continue;
    if (!noticeInForce(state, host) && !isRehearsing(state, host.host)) names.add(host.host);
  }
  return [...names].sort();
}

/**
 * Other hosts of the cloud whose own UUID a device of this one shows, although a person has vouched for it.
 * Off already, that chassis may be theirs, and gone with them, while this host runs on: they are asked.
 */
export function namedHosts(state: GuardianState, name: HostName): readonly HostName[] {
  const { devices, known } = state.memory;
  const own = known[name] ?? { hardwareUuid: "" };
  const shown = hostSettings(state.settings, name)
    .devices.map((device) => devices[deviceKey(name, device)]?.pinned)
    .filter((pinned) => pinned !== undefined && isTelling(pinned) && !belongsTo(pinned, own));
  const named: HostName[] = [];
  if (shown.length === 0) return named;
  for (const { host, service } of state.hosts.values()) {
    const other = known[host];
    if (host === name || service === undefined || other === undefined) continue;
    if (shown.some((pinned) => pinned !== undefined && belongsTo(pinned, other))) named.push(host);
  }
  return named;
}

/** Takes in a device's answer to an off command. */
export function foldPowerOff(state: GuardianState, event: PowerOffAnswered): GuardianState {
  const phase = incidentOf(state, event.host)?.phase;
  if (phase?.kind !== "fencing" && phase?.kind !== "evacuating") return state;
  const command = phase.commands[event.device];
  if (command === undefined || command.askedAt > event.askedAt) return state;
  const answered = { ...command, answer: event.answer, answeredAt: event.at };
  const commands = { ...phase.commands, [event.device]: answered };
  return withPhase(state, event.host, { ...phase, commands });
}
