/**
 * What a message must be to count as a sample: exactly Ceilometer's keys, each of its type, each in the form that Ceilometer
 * gives it. Its signature runs names and values together, so that `counter_unit` "A" and a text that goes on with the
 * next name are signed alike: a value must not hold the name that follows it. What is inside `resource_metadata`
 * stays ambiguous, and is not kept.
 */
import type { SampleRow } from "../ports.ts";
import { MessageMap } from "./ceilometer-signed-text.ts";
import { PythonFloat } from "./python-text.ts";

/** Told by no collector yet. */
export type CeilometerSample = Omit<SampleRow, "collector">;

export interface CeilometerMessage {
  readonly sample: CeilometerSample;
  readonly messageId: string;
  readonly signature: string;
}

/** Why a message is no sample; labels in metrics. */
export type SampleProblem = "keys" | "types" | "ambiguous" | "timestamp";

const required = [
  "counter_name",
  "counter_type",
  "counter_unit",
  "counter_volume",
  "message_id",
  "message_signature",
  "project_id",
  "resource_id",
  "resource_metadata",
  "source",
  "timestamp",
  "user_id",
] as const;
/** Of later releases. */
const optional = ["monotonic_time", "project_name", "user_name"] as const;
type Key = (typeof required)[number] | (typeof optional)[number];

const places = new Map<string, number>([...required, ...optional].map((key, at) => [key, at]));

/** Reads a message with suspicion. Its signature is the caller's to check. */
export function readSample(message: MessageMap): CeilometerMessage | SampleProblem {
  const values: unknown[] = Array(places.size);
  let found = 0;
  for (let at = 0; at < message.names.length; at += 1) {
    const place = places.get(message.names[at] ?? "");
    if (place === undefined) return "keys";
    if (place < required.length) found += 1;
    values[place] = message.values[at];
  }
  // No name comes twice: the decoder refuses that.
  if (found !== required.length) return "keys";
  const value = (key: Key): unknown => values[places.get(key) ?? -1];
  const [name, type, unit] = [value("counter_name"), value("counter_type"), value("counter_unit")];
  const [resourceId, source] = [value("resource_id"), value("source")];
  const [messageId, signature] = [value("message_id"), value("message_signature")];
  const volume = finite(value("counter_volume"));
  if (volume === undefined || !areNamesRight(value)) return "types";
  if (typeof name !== "string" || !/^[\w.:-]{1,255}$/.test(name)) return "types";
  if (type !== "gauge" && type !== "delta" && type !== "cumulative") return "types";
  if (typeof unit !== "string" || unit.length > 64 || !isText(resourceId, 255)) return "types";
  if (typeof source !== "string" || !/^[\w.-]{1,64}$/.test(source)) return "types";
  if (typeof messageId !== "string" || !isUuid.test(messageId)) return "types";
  if (typeof signature !== "string" || !/^(?:[0-9a-f]{64})?$/.test(signature)) return "types";
  const wallMs = readTime(value("timestamp"));
  if (wallMs === undefined) return "timestamp";
  if (isAmbiguous(value)) return "ambiguous";
  const projectId = (value("project_id") as string | null) ?? "";
  const kind = type satisfies CeilometerSample["type"] as CeilometerSample["type"];
  const sample = { name, type: kind, unit, volume, resourceId, projectId, source, wallMs };
  return { sample, messageId, signature };
}

const isUuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** The names that may be missing or null, the metadata and the sender's own clock. */
function areNamesRight(value: (key: Key) => unknown): boolean {
  for (const key of ["user_id", "project_id", "user_name", "project_name"] as const) {
    const text = value(key) ?? null;
    // "None" is signed as null is.
    if (text !== null && (!isText(text, 255) || text === "None")) return false;
  }
  const monotonic = value("monotonic_time") ?? null;
  if (monotonic !== null && finite(monotonic) === undefined) return false;
  return value("resource_metadata") instanceof MessageMap;
}

/** A value with the name in it that comes after it in the signed text could be read in two ways. */
function isAmbiguous(value: (key: Key) => unknown): boolean {
  const holds = (key: Key, next: string): boolean => {
    const text = value(key);
    return typeof text === "string" && text.includes(next);
  };
  return (
    holds("counter_name", "counter_type") ||
    holds("counter_unit", "counter_volume") ||
    holds("project_id", "project_name") ||
    holds("project_id", "resource_id") ||
    holds("project_name", "resource_id") ||
    holds("resource_id", "resource_metadata:") ||
    holds("source", "timestamp") ||
    holds("user_id", "user_name")
  );
}

function isText(value: unknown, lengthMax: number): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= lengthMax;
}

function finite(value: unknown): number | undefined {
  const number = value instanceof PythonFloat ? value.value : value;
  if (typeof number === "bigint") return Number(number);
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

const timeForm =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d):(\d\d))?$/;

/** ISO 8601 as Ceilometer writes it; without a zone it is UTC. */
export function readTime(value: unknown): number | undefined {
  const match = typeof value === "string" ? timeForm.exec(value) : null;
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", sign, zoneHour, zoneMinute] =
    match;
  const [months, days] = [Number(month) - 1, Number(day)];
  if (months > 11 || days > 31 || Number(hour) > 23 || Number(minute) > 59) return undefined;
  const seconds =
    daysSince1970(Number(year), months, days) * 86_400 +
    Number(hour) * 3600 +
    Number(minute) * 60 +
    Number(second);
  const zoneMs = (Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0)) * 60_000;
  const ms = seconds * 1000 + Number(fraction.padEnd(3, "0").slice(0, 3));
  return ms - (sign === "-" ? -zoneMs : zoneMs);
}

/** By the calendar's own rule (a core has no clock's types); months from 0. */
function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month < 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * ((month + 10) % 12) + 2) / 5) + day - 1;
  const ofCycle = ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear;
  return era * 146_097 + ofCycle - 719_468;
}
