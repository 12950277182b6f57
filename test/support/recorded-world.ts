/** The recording of a simulated world, made by the recorder that a real guardian has. */
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { StoredChunk } from "../../guardian/ports.ts";
import { openJournal } from "../../guardian/shell/journal.ts";
import { Recorder, type NotRecorded } from "../../guardian/shell/recorder.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { buildWorld, parseScript, settleMs } from "./script.ts";
import { performAll } from "./story.ts";
import type { WorldRecorder } from "./world-guardian.ts";

/** Plays a scenario's commands, and records them. */
export function recordScript(commands: string): RecordedWorld {
  const script = parseScript(commands);
  const recorded = new RecordedWorld();
  const world = buildWorld(script, 7, recorded);
  world.run(settleMs);
  performAll(world, script);
  recorded.write(world.state.wall);
  return recorded;
}

const roundsPerWrite = 8;

export class RecordedWorld implements WorldRecorder {
  readonly chunks: StoredChunk[] = [];
  readonly inputs: GuardianEvent[] = [];
  #recorder = new Recorder();
  #epoch = 0;
  #rounds = 0;

  /** A new process: what its forerunner had not written yet is gone with it. */
  began(epoch: number): void {
    this.#recorder = new Recorder();
    this.#epoch = epoch;
  }

  taking(before: GuardianState, event: GuardianEvent): void {
    this.#recorder.input(before, event);
    this.inputs.push(event);
  }

  /** A write after every few rounds: each would be true to life, and mostly zlib's own work. */
  took(after: GuardianState, event: GuardianEvent, effects: readonly Effect[]): void {
    this.#recorder.output(after, effects);
    if (event.kind !== "tick") return;
    this.#rounds += 1;
    if (this.#rounds % roundsPerWrite === 0) this.write(after.wall);
  }

  write(wallMs: number): void {
    for (const chunk of this.#recorder.chunks(wallMs)) {
      this.chunks.push({ ...chunk, id: this.chunks.length + 1, epoch: this.#epoch });
    }
  }

  /** The same pieces in the file of a real journal, an epoch for each process. */
  save(path: string): void {
    for (const epoch of new Set(this.chunks.map((chunk) => chunk.epoch))) {
      const mine = this.chunks.filter((chunk) => chunk.epoch === epoch);
      const clock = { monoMs: () => monoMs(0), wallMs: () => wallMs(mine.at(-1)?.wallMs ?? 0) };
      const journal = openJournal({ path, clock });
      journal.record(mine);
      journal.close();
    }
  }

  get lost(): NotRecorded {
    return this.#recorder.lost;
  }

  get bytes(): number {
    return this.chunks.reduce((sum, { body }) => sum + body.byteLength, 0);
  }
}
