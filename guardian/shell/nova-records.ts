/**
 * Nova's records into ours. From microversion 2.69 Nova sends partial records while a cell is down:
 * a field that is not there makes a record poorer or unreadable, it never makes us throw.
 */
import { hostName, serverId, type HostName } from "../../shared/names.ts";
import type {
  Aggregate,
  ComputeServer,
  ComputeService,
  EvacuationRecord,
  ServerSize,
} from "../ports.ts";
import { asList, asRecord, numberOf, textOf } from "./json.ts";
import type { Hypervisor } from "./placement.ts";

/** A nova-compute; undefined when its cell is down and Nova knows only its name. */
export function readService(value: unknown): ComputeService | undefined {
  const record = asRecord(value);
  const serviceId = textOf(record["id"]);
  const host = textOf(record["host"]);
  const { status, state } = record;
  if (serviceId === undefined || host === undefined) return undefined;
  if (status !== "enabled" && status !== "disabled") return undefined;
  if (state !== "up" && state !== "down") return undefined;
  return {
    serviceId,
    host: hostName(host),
    zone: textOf(record["zone"]) ?? "",
    status,
    state,
    forcedDown: record["forced_down"] === true,
    disabledReason: textOf(record["disabled_reason"]),
    updatedAt: textOf(record["updated_at"]),
  };
}

/** The host of a service record that `readService` cannot read. */
export function unreadableHost(value: unknown): HostName | undefined {
  const host = textOf(asRecord(value)["host"]);
  return host === undefined || readService(value) !== undefined ? undefined : hostName(host);
}

/** Which service a record is of; what does not say is taken for a nova-compute. */
export function binaryOf(value: unknown): string {
  return textOf(asRecord(value)["binary"]) ?? "nova-compute";
}

/** How many of the nova-schedulers are enabled and up. */
export function schedulersOf(list: readonly unknown[]): {
  readonly up: number;
  readonly total: number;
} {
  const schedulers = list.filter((one) => binaryOf(one) === "nova-scheduler").map(asRecord);
  const up = schedulers.filter((one) => one["state"] === "up" && one["status"] === "enabled");
  return { up: up.length, total: schedulers.length };
}

export function readAggregate(value: unknown): Aggregate | undefined {
  const record = asRecord(value);
  const name = textOf(record["name"]);
  if (name === undefined) return undefined;
  const hosts = asList(record["hosts"]).flatMap((host) => textOf(host) ?? []);
  return { name, hosts: hosts.map(hostName), metadata: readMetadata(record["metadata"]) };
}

/** A hypervisor's memory; ironic's have another service host and are not ours. */
export function readHypervisor(value: unknown): Hypervisor | undefined {
  const record = asRecord(value);
  const host = textOf(asRecord(record["service"])["host"]);
  const memoryMb = numberOf(record["memory_mb"]);
  const memoryUsedMb = numberOf(record["memory_mb_used"]);
  if (host === undefined || memoryMb === undefined || memoryUsedMb === undefined) return undefined;
  const uuid = textOf(record["id"]) ?? "";
  return { uuid, capacity: { host: hostName(host), memoryMb, memoryUsedMb } };
}

/** A server; what a partial record does not say reads as unknown. */
export function readServer(value: unknown): ComputeServer | undefined {
  const record = asRecord(value);
  const id = textOf(record["id"]);
  if (id === undefined) return undefined;
  const host = textOf(record["OS-EXT-SRV-ATTR:host"]);
  return {
    server: serverId(id),
    name: textOf(record["name"]) ?? id,
    host: host === undefined ? undefined : hostName(host),
    status: textOf(record["status"]) ?? "UNKNOWN",
    vmState: textOf(record["OS-EXT-STS:vm_state"]) ?? "unknown",
    taskState: textOf(record["OS-EXT-STS:task_state"]),
    powerState: numberOf(record["OS-EXT-STS:power_state"]) ?? 0,
    project: textOf(record["tenant_id"]) ?? "",
    locked: record["locked"] === true,
    volumeBacked: isVolumeBacked(record),
    metadata: readMetadata(record["metadata"]),
    tags: asList(record["tags"]).flatMap((tag) => textOf(tag) ?? []),
    // A policy of Nova's may hide them: then the flavor says nothing.
    flavorSpecs: readMetadata(asRecord(record["flavor"])["extra_specs"]),
    size: sizeOf(asRecord(record["flavor"])),
    fault: textOf(asRecord(record["fault"])["message"]),
  };
}

/** A server with what people ask of it beside: nothing is decided by that. */
export interface ShownServer extends ComputeServer {
  readonly addresses: readonly string[];
  /** Of its flavor; undefined where Nova does not show it. */
  readonly diskGb: number | undefined;
}

export function readShownServer(value: unknown): ShownServer | undefined {
  const server = readServer(value);
  if (server === undefined) return undefined;
  const record = asRecord(value);
  const networks = Object.values(asRecord(record["addresses"]));
  const addresses = networks.flatMap((network) =>
    asList(network).flatMap((port) => textOf(asRecord(port)["addr"]) ?? []),
  );
  return { ...server, addresses, diskGb: numberOf(asRecord(record["flavor"])["disk"]) };
}

function sizeOf(flavor: Readonly<Record<string, unknown>>): ServerSize | undefined {
  const [memoryMb, vcpus] = [numberOf(flavor["ram"]), numberOf(flavor["vcpus"])];
  return memoryMb === undefined || vcpus === undefined ? undefined : { memoryMb, vcpus };
}

/** The image that a server was booted from; undefined for one that was booted from a volume. */
export function imageIdOf(value: unknown): string | undefined {
  return textOf(asRecord(asRecord(value)["image"])["id"]);
}

/** Properties of an image, in the shape of Nova's own view of Glance. */
export function readImage(value: unknown): Readonly<Record<string, string>> {
  return readMetadata(asRecord(asRecord(value)["image"])["metadata"]);
}

/**
 * No image and at least one volume: a server booted from a blank local disk has no image either,
 * and its disk would be lost.
 */
function isVolumeBacked(record: Readonly<Record<string, unknown>>): boolean {
  const volumes = asList(record["os-extended-volumes:volumes_attached"]);
  return record["image"] === "" && volumes.length > 0;
}

function readMetadata(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(asRecord(value));
  return Object.fromEntries(entries.map(([key, text]) => [key, String(text)]));
}

/** A migration record of type evacuation. */
export function readMigration(value: unknown): EvacuationRecord | undefined {
  const record = asRecord(value);
  const id = numberOf(record["id"]);
  const server = textOf(record["instance_uuid"]);
  const source = textOf(record["source_compute"]);
  if (id === undefined || server === undefined || source === undefined) return undefined;
  const destination = textOf(record["dest_compute"]);
  return {
    id,
    server: serverId(server),
    source: hostName(source),
    destination: destination === undefined ? undefined : hostName(destination),
    status: textOf(record["status"]) ?? "unknown",
    createdAt: textOf(record["created_at"]) ?? "",
  };
}

export function collect<T>(list: unknown, read: (value: unknown) => T | undefined): readonly T[] {
  return asList(list)
    .map(read)
    .filter((value) => value !== undefined);
}
