/**
 * The recording of one incident as a text of its own, one JSON line a piece: what the daemon hands
 * out while it holds the journal, and what `guardian replay --save` keeps beyond the journal's age.
 */
import type { RecordedStart, Recording, StoredChunk } from "../ports.ts";
import { asRecord, numberOf, parseJson, textOf, type JsonRecord } from "./json.ts";

/** A piece of text to write, a few pieces of the recording at a time. */
export function* recordingLines(
  recording: Recording,
  incident: string,
  forMs: number,
): Generator<string, void> {
  const start = recording.startOf(incident);
  if (start === undefined) return;
  yield `${JSON.stringify({ format, version: fileVersion, incident, ...start })}\n`;
  for (const chunks of following(recording, start, forMs)) yield chunks.map(lineOf).join("");
}

const format = "guardian-recording";
const fileVersion = 1;

/** Pieces from the snapshot before an incident until so long after it opened. */
function* following(
  recording: Recording,
  start: RecordedStart,
  forMs: number,
): Generator<readonly StoredChunk[]> {
  const untilWallMs = start.openedWallMs + forMs;
  let after = start.after;
  for (;;) {
    const chunks = recording.after(after);
    const wanted = chunks.filter((chunk) => chunk.wallMs <= untilWallMs);
    if (wanted.length > 0) yield wanted;
    const last = chunks.at(-1);
    if (last === undefined || wanted.length < chunks.length) return;
    after = last.id;
  }
}

function lineOf({ body, ...chunk }: StoredChunk): string {
  return `${JSON.stringify({ ...chunk, body: Buffer.from(body).toString("base64") })}\n`;
}

/** A recording that was read back. */
export interface IncidentRecording {
  readonly incident: string;
  readonly openedWallMs: number;
  readonly chunks: readonly StoredChunk[];
}

/** Whether a text is a recording, by its first line. */
export function isRecordingText(text: string): boolean {
  return asRecord(parseJson(text.split("\n", 1)[0] ?? ""))["format"] === format;
}

/** Reads what `recordingLines` wrote. Throws with what is wrong, and where. */
export function readRecordingText(text: string): IncidentRecording {
  const [first = "", ...lines] = text.split("\n");
  const head = asRecord(parseJson(first));
  const version = numberOf(head["version"]);
  if (head["format"] !== format) throw new Error("this is no recording: its first line says so");
  if (version === undefined || version > fileVersion) {
    throw new Error(
      `this recording is of version ${version ?? "?"}, this guardian reads up to ${fileVersion}: use the release that wrote it`,
    );
  }
  const chunks = lines.flatMap((line, at) => {
    if (line === "") return [];
    const chunk = chunkOf(asRecord(parseJson(line)));
    if (chunk === undefined) throw new Error(`line ${at + 2} of the recording is no piece of it`);
    return [chunk];
  });
  const openedWallMs = numberOf(head["openedWallMs"]) ?? 0;
  return { incident: textOf(head["incident"]) ?? "", openedWallMs, chunks };
}

function chunkOf(record: JsonRecord): StoredChunk | undefined {
  const names = ["id", "epoch", "sequence", "part", "count", "monoMs", "wallMs"] as const;
  const numbers = names.map((name) => [name, numberOf(record[name])] as const);
  const kind = (["inputs", "snapshot", "incident"] as const).find((one) => one === record["kind"]);
  const body = textOf(record["body"]);
  if (kind === undefined || body === undefined) return undefined;
  if (numbers.some(([, value]) => value === undefined)) return undefined;
  const fields = Object.fromEntries(numbers) as Record<(typeof names)[number], number>;
  return { ...fields, kind, body: new Uint8Array(Buffer.from(body, "base64")) };
}
