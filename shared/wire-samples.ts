/**
 * Two kinds of records that decide nothing yet: samples (any named number of a resource, as Ceilometer has them)
 * and sightings (what this host's pings of other hosts found). Pure; docs/wire-format.md has both to the byte.
 */
import { hostName, isHostName, type HostName } from "./names.ts";
import { codeOf, networkNames, stateOf, type NetworkName } from "./telemetry.ts";
import { readAscii, readUint16, readUint32, writeAscii } from "./wire-numbers.ts";

export const sampleTypes = ["gauge", "delta", "cumulative"] as const;
export type SampleType = (typeof sampleTypes)[number];

/** One named number. Names are Ceilometer's where it has one, else `compute.node.…`. */
export interface WireSample {
  readonly name: string;
  readonly type: SampleType;
  readonly unit: string;
  readonly volume: number;
}

/** Samples of one resource. */
export interface SamplesRecord {
  readonly kind: "samples";
  /** What they are about: "" stands for the host itself, else `<something of it>`, or a server's UUID. */
  readonly resource: string;
  readonly samples: readonly WireSample[];
}

/** What this host saw of another one on a network since its last word about it. */
export interface WireSighting {
  readonly host: HostName;
  readonly network: NetworkName;
  readonly echoes: number;
  readonly sent: number;
  /** The time over which these were sent. */
  readonly overMs: number;
  /** An address on that network that is no compute host answered us meanwhile. */
  readonly anchorAnswered: boolean;
}

export interface SightingsRecord {
  readonly kind: "sightings";
  readonly sightings: readonly WireSighting[];
}

const sampleBytesFixed = 11;
const sightingBytesFixed = 11;
const resourceCharsMax = 200;
const nameCharsMax = 100;
const unitCharsMax = 20;
const uint16Max = 65_535;
const uint32Max = 4_294_967_295;

/** Bytes of the value of a record with these samples. */
export function samplesBytes({ resource, samples }: Omit<SamplesRecord, "kind">): number {
  const sizes = samples.map(
    ({ name, unit }) =>
      sampleBytesFixed + ascii(name, nameCharsMax).length + ascii(unit, unitCharsMax).length,
  );
  return sizes.reduce((sum, size) => sum + size, 1 + ascii(resource, resourceCharsMax).length);
}

export function encodeSamples(record: SamplesRecord): Uint8Array {
  const bytes = new Uint8Array(samplesBytes(record));
  const view = new DataView(bytes.buffer);
  const resource = ascii(record.resource, resourceCharsMax);
  bytes[0] = resource.length;
  writeAscii(bytes, 1, resource);
  let at = 1 + resource.length;
  for (const sample of record.samples) {
    const [name, unit] = [ascii(sample.name, nameCharsMax), ascii(sample.unit, unitCharsMax)];
    bytes[at] = codeOf(sampleTypes, sample.type);
    bytes[at + 1] = name.length;
    bytes[at + 2] = unit.length;
    view.setFloat64(at + 3, sample.volume);
    writeAscii(bytes, at + sampleBytesFixed, name);
    writeAscii(bytes, at + sampleBytesFixed + name.length, unit);
    at += sampleBytesFixed + name.length + unit.length;
  }
  return bytes;
}

/** The samples whose value lies there; undefined when its lengths make no sense. */
export function decodeSamples(
  bytes: Uint8Array,
  from: number,
  length: number,
): SamplesRecord | undefined {
  const end = from + length;
  const resourceEnd = from + 1 + (bytes[from] ?? 0);
  if (length < 1 || resourceEnd > end) return undefined;
  const resource = readAscii(bytes, from + 1, resourceEnd - from - 1);
  const samples: WireSample[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = resourceEnd; at < end;) {
    if (at + sampleBytesFixed > end) return undefined;
    const [nameLength, unitLength] = [bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
    const next = at + sampleBytesFixed + nameLength + unitLength;
    if (next > end) return undefined;
    const name = readAscii(bytes, at + sampleBytesFixed, nameLength);
    const unit = readAscii(bytes, at + sampleBytesFixed + nameLength, unitLength);
    const type = stateOf(sampleTypes, bytes[at] ?? 0);
    const volume = view.getFloat64(at + 3);
    // A sample that no store could take is left out; the others stand.
    if (Number.isFinite(volume) && isMeterName(name)) samples.push({ name, type, unit, volume });
    at = next;
  }
  return { kind: "samples", resource, samples };
}

/** What a store takes as a measurement. */
export function isMeterName(text: string): boolean {
  return /^[\w.:-]{1,100}$/.test(text);
}

export function encodeSightings({ sightings }: SightingsRecord): Uint8Array {
  const size = sightings.reduce((sum, { host }) => sum + sightingBytesFixed + host.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { host, network, echoes, sent, overMs, anchorAnswered } of sightings) {
    bytes[at] = codeOf(networkNames, network);
    bytes[at + 1] = anchorAnswered ? 1 : 0;
    bytes[at + 2] = host.length;
    view.setUint16(at + 3, Math.min(uint16Max, echoes));
    view.setUint16(at + 5, Math.min(uint16Max, sent));
    view.setUint32(at + 7, Math.min(uint32Max, Math.round(overMs)));
    writeAscii(bytes, at + sightingBytesFixed, host);
    at += sightingBytesFixed + host.length;
  }
  return bytes;
}

export function decodeSightings(
  bytes: Uint8Array,
  from: number,
  length: number,
): SightingsRecord | undefined {
  const end = from + length;
  const sightings: WireSighting[] = [];
  for (let at = from; at < end;) {
    const hostLength = bytes[at + 2] ?? 0;
    const next = at + sightingBytesFixed + hostLength;
    if (at + sightingBytesFixed > end || next > end) return undefined;
    const host = readAscii(bytes, at + sightingBytesFixed, hostLength);
    const network = stateOf(networkNames, bytes[at] ?? 0);
    const [echoes, sent] = [readUint16(bytes, at + 3), readUint16(bytes, at + 5)];
    // A network of a later version is left out, and so is what cannot be: more echoes than pings.
    if (network !== "unknown" && isHostName(host) && echoes <= sent) {
      const anchorAnswered = bytes[at + 1] === 1;
      const overMs = readUint32(bytes, at + 7);
      sightings.push({ host: hostName(host), network, echoes, sent, overMs, anchorAnswered });
    }
    at = next;
  }
  return { kind: "sightings", sightings };
}

/** Printable ASCII only, and not too long: what comes from plugins and device names is anything. */
function ascii(text: string, charsMax: number): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, charsMax);
}
