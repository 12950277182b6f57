/**
 * The recording as it is made: every input of the reducer with what it led to, and once a minute
 * the state, in parts. Nothing here is needed to act. What cannot be recorded is counted and shown,
 * and a new snapshot begins the recording anew, so that what follows can be replayed.
 */
import { deflateRawSync } from "node:zlib";
import { describeError } from "../../shared/errors.ts";
import type { Effect } from "../core/effects.ts";
import type { GuardianEvent } from "../core/events.ts";
import { createInputWriter, recordingVersion } from "../core/input-codec.ts";
import { outputOf, outputOfError } from "../core/recorded-output.ts";
import { partsOf, type StateParts } from "../core/state-parts.ts";
import type { GuardianState } from "../core/state.ts";
import type { RecordedChunk } from "../ports.ts";

const snapshotEveryMs = 60_000;
/** A quarter of a second of a storm over ten thousand hosts; more means that nobody writes. */
const pendingMax = 100_000;
/** Incidents whose opening and closing wait for a journal that can be written again. */
const marksMax = 1000;

type Incidents = GuardianState["memory"]["incidents"];

interface Input {
  readonly sequence: number;
  readonly event: GuardianEvent;
  /** A snapshot begins here: this state, and a writer that knows nothing from before. */
  readonly from: GuardianState | undefined;
  /** What it led to: turned into text when it is written, after the orders were given. */
  led: readonly Effect[] | Error;
}

interface Snapshot {
  readonly sequence: number;
  readonly hosts: number;
  readonly monoMs: number;
  readonly parts: StateParts;
  readonly next: number;
}

/** Inputs of this process that are in no recording, and why the last ones are not. */
export interface NotRecorded {
  readonly inputs: number;
  readonly reason: string;
}

export class Recorder {
  #sequence = 0;
  #pending: Input[] = [];
  #current: Input | undefined;
  #marks: RecordedChunk[] = [];
  #incidents: Incidents | undefined;
  #snapshot: Snapshot | undefined;
  #snapshotAt: number | undefined;
  #write = createInputWriter();
  #lost: NotRecorded = { inputs: 0, reason: "" };

  get lost(): NotRecorded {
    return this.#lost;
  }

