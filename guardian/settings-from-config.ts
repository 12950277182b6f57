/** From the configuration file to what the core is told. */
import { collectorId, hostName, type HostName } from "../shared/names.ts";
import type { NetworkName } from "../shared/telemetry.ts";
import type { GuardianConfig } from "./config.ts";
import {
  defaultLimits,
  type FenceLevel,
  type GroupSettings,
  type HostSettings,
  type Limits,
  type ReserveSettings,
  type RowActions,
  type Settings,
} from "./core/settings.ts";
import { placeOf, powerDevices } from "./power-places.ts";

export function settingsFrom(config: GuardianConfig, cloud: string): Settings {
  const hosts = Object.entries(config.hosts).map(([host, entry]): [HostName, HostSettings] => [
    hostName(host),
    {
      addresses: entry.addresses,
      devices: powerDevices(entry.power).map(({ device }) => device.name),
      places: Object.fromEntries(
        powerDevices(entry.power).map(({ device }) => [device.name, placeOf(device)]),
      ),
      levels: levelsOf(entry.power),
      maintenance: entry.maintenance,
      mode: entry.mode,
      domains: entry.domains,
    },
  ]);
  const networks = Object.entries(config.networks).map(([name, network]) => ({
    name: name as NetworkName,
    anchors: network.anchors,
  }));
  return {
    cloud,
    language: config.language,
    guardianId: config.guardianId,
    mode: config.mode,
    ask: { afterMs: config.ask.after, byDefault: config.ask.default },
    rows: rowsOf(config.rows),
    groupsHaveRows: Object.values(config.groups).some(
      (group) => Object.keys(group.rows).length > 0,
    ),
    groups: new Map(Object.entries(config.groups).map(([name, group]) => [name, groupOf(group)])),
    proofs: config.proofs,
    confirmBy: config.confirmBy,
    windows: config.maintenanceWindows.map(({ start, end, hosts: names, ...window }) => ({
      ...window,
      startWall: start,
      endWall: end,
      hosts: names.map(hostName),
    })),
    comeHome: config.comeHome,
    drain: config.drain,
    reserve: reserveOf(config),
    disableDegraded: config.disableDegraded,
    networks,
    collectors: config.collectors.map((collector) => collectorId(collector.id)),
    hosts: new Map(hosts),
    domainAggregates: config.domainAggregates,
    evacuation: config.evacuation,
    instancesShared: config.instancesShared,
    rebootOverdue: config.rebootOverdue,
    oneNetworkIsEnough: config.oneNetworkIsEnough,
    limits: limitsFrom(config),
  };
}

function limitsFrom(config: GuardianConfig): Limits {
  const { limits } = config;
  return {
    ...defaultLimits,
    suspectAfterMs: limits.suspectAfter,
    silentAfterMs: limits.silentAfter,
    checkDownMs: limits.checkDown,
    graceFreshMs: limits.graceFresh,
    graceUnseenMs: limits.graceUnseen,
    novaCadenceMs: config.novaReportInterval,
    powerRehearsalMs: limits.powerRehearsal,
    powerProbationMs: limits.powerProbation,
    powerDeadlineMs: limits.powerDeadline,
    fenceAttemptMs: limits.fenceAttempt,
    stormShare: limits.stormShare,
    stormCooldownMs: limits.stormCooldown,
    fencesPerHour: limits.fencesPerHour,
    fencesPerHourInDomain: limits.fencesPerHourInDomain,
    movesAtOnce: limits.movesAtOnce,
    movesAtFirst: limits.movesAtFirst,
    movesPerDestination: limits.movesPerDestination,
    moveSlowMs: limits.moveSlow,
    moveAttempts: limits.moveAttempts,
    moveDeadlineMs: limits.moveDeadline,
    moveMsMax: limits.moveMax,
    disableDegradedAfterMs: limits.disableDegradedAfter,
    enableHealthyAfterMs: limits.enableHealthyAfter,
    unattendedMs: limits.unattended,
    repeatPageMs: limits.repeatPage,
  };
}

/** Undefined for a plain list of devices, which is one level. */
function levelsOf(
  power: GuardianConfig["hosts"][string]["power"],
): readonly FenceLevel[] | undefined {
  const levels = power.flatMap((entry) =>
    entry.kind === "level"
      ? [{ devices: entry.devices.map(({ name }) => name), deadlineMs: entry.deadline }]
      : [],
  );
  return levels.length === 0 ? undefined : levels;
}

function reserveOf({ reserve }: GuardianConfig): ReserveSettings | undefined {
  return reserve === undefined ? undefined : { ...reserve, hosts: reserve.hosts.map(hostName) };
}

function rowsOf(rows: GuardianConfig["rows"]): RowActions {
  return new Map(Object.entries(rows));
}

function groupOf(group: GuardianConfig["groups"][string]): GroupSettings {
  const { hosts, mode, rows, proofs, comeHome, drain } = group;
  return { hosts: hosts.map(hostName), mode, rows: rowsOf(rows), proofs, comeHome, drain };
}
