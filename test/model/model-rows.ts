/** The world of the model as the guardian is shown it: reports, services, servers, records. */
import type {
  ComputeServer,
  ComputeService,
  EvacuationRecord,
  InventoryAnswer,
} from "../../guardian/ports.ts";
import { collectorId, type HostName, type ServerId } from "../../shared/names.ts";
import type { LivenessRow } from "../../shared/telemetry.ts";
import { monoMs } from "../../shared/time.ts";
import { healthyChecks } from "../support/sample-report.ts";
import { peer, quantumMs } from "./model-settings.ts";
import type { ModelHost } from "./model-world.ts";

export const collector = collectorId("c1");

export function reportOf(
  host: HostName,
  { reportedAt, boots, runs, degraded }: ModelHost,
): LivenessRow {
  const servers = runs ? 1 : 0;
  const hardwareUuid = uuidOf(host);
  return {
    collector,
    collectorEpoch: 1,
    host,
    path: "management",
    arrivalMs: monoMs(reportedAt),
    bootId: bootIdOf(boots),
    probeEpoch: 1,
    sequence: 1,
    sentWallMs: 1,
    sent: 1,
    sendErrors: 0,
    checks: {
      ...healthyChecks,
      storage: degraded ? "down" : "up",
      serversTotal: servers,
      serversRunning: servers,
      hardwareUuid,
    },
  };
}

/** Some boots in turn: only whether it is another one counts. */
export function bootIdOf(boots: number): string {
  return `b00${boots % 8}`;
}

function uuidOf(host: HostName): string {
  return host === peer ? "f".padStart(32, "e") : (host.at(-1)?.padStart(32, "a") ?? "");
}

export function identityOf(host: HostName): { guid: string; uuid: undefined; serial: undefined } {
  return { guid: uuidOf(host), uuid: undefined, serial: undefined };
}

export function serviceOf(host: HostName, model: ModelHost, now: number): ComputeService {
  return {
    serviceId: `service-${host}`,
    host,
    zone: "",
    status: model.disabledReason === undefined ? "enabled" : "disabled",
    state: model.forcedDown || now - model.novaAt > 3 * quantumMs ? "down" : "up",
    forcedDown: model.forcedDown,
    disabledReason: model.disabledReason,
    updatedAt: String(model.novaAt),
  };
}

export function serverOf(host: HostName, { server }: ModelHost): ComputeServer {
  const moving = server.record?.status === "accepted";
  const migrating = server.migration?.status === "running" || server.migration?.status === "dark";
  return {
    server: `vm-${host}` as ServerId,
    name: `vm-${host}`,
    host: server.host,
    status: moving ? "REBUILD" : migrating ? "MIGRATING" : "ACTIVE",
    vmState: "active",
    taskState: moving ? "rebuilding" : migrating ? "migrating" : undefined,
    powerState: 1,
    project: "p",
    locked: false,
    volumeBacked: true,
    metadata: {},
    fault: undefined,
  };
}

export function recordsOf(source: HostName, { server }: ModelHost): readonly EvacuationRecord[] {
  if (server.record === undefined) return [];
  const { id, status } = server.record;
  const destination = status === "done" || status === "completed" ? peer : undefined;
  return [{ id, server: `vm-${source}` as ServerId, source, destination, status, createdAt: "t" }];
}

export function migrationsOf(
  source: HostName,
  { server: { migration } }: ModelHost,
): readonly EvacuationRecord[] {
  if (migration === undefined) return [];
  const { id } = migration;
  const status = migration.status === "dark" ? "running" : migration.status;
  const server = `vm-${source}` as ServerId;
  return [{ id, server, source, destination: peer, status, createdAt: "t" }];
}

/** Memory for everything, everywhere. */
export function inventoryOf(hosts: readonly HostName[]): InventoryAnswer {
  const capacity = hosts.map((host) => ({ host, memoryMb: 8192, memoryUsedMb: 1024 }));
  return { kind: "inventory", aggregates: [], capacity };
}
