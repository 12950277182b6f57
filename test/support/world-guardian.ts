/**
 * The guardian's process in a simulated world: the real reducer, its loop, its clocks, its journal,
 * and everything that a process can suffer: a kill, a crash between any two effects, a pause, a
 * step of the wall clock, a journal that cannot be written, answers that are lost or come twice.
 */
import { isOrder, type Effect, type Order } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { initialState, step } from "../../guardian/core/guardian.ts";
import { memoryText, parseMemory } from "../../guardian/core/memory-text.ts";
import { emptyMemory, type Memory } from "../../guardian/core/memory.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { AlertMessage } from "../../guardian/ports.ts";
import type { Random } from "../../shared/random.ts";
import { monoMs, wallMs, type MonoMs, type WallMs } from "../../shared/time.ts";
import type { EventQueue } from "./event-queue.ts";

export const wallStart = 1_780_000_000_000;
/** The guardian's monotonic clock does not begin at zero, and differs from the collectors'. */
const guardianClockStart = 50_000;
/** A host whose verdict has stood for this long can wait a second for the next round. */
const settledMs = 20_000;

export interface Surroundings {
  /** What people were told and has not ended, by dedup key. */
  readonly firing: Map<string, AlertMessage>;
  readonly queue: EventQueue;
  readonly settings: Settings;
  readonly random: Random;
  readonly disarmedFile: () => boolean;
  readonly perform: (effect: Effect) => void;
  readonly readTelemetry: () => void;
  readonly recorder: WorldRecorder | undefined;
}

/** Sees what the reducer takes and gives, as the recorder of a real guardian does. */
export interface WorldRecorder {
  began(epoch: number): void;
  taking(before: GuardianState, event: GuardianEvent): void;
  took(after: GuardianState, event: GuardianEvent, effects: readonly Effect[]): void;
}

/** Who looks on: told of everything that the guardian takes in and gives out. */
export interface WorldWatcher {
  /** Before an order reaches the world. */
  ordered(order: Order): void;
  /** An event was reduced and what it changed is journaled, though the process may die over its effects. */
  heard?(event: GuardianEvent): void;
  /** After an event was reduced and its effects performed. */
  took(event: GuardianEvent, effects: readonly Effect[]): void;
}

/** Where the process dies: at an effect of this kind, before or after it was given. */
export interface CrashPlan {
  readonly at: Effect["kind"] | "journal";
  readonly after: boolean;
  /** How many such effects pass before. */
  skip: number;
  readonly crashed: () => void;
}

/** How often the loop beats. The reducer is level-triggered: the beat decides nothing but delay. */
export interface Beat {
  readonly busyMs: number;
  /** While nothing is fenced or moved and no host has come into doubt in the last 20 s. */
  readonly calmMs: number;
}

export class WorldGuardian {
  state: GuardianState;
  up = false;
  pausedUntil = 0;
  startedAt = 0;
  /** How far its wall clock is off. */
  wallOffsetMs = 0;
  journalWritable = true;
  answerLossShare = 0;
  answerDuplicateShare = 0;
  beat: Beat = { busyMs: 250, calmMs: 250 };
  crash: CrashPlan | undefined;
  watcher: WorldWatcher | undefined;
  /** Immutable, so keeping it is journaling it; it becomes text only when it is read again. */
  journaled: Memory = emptyMemory;
  epoch = 0;
  starts: number[] = [];
  readonly #world: Surroundings;
  #generation = 0;

  constructor(world: Surroundings) {
    this.#world = world;
    this.state = initialState(world.settings, this.mono(), this.wall());
  }

