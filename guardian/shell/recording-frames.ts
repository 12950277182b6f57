/** From the pieces of a recording to what a replay takes in: snapshots, inputs, and gaps. */
import { inflateRawSync } from "node:zlib";
import { createInputReader, recordingVersion } from "../core/input-codec.ts";
import type { Output } from "../core/recorded-output.ts";
import type { Frame } from "../core/replay.ts";
import { stateOfParts } from "../core/state-parts.ts";
import type { StoredChunk } from "../ports.ts";
import { asRecord, parseJson } from "./json.ts";

/** Frames in order. Throws when a newer release wrote them, or when a piece cannot be read. */
export function* framesOf(chunks: readonly StoredChunk[]): Generator<Frame> {
  const snapshots = snapshotsOf(chunks);
  let reader = createInputReader();
  let place: { readonly epoch: number; readonly sequence: number } | undefined;
  for (const chunk of chunks) {
    if (chunk.kind !== "inputs") continue;
    const { head, lines } = linesOf(chunk);
    const follows = place?.epoch === chunk.epoch && place.sequence === chunk.sequence;
    if (!follows && place !== undefined) yield gapBefore(chunk, place);
    const fresh = head["fresh"] === true;
    if (fresh) reader = createInputReader();
    // Without what came before it, a piece that is written as changes says nothing.
    place =
      fresh || follows ? { epoch: chunk.epoch, sequence: chunk.sequence + chunk.count } : place;
    if (!fresh && !follows) continue;
    const parts = fresh ? snapshots.get(keyOf(chunk)) : undefined;
    if (parts !== undefined) {
      yield { kind: "snapshot", epoch: chunk.epoch, state: () => stateOfParts(parts) };
    }
    yield* inputsOf(lines, reader);
  }
}

function* inputsOf(
  lines: readonly string[],
  read: ReturnType<typeof createInputReader>,
): Generator<Frame> {
  for (const [at, line] of lines.entries()) {
    if (line.startsWith("=")) continue;
    const next = lines[at + 1] ?? "";
    const output = next.startsWith("=") ? (JSON.parse(next.slice(1)) as Output) : [];
    yield { kind: "input", event: read(line), output };
  }
}

function gapBefore(
  chunk: StoredChunk,
  place: { readonly epoch: number; readonly sequence: number },
): Frame {
  const what =
    chunk.epoch === place.epoch
      ? `${chunk.sequence - place.sequence} inputs were not recorded`
      : `the guardian began again (epoch ${chunk.epoch})`;
  return { kind: "gap", what, restart: chunk.epoch !== place.epoch };
}

function keyOf({ epoch, sequence }: StoredChunk): string {
  return `${epoch} ${sequence}`;
}

/** The whole snapshots; one whose process ended while it was written has no use. */
function snapshotsOf(chunks: readonly StoredChunk[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, { readonly count: number; readonly texts: string[] }>();
  for (const chunk of chunks) {
    if (chunk.kind !== "snapshot") continue;
    const entry = found.get(keyOf(chunk)) ?? { count: chunk.count, texts: [] };
    entry.texts[chunk.part] = linesOf(chunk).lines.join("\n");
    found.set(keyOf(chunk), entry);
  }
  const whole = [...found].filter(([, { count, texts }]) => texts.flat().length === count);
  return new Map(whole.map(([key, { texts }]) => [key, texts]));
}

function linesOf(chunk: StoredChunk): {
  readonly head: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
} {
  const [first = "", ...lines] = inflateRawSync(chunk.body).toString("utf8").split("\n");
  const head = asRecord(parseJson(first));
  const version = Number(head["version"]);
  if (version >= 1 && version <= recordingVersion) return { head, lines };
  throw new Error(
    `piece ${chunk.id} of the recording is of version ${String(head["version"])}, this guardian reads up to ${recordingVersion}: use the release that wrote it`,
  );
}