  /** Before an input is reduced: the state it finds is where a replay may begin. */
  input(before: GuardianState, event: GuardianEvent): void {
    if (this.#pending.length >= pendingMax) {
      this.#giveUp(this.#pending.length, `${pendingMax} inputs waited to be written`);
      this.#pending = [];
    }
    // Just before a round, or before anything: `partsOf` leaves out what a round works out anew.
    const due =
      (this.#sequence === 0 || event.kind === "tick") &&
      (this.#snapshotAt === undefined || event.at - this.#snapshotAt >= snapshotEveryMs);
    if (due) this.#snapshotAt = event.at;
    this.#incidents ??= before.memory.incidents;
    const from = due ? before : undefined;
    this.#current = { sequence: this.#sequence, event, from, led: [] };
    this.#sequence += 1;
    if (this.#snapshotAt !== undefined) this.#pending.push(this.#current);
    // There is nothing to replay it from; the next round begins the recording anew.
    else this.#lost = { ...this.#lost, inputs: this.#lost.inputs + 1 };
  }

  /** What that input led to: the state after it, and the effects. */
  output(after: GuardianState, effects: readonly Effect[]): void {
    if (this.#current === undefined) return;
    this.#current.led = effects;
    const { incidents } = after.memory;
    if (incidents === this.#incidents) return;
    this.#marks.push(...incidentMarks(this.#incidents ?? new Map(), after, this.#current));
    this.#incidents = incidents;
  }

  /** That input broke a promise of the design. */
  broke(error: Error): void {
    if (this.#current !== undefined) this.#current.led = error;
  }

  /** What is ready to be written, and one part of a snapshot (at the start, when it is small, all). */
  chunks(wallMs: number): readonly RecordedChunk[] {
    const chunks = this.#marks;
    const inputs = this.#pending;
    this.#marks = [];
    this.#pending = [];
    let from = 0;
    for (let at = 1; at <= inputs.length; at += 1) {
      if (at < inputs.length && inputs[at]?.from === undefined) continue;
      chunks.push(...this.#run(inputs.slice(from, at), wallMs));
      from = at;
    }
    do chunks.push(...this.#snapshotPart(wallMs));
    while (this.#snapshot?.sequence === 0);
    return chunks;
  }

  /** What `chunks` gave was not written. */
  lose(chunks: readonly RecordedChunk[], reason: string): void {
    const inputs = chunks.filter((chunk) => chunk.kind === "inputs");
    const marks = chunks.filter((chunk) => chunk.kind === "incident");
    this.#giveUp(
      inputs.reduce((sum, chunk) => sum + chunk.count, 0),
      reason,
    );
    this.#marks = [...marks, ...this.#marks].slice(-marksMax);
  }

  #giveUp(inputs: number, reason: string): void {
    this.#lost = { inputs: this.#lost.inputs + inputs, reason };
    this.#snapshotAt = undefined;
    this.#snapshot = undefined;
  }

  /** Inputs that follow each other, from a snapshot on or from the run before. */
  #run(inputs: readonly Input[], wallMs: number): readonly RecordedChunk[] {
    const [first] = inputs;
    if (first === undefined) return [];
    const { sequence, from } = first;
    try {
      if (from !== undefined) {
        this.#write = createInputWriter();
        const [hosts, monoMs] = [from.hosts.size, from.now];
        this.#snapshot = { sequence, hosts, monoMs, parts: partsOf(from), next: 0 };
      }
      const head = JSON.stringify({ version: recordingVersion, fresh: from !== undefined });
      const lines = inputs.flatMap((input) => this.#lines(input));
      const body = pressed([head, ...lines].join("\n"));
      const [count, monoMs] = [inputs.length, first.event.at];
      return [{ kind: "inputs", sequence, part: 0, count, monoMs, wallMs, body }];
    } catch (error) {
      this.#giveUp(inputs.length, describeError(error));
      return [];
    }
  }

  #lines({ event, led }: Input): readonly string[] {
    const output = led instanceof Error ? outputOfError(led) : outputOf(led);
    const line = this.#write(event);
    return output.length === 0 ? [line] : [line, `=${JSON.stringify(output)}`];
  }

  #snapshotPart(wallMs: number): readonly RecordedChunk[] {
    if (this.#snapshot === undefined) return [];
    const { sequence, hosts, monoMs, parts, next: part } = this.#snapshot;
    const { count } = parts;
    try {
      const head = JSON.stringify({ version: recordingVersion, hosts });
      const body = pressed(`${head}\n${parts.text(part)}`);
      this.#snapshot = part + 1 < count ? { ...this.#snapshot, next: part + 1 } : undefined;
      return [{ kind: "snapshot", sequence, part, count, monoMs, wallMs, body }];
    } catch (error) {
      this.#giveUp(0, describeError(error));
      return [];
    }
  }
}

/** Where an incident opened or closed, so that a replay of it is found without reading everything. */
function incidentMarks(before: Incidents, after: GuardianState, input: Input): RecordedChunk[] {
  const ids = (incidents: Incidents): Map<string, string> =>
    new Map([...incidents.values()].map(({ id, host }) => [id, host]));
  const [was, is] = [ids(before), ids(after.memory.incidents)];
  const mark = (id: string, host: string, opened: boolean): RecordedChunk => ({
    kind: "incident",
    sequence: input.sequence,
    part: 0,
    count: 0,
    monoMs: input.event.at,
    wallMs: after.wall,
    body: pressed(JSON.stringify({ id, host, opened })),
  });
  return [
    ...[...is].filter(([id]) => !was.has(id)).map(([id, host]) => mark(id, host, true)),
    ...[...was].filter(([id]) => !is.has(id)).map(([id, host]) => mark(id, host, false)),
  ];
}

/** The fastest level: the loop waits for it, and a higher one saves a tenth. */
function pressed(text: string): Uint8Array {
  return deflateRawSync(text, { level: 1 });
}
