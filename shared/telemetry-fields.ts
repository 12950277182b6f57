/**
 * Rows as flat numbers: the one place that names the columns and fields of every store and of the
 * live view, used by writers and readers alike. docs/telemetry.md lists them. Names and types stay
 * for ever; a new fact is a new name at the end.
 */
import { collectorId, hostName, type CollectorId } from "./names.ts";
import {
  codeOf,
  directoryStates,
  libvirtStates,
  networkNames,
  networkStates,
  noticeKinds,
  startGuardStates,
  stateOf,
  type HostChecks,
  type Ledger,
  type LivenessRow,
  type Watermark,
} from "./telemetry.ts";
import { monoMs } from "./time.ts";

export const measurements = {
  liveness: "host_liveness",
  watermark: "collector_watermark",
  server: "server_state",
} as const;

/** Fields of `host_liveness`; its tags are collector, host and path. */
export const livenessFields = [
  "collector_epoch",
  "arrival_ms",
  "boot_high",
  "boot_low",
  "probe_epoch",
  "sequence",
  "sent_wall_ms",
  "sent",
  "send_errors",
  "storage",
  "storage_age_ms",
  "business",
  "business_age_ms",
  "directory",
  "directory_age_ms",
  "directory_latency_ms",
  "libvirt",
  "libvirt_age_ms",
  "servers_total",
  "servers_running",
  "notice",
  "uuid_1",
  "uuid_2",
  "uuid_3",
  "uuid_4",
  "bmc_1",
  "bmc_2",
  "bmc_3",
  "bmc_4",
  "unconfirmed",
  "settings_version",
  "cut_off",
  "start_guard",
] as const;
export type LivenessField = (typeof livenessFields)[number];

/** Fields of `collector_watermark`; its tag is collector. */
export const watermarkFields = [
  "epoch",
  "mono_ms",
  "received",
  "accepted",
  "duplicate",
  "late",
  "refused",
  "dropped",
  "stored",
  "shed",
  "expected",
  "missing",
  "liveness",
  "spooled",
  "superseded",
] as const;
export type WatermarkField = (typeof watermarkFields)[number];

/** Fields that collectors of an earlier release do not write: 0 where they are missing. */
const laterFields: readonly string[] = [
  ...livenessFields.slice(livenessFields.indexOf("bmc_1")),
  ...watermarkFields.slice(watermarkFields.indexOf("expected")),
];

/** Something that answers with the value of a named column: a result row, a JSON object. */
export type ColumnReader = (column: string) => unknown;

export function livenessNumbers(row: LivenessRow): Record<LivenessField, number> {
  const { checks } = row;
  return {
    collector_epoch: row.collectorEpoch,
    arrival_ms: row.arrivalMs,
    boot_high: Number.parseInt(row.bootId.slice(0, 8), 16),
    boot_low: Number.parseInt(row.bootId.slice(8, 16), 16),
    probe_epoch: row.probeEpoch,
    sequence: row.sequence,
    sent_wall_ms: row.sentWallMs,
    sent: row.sent,
    send_errors: row.sendErrors,
    storage: codeOf(networkStates, checks.storage),
    storage_age_ms: checks.storageAgeMs,
    business: codeOf(networkStates, checks.business),
    business_age_ms: checks.businessAgeMs,
    directory: codeOf(directoryStates, checks.directory),
    directory_age_ms: checks.directoryAgeMs,
    directory_latency_ms: checks.directoryLatencyMs,
    libvirt: codeOf(libvirtStates, checks.libvirt),
    libvirt_age_ms: checks.libvirtAgeMs,
    servers_total: checks.serversTotal,
    servers_running: checks.serversRunning,
    notice: codeOf(noticeKinds, checks.notice),
    uuid_1: uuidPart(checks.hardwareUuid, 0),
    uuid_2: uuidPart(checks.hardwareUuid, 1),
    uuid_3: uuidPart(checks.hardwareUuid, 2),
    uuid_4: uuidPart(checks.hardwareUuid, 3),
    bmc_1: uuidPart(checks.bmcGuid, 0),
    bmc_2: uuidPart(checks.bmcGuid, 1),
    bmc_3: uuidPart(checks.bmcGuid, 2),
    bmc_4: uuidPart(checks.bmcGuid, 3),
    unconfirmed: row.unconfirmed === true ? 1 : 0,
    settings_version: row.settingsVersion ?? 0,
    cut_off: row.cutOff ?? 0,
    start_guard: codeOf(startGuardStates, row.startGuard ?? "none"),
  };
}

