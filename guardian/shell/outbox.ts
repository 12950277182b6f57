/**
 * Between the decision loop and the channels: runs the dispatcher, keeps on disk what it must not forget
 * before anything is tried, and hands messages to the channels. Nobody waits for it, and a channel that
 * hangs holds up no other.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { sleep, withDeadline } from "../../shared/loop.ts";
import type { Random } from "../../shared/random.ts";
import { dispatch } from "../dispatch/dispatch.ts";
import type { DispatchEffect, DispatchEvent, Sighting } from "../dispatch/events.ts";
import { keptChanges, restored } from "../dispatch/kept.ts";
import type { DispatchState, Row, StormScope } from "../dispatch/model.ts";
import type { DispatchSettings } from "../dispatch/settings.ts";
import type { AlertMessage, Delivery, Notifier } from "../ports.ts";
import type { OutboxFile } from "./outbox-file.ts";

/** What the decision core knows of its alerts. */
export interface CoreView {
  /** Changes when what fires may have changed; undefined until the core has its memory. */
  readonly version: unknown;
  readonly sighting: (message: AlertMessage) => Sighting;
  readonly firing: () => readonly Sighting[];
  readonly storms: () => readonly StormScope[];
}

export interface OutboxOptions {
  /** The channels. The log is not among them: it takes every sending, at once. */
  readonly notifiers: readonly Notifier[];
  readonly settings: DispatchSettings;
  readonly file: OutboxFile;
  readonly core: () => CoreView;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Limit of one try. */
  readonly tryDeadlineMs?: number;
}

const tryDeadlineMsByDefault = 10_000;

/** An event without its time, which the outbox knows. */
export type OutboxEvent = DispatchEvent extends infer E
  ? E extends DispatchEvent
    ? Omit<E, "at" | "wall">
    : never
  : never;

export interface Outbox {
  /** Takes a sending of the core. Never waits and never throws. */
  post(message: AlertMessage): void;
  /** What people decided. */
  tell(event: OutboxEvent): void;
  /** One round: what the core's memory says fires, and what is due by now. */
  round(): void;
  state(): DispatchState;
  /** Sends past the rows, for a test of the channel; undefined: there is no such channel. */
  test(channel: string, message: AlertMessage, deadlineMs: number): Promise<Delivery | undefined>;
  /** Lets what is under way end, for at most `graceMs`; what waits stays in the file. */
  stop(graceMs: number): Promise<void>;
}

export function createOutbox(options: OutboxOptions): Outbox {
  return new RunningOutbox(options);
}

class RunningOutbox implements Outbox {
  readonly #options: OutboxOptions;
  readonly #notifiers: ReadonlyMap<string, Notifier>;
  readonly #startMs: number;
  readonly #startAt: number;
  #state: DispatchState;
  /** What the file says. */
  #kept: DispatchState;
  #posted: AlertMessage[] = [];
  #seen: unknown;
  #underWay = 0;
  #stopped = false;

  constructor(options: OutboxOptions) {
    const { clock, file, settings, notifiers } = options;
    this.#options = options;
    this.#notifiers = new Map(notifiers.map((notifier) => [notifier.name, notifier]));
    this.#state = restored(settings, file.entries, clock.wallMs());
    this.#kept = this.#state;
    this.#startMs = clock.monoMs();
    this.#startAt = this.#state.at;
  }

  state(): DispatchState {
    return this.#state;
  }

  post(message: AlertMessage): void {
    this.#posted.push(message);
    if (this.#posted.length > 1) return;
    // All that the core sends in one turn is one event, and one write.
    queueMicrotask(() => this.#takePosted());
  }

  tell(event: OutboxEvent): void {
    this.#takePosted();
    this.#take(event);
  }

  round(): void {
    this.#takePosted();
    this.#safely("round", [], () => {
      const core = this.#options.core();
      const { version } = core;
      const storms = core.storms();
      if (version === undefined || version === this.#seen) {
        return this.#take({ kind: "tick", storms });
      }
      this.#take({ kind: "firing", alerts: core.firing(), storms });
      this.#seen = version;
    });
  }