  mono(): MonoMs {
    return monoMs(this.#world.queue.now + guardianClockStart);
  }

  wall(): WallMs {
    return wallMs(wallStart + this.#world.queue.now + this.wallOffsetMs);
  }

  start(): void {
    this.up = true;
    this.pausedUntil = 0;
    this.startedAt = this.#world.queue.now;
    this.epoch += 1;
    this.#generation += 1;
    this.starts = [...this.starts, this.wall() as number].slice(-10);
    this.state = initialState(this.#world.settings, this.mono(), this.wall());
    this.#world.recorder?.began(this.epoch);
    this.take({
      kind: "started",
      at: this.mono(),
      wall: this.wall(),
      epoch: this.epoch,
      memory: parseMemory(JSON.parse(memoryText(this.journaled))),
      starts: this.starts,
    });
    this.#tellWhatStands();
    const mine = this.#generation;
    this.#world.queue.in(50, () => this.#tick(mine));
    this.#world.queue.in(20, () => this.#look(mine));
  }

  /** As the outbox does: what was journaled and not sent, or not ended, by the process before. */
  #tellWhatStands(): void {
    const { firing } = this.#world;
    firing.clear();
    for (const { message } of Object.values(this.state.memory.alerts)) {
      firing.set(message.dedupKey, message);
    }
  }

  kill(): void {
    this.up = false;
    this.#generation += 1;
  }

  /** What comes back from the world after about `ms`, to this process only. */
  answer(ms: number, event: () => GuardianEvent): void {
    const mine = this.#generation;
    const { queue, random } = this.#world;
    queue.in(ms * (0.8 + 0.4 * random.next()), () => this.#answered(mine, event));
  }

  /** What a person says to it: heard once it runs, never lost on the way. */
  hear(event: () => GuardianEvent): void {
    if (!this.up) return;
    if (this.#isPaused()) this.#world.queue.at(this.pausedUntil, () => this.hear(event));
    else this.take(event());
  }

  #answered(generation: number, event: () => GuardianEvent): void {
    if (!this.#alive(generation)) return;
    const { queue, random } = this.#world;
    if (this.#isPaused()) {
      queue.at(this.pausedUntil, () => this.#answered(generation, event));
      return;
    }
    if (this.answerLossShare > 0 && random.next() < this.answerLossShare) return;
    const taken = event();
    this.take(taken);
    if (this.answerDuplicateShare > 0 && random.next() < this.answerDuplicateShare) {
      if (this.#alive(generation)) this.take(taken);
    }
  }

  #alive(generation: number): boolean {
    return this.up && generation === this.#generation;
  }

  #isPaused(): boolean {
    return this.#world.queue.now < this.pausedUntil;
  }

  #tick(generation: number): void {
    if (!this.#alive(generation)) return;
    const { queue } = this.#world;
    if (this.#isPaused()) {
      queue.at(this.pausedUntil, () => this.#tick(generation));
      return;
    }
    this.#tellOfJournal();
    const disarmed = this.#world.disarmedFile();
    this.take({ kind: "tick", at: this.mono(), wall: this.wall(), disarmed });
    if (!this.#alive(generation)) return;
    queue.in(this.#isCalm() ? this.beat.calmMs : this.beat.busyMs, () => this.#tick(generation));
  }

  #tellOfJournal(): void {
    const writable = this.journalWritable;
    if (writable === this.state.eyes.journalWritable) return;
    const reason = writable ? "" : "read-only file system";
    this.take({ kind: "journal", at: this.mono(), writable, reason });
  }

  /** Nothing is done about any host, and no host has just come into doubt. */
  #isCalm(): boolean {
    const { calmMs, busyMs } = this.beat;
    if (calmMs <= busyMs) return false;
    for (const { phase } of this.state.memory.incidents.values()) {
      const { kind } = phase;
      if (kind === "fencing" || kind === "evacuating") return false;
    }
    const settledAt = this.state.now - settledMs;
    for (const host of this.state.hosts.values()) {
      if (host.freshSince !== undefined) continue;
      if (host.assessment === undefined || host.assessment.since > settledAt) return false;
    }
    return true;
  }

  #look(generation: number): void {
    if (!this.#alive(generation)) return;
    this.#world.queue.in(1000, () => this.#look(generation));
    if (!this.#isPaused()) this.#world.readTelemetry();
  }

  /** What the shell does with an event: reduce, journal, then run the effects. */
  take(event: GuardianEvent): void {
    const mine = this.#generation;
    const before = this.state;
    this.#world.recorder?.taking(before, event);
    const { state, effects } = step(before, event);
    this.state = state;
    this.#world.recorder?.took(state, event, effects);
    if (state.memory !== before.memory) {
      if (this.#crashesAt("journal", false)) return;
      if (this.journalWritable) this.journaled = state.memory;
    }
    this.watcher?.heard?.(event);
    for (const effect of effects) {
      if (this.#crashesAt(effect.kind, false)) return;
      this.#give(effect);
      if (this.#crashesAt(effect.kind, true)) return;
      if (mine !== this.#generation) return;
    }
    this.watcher?.took(event, effects);
  }

  #give(effect: Effect): void {
    if (!isOrder(effect)) {
      this.#world.perform(effect);
    } else if (this.journalWritable) {
      this.watcher?.ordered(effect);
      this.#world.perform(effect);
    } else {
      this.#refuse(effect);
    }
  }

  #crashesAt(kind: CrashPlan["at"], after: boolean): boolean {
    const { crash } = this;
    if (crash?.at !== kind || crash.after !== after) return false;
    if (crash.skip > 0) {
      crash.skip -= 1;
      return false;
    }
    this.crash = undefined;
    this.kill();
    crash.crashed();
    return true;
  }

  /** Without a journal no order is given: the shell answers for the world. */
  #refuse(order: Order): void {
    const reason = "the journal cannot be written";
    const { host } = order;
    if (order.kind === "evacuate" || order.kind === "reset") {
      const answer = { kind: "not-made", reason } as const;
      const { server } = order;
      const kind = order.kind === "reset" ? "reset-answered" : "evacuate-answered";
      this.answer(0, () => ({
        kind,
        at: this.mono(),
        host,
        server,
        answer,
      }));
    } else if (order.kind === "live-migrate") {
      const answer = { kind: "not-made", reason } as const;
      const { server, id } = order;
      const kind = "live-migrate-answered";
      this.answer(0, () => ({ kind, at: this.mono(), id, host, server, answer }));
    } else if (order.kind === "power-off") {
      const answer = { kind: "refused", reason } as const;
      const askedAt = this.mono();
      const { device } = order;
      this.answer(0, () => ({
        kind: "power-off-answered",
        at: this.mono(),
        askedAt,
        host,
        device,
        answer,
      }));
    } else if (order.kind === "power-on") {
      const answer = { kind: "refused", reason } as const;
      const askedAt = this.mono();
      const { device } = order;
      this.answer(0, () => ({
        kind: "power-on-answered",
        at: this.mono(),
        askedAt,
        host,
        device,
        answer,
      }));
    } else {
      const answer = { kind: "refused", status: 0, reason } as const;
      const { kind } = order;
      this.answer(0, () => ({
        kind: "service-order-answered",
        id: order.id,
        at: this.mono(),
        host,
        order: kind,
        answer,
      }));
    }
  }
}