/** The row, or undefined when a tag or number is missing: half a row is no evidence. */
export function readLiveness(read: ColumnReader): LivenessRow | undefined {
  const tags = readTags(read);
  const numbers = readNumbers(livenessFields, read);
  if (tags === undefined || numbers === undefined) return undefined;
  const startGuard = stateOf(startGuardStates, numbers.start_guard);
  return {
    collector: tags.collector,
    collectorEpoch: numbers.collector_epoch,
    host: hostName(tags.host),
    path: tags.path,
    arrivalMs: monoMs(numbers.arrival_ms),
    bootId: hex32(numbers.boot_high) + hex32(numbers.boot_low),
    probeEpoch: numbers.probe_epoch,
    sequence: numbers.sequence,
    sentWallMs: numbers.sent_wall_ms,
    sent: numbers.sent,
    sendErrors: numbers.send_errors,
    checks: readChecks(numbers),
    ...(numbers.unconfirmed === 0 ? {} : { unconfirmed: true as const }),
    ...(numbers.settings_version === 0 ? {} : { settingsVersion: numbers.settings_version }),
    ...(numbers.cut_off === 0 ? {} : { cutOff: numbers.cut_off }),
    ...(startGuard === "none" ? {} : { startGuard }),
  };
}

function readChecks(numbers: Record<LivenessField, number>): HostChecks {
  return {
    storage: stateOf(networkStates, numbers.storage),
    storageAgeMs: numbers.storage_age_ms,
    business: stateOf(networkStates, numbers.business),
    businessAgeMs: numbers.business_age_ms,
    directory: stateOf(directoryStates, numbers.directory),
    directoryAgeMs: numbers.directory_age_ms,
    directoryLatencyMs: numbers.directory_latency_ms,
    libvirt: stateOf(libvirtStates, numbers.libvirt),
    libvirtAgeMs: numbers.libvirt_age_ms,
    serversTotal: numbers.servers_total,
    serversRunning: numbers.servers_running,
    notice: stateOf(noticeKinds, numbers.notice),
    hardwareUuid: readUuid([numbers.uuid_1, numbers.uuid_2, numbers.uuid_3, numbers.uuid_4]),
    bmcGuid: readUuid([numbers.bmc_1, numbers.bmc_2, numbers.bmc_3, numbers.bmc_4]),
  };
}

/** Eight hex digits of a UUID as a number; stores hold numbers only. */
function uuidPart(uuid: string, part: number): number {
  return uuid === "" ? 0 : Number.parseInt(uuid.slice(8 * part, 8 * part + 8), 16);
}

function readUuid(parts: readonly number[]): string {
  return parts.every((part) => part === 0) ? "" : parts.map(hex32).join("");
}

export function watermarkNumbers(watermark: Watermark): Record<WatermarkField, number> {
  return { epoch: watermark.epoch, mono_ms: watermark.monoMs, ...watermark.ledger };
}

/** The watermark, or undefined when a number is missing. */
export function readWatermark(read: ColumnReader): Watermark | undefined {
  const collector = read("collector");
  const numbers = readNumbers(watermarkFields, read);
  if (typeof collector !== "string" || numbers === undefined) return undefined;
  const { epoch, mono_ms, ...ledger }: { epoch: number; mono_ms: number } & Ledger = numbers;
  return { collector: collectorId(collector), epoch, monoMs: monoMs(mono_ms), ledger };
}

function readTags(
  read: ColumnReader,
): { collector: CollectorId; host: string; path: LivenessRow["path"] } | undefined {
  const collector = read("collector");
  const host = read("host");
  const path = networkNames.find((name) => name === read("path"));
  if (typeof collector !== "string" || typeof host !== "string") return undefined;
  if (path === undefined || path === "unknown") return undefined;
  return { collector: collectorId(collector), host, path };
}

function readNumbers<Field extends string>(
  fields: readonly Field[],
  read: ColumnReader,
): Record<Field, number> | undefined {
  const numbers = new Map<Field, number>();
  for (const field of fields) {
    const value = read(field) ?? (laterFields.includes(field) ? 0 : undefined);
    if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
    numbers.set(field, value);
  }
  return Object.fromEntries(numbers) as Record<Field, number>;
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
