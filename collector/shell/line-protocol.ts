/**
 * Rows as InfluxDB's line protocol, with times in ms. Every field is a float in every version, for ever: a field that
 * changes its type is refused. Tags stand in alphabetical order, which spares the store a sort.
 */
import {
  livenessFields,
  livenessNumbers,
  measurements,
  watermarkFields,
  watermarkNumbers,
} from "../../shared/telemetry-fields.ts";
import {
  codeOf,
  serverStates,
  type LivenessRow,
  type ServerRow,
  type Watermark,
} from "../../shared/telemetry.ts";
import type { SampleRow } from "../ports.ts";

/** A host's row at the time of its arrival. */
export function livenessLine(row: LivenessRow, wallMs: number): string {
  const numbers = livenessNumbers(row);
  let fields = "";
  for (const field of livenessFields)
    fields += `${fields === "" ? "" : ","}${field}=${numbers[field]}`;
  const tags = `collector=${tag(row.collector)},host=${tag(row.host)},path=${row.path}`;
  return `${measurements.liveness},${tags} ${fields} ${wallMs}`;
}

/** One server's state. */
export function serverLine(row: ServerRow, wallMs: number): string {
  const tags = `collector=${tag(row.collector)},host=${tag(row.host)},server=${tag(row.server)}`;
  return `${measurements.server},${tags} state=${codeOf(serverStates, row.state)} ${wallMs}`;
}

/** A sample: its meter is the measurement. The same tags always, since version 3 fixes them with the first row. */
export function sampleLine(row: SampleRow): string {
  const who = `collector=${tag(row.collector)},project_id=${tag(row.projectId)}`;
  const what = `resource_id=${tag(row.resourceId)},source=${tag(row.source)}`;
  const tags = `${who},${what},type=${row.type},unit=${tag(row.unit)}`;
  return `${tag(row.name)},${tags} volume=${row.volume} ${row.wallMs}`;
}

/** A collector's own heartbeat. */
export function watermarkLine(watermark: Watermark, wallMs: number): string {
  const numbers = watermarkNumbers(watermark);
  const fields = watermarkFields.map((field) => `${field}=${numbers[field]}`).join(",");
  return `${measurements.watermark},collector=${tag(watermark.collector)} ${fields} ${wallMs}`;
}

/** A tag's value ("-" for none: an empty one is refused), or a measurement's name: what has a meaning in the protocol is escaped. */
export function tag(text: string): string {
  if (text === "") return "-";
  // As nearly every name: one look instead of three.
  if (!/[\n\r\\,= ]/.test(text)) return text;
  // Line breaks and backslashes cannot be escaped so that every version reads the same.
  return text
    .replace(/[\n\r]/g, " ")
    .replaceAll("\\", "/")
    .replace(/[,= ]/g, "\\$&");
}