  async test(
    channel: string,
    message: AlertMessage,
    deadlineMs: number,
  ): Promise<Delivery | undefined> {
    const notifier = this.#notifiers.get(channel);
    if (notifier === undefined) return undefined;
    const delivery = await sendOnce(notifier, message, deadlineMs);
    this.#safely("test", [], () => this.#take({ kind: "tested", channel, delivery }));
    return delivery;
  }

  async stop(graceMs: number): Promise<void> {
    const until = this.#options.clock.monoMs() + graceMs;
    this.#takePosted();
    while (this.#underWay > 0 && this.#options.clock.monoMs() < until) await sleep(20);
    this.#stopped = true;
    this.#options.file.close();
  }

  #takePosted(): void {
    const posted = this.#posted.splice(0);
    if (posted.length === 0) return;
    this.#safely("alerts", posted, () => {
      const core = this.#options.core();
      const alerts = posted.map((message) => core.sighting(message));
      this.#take({ kind: "alerts", alerts, storms: core.storms() });
    });
  }

  /** A fault of ours must neither end the guardian nor keep an alert from people: without the rules, then. */
  #safely(what: string, posted: readonly AlertMessage[], work: () => void): void {
    try {
      work();
    } catch (error) {
      const fields = { event: "dispatch-failed", on: what, reason: describeError(error) };
      this.#options.log.error(fields, "dispatch failed");
      for (const message of posted) this.#sendPlainly(message);
    }
  }

  #sendPlainly(message: AlertMessage): void {
    const { notifiers, tryDeadlineMs = tryDeadlineMsByDefault } = this.#options;
    for (const notifier of notifiers) void sendOnce(notifier, message, tryDeadlineMs);
  }

  #take(event: OutboxEvent): void {
    if (this.#stopped) return;
    const effects = this.#reduce(event);
    const problem = this.#keep();
    const more = problem === this.#state.unkept ? [] : this.#reduce({ kind: "kept", problem });
    for (const effect of [...effects, ...more]) this.#run(effect);
  }

  #reduce(event: OutboxEvent): readonly DispatchEffect[] {
    const { clock } = this.#options;
    const at = this.#startAt + (clock.monoMs() - this.#startMs);
    const { state, effects } = dispatch(this.#state, {
      ...event,
      at,
      wall: clock.wallMs(),
    } as DispatchEvent);
    this.#state = state;
    return effects;
  }

  /** Writes what changed; says why when it cannot. People are told all the same. */
  #keep(): string | undefined {
    const changes = keptChanges(this.#kept, this.#state);
    if (changes === undefined) return this.#state.unkept;
    try {
      this.#options.file.save(changes);
      this.#kept = this.#state;
      return undefined;
    } catch (error) {
      return describeError(error);
    }
  }

  #run(effect: DispatchEffect): void {
    if (effect.kind === "try") return void this.#try(effect.row);
    const { level, event, text, fields } = effect;
    this.#options.log[level]({ event, ...fields }, text);
  }

  async #try(row: Row): Promise<void> {
    const { tryDeadlineMs = tryDeadlineMsByDefault, random } = this.#options;
    const notifier = this.#notifiers.get(row.channel);
    if (notifier === undefined) return;
    this.#underWay += 1;
    const delivery = await sendOnce(notifier, row.message, tryDeadlineMs);
    this.#underWay -= 1;
    this.#safely("tried", [], () =>
      this.#take({ kind: "tried", row: row.id, delivery, random: random.next() }),
    );
  }
}

/** One try within its deadline; a notifier that throws or hangs is one that did not deliver. */
export async function sendOnce(
  notifier: Notifier,
  message: AlertMessage,
  deadlineMs: number,
): Promise<Delivery> {
  const failed = (reason: string): Delivery => ({ kind: "undelivered", retryable: true, reason });
  try {
    return await withDeadline(notifier.send(message, deadlineMs), deadlineMs + 100, () =>
      failed(`${notifier.name}: no answer within ${deadlineMs} ms`),
    );
  } catch (error) {
    return failed(`${notifier.name}: ${describeError(error)}`);
  }
}
