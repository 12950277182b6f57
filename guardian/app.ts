/**
 * The guardian as a process: the loop around the reducer. Events are reduced one at a time, what
 * must be remembered is journaled before any order is given, and then the effects run.
 */
import { existsSync } from "node:fs";
import { describeError, toError } from "../shared/errors.ts";
import { runLoop } from "../shared/loop.ts";
import type { CollectorId } from "../shared/names.ts";
import type { Effect, Order } from "./core/effects.ts";
import type { GuardianEvent } from "./core/events.ts";
import { initialState, step } from "./core/guardian.ts";
import { parseMemory } from "./core/memory.ts";
import type { Settings } from "./core/settings.ts";
import type { GuardianState } from "./core/state.ts";
import type { AlertMessage, Journal, JournalEntry, TelemetryStore } from "./ports.ts";
import { createEffectRunner, isOrder, type RunnerPorts } from "./shell/effect-runner.ts";

export interface GuardianPorts extends RunnerPorts {
  readonly journal: Journal;
  readonly store: TelemetryStore;
  readonly liveViews: readonly { readonly collector: CollectorId; readonly view: TelemetryStore }[];
  /** Takes an alert into an outbox; never blocks. */
  readonly alert: (message: AlertMessage) => void;
  /** Its presence stops every new action at the next tick. */
  readonly disarmedFile: string;
}

export interface Guardian {
  /** Runs until `signal` is aborted; rejects when a promise of the design is broken. */
  run(signal: AbortSignal): Promise<void>;
  /** What people asked for, from the control socket. */
  tell(event: GuardianEvent): void;
  state(): GuardianState;
  /** When the decision loop last completed a round, on the given clock. */
  decidedAt(): number;
}

const tickEveryMs = 250;
/** After an answer that a decision waits for, the next round comes at once, but not sooner. */
const tickGapMsMin = 20;
const readEveryMs = 1000;
const readDeadlineMs = 900;

export function createGuardian(settings: Settings, ports: GuardianPorts): Guardian {
  const { clock, journal, log } = ports;
  let state = initialState(settings, clock.monoMs(), clock.wallMs());
  let pending: JournalEntry[] = [];
  let broken: Error | undefined;
  let tickedAt = 0;
  const runner = createEffectRunner(ports, (event) => {
    take(event);
    if (isAwaited(event) && clock.monoMs() - tickedAt >= tickGapMsMin) tick();
  });

  /** Reduces one event. A broken promise ends the process: systemd starts it anew. */
  function take(event: GuardianEvent): void {
    if (broken !== undefined) return;
    try {
      const before = state;
      const result = step(state, event);
      state = result.state;
      pending.push(entry("input", event));
      perform(result.effects, state.memory !== before.memory);
    } catch (error) {
      broken = toError(error);
    }
  }

  function entry(kind: JournalEntry["kind"], body: unknown): JournalEntry {
    return { monoMs: clock.monoMs(), wallMs: clock.wallMs(), kind, body: JSON.stringify(body) };
  }

  function perform(effects: readonly Effect[], remember: boolean): void {
    const orders = effects.filter(isOrder);
    for (const order of orders) pending.push(entry("intent", order));
    const written = orders.length > 0 || remember ? flush(remember) : true;
    for (const effect of effects) {
      if (effect.kind === "line") sayLine(effect);
      else if (effect.kind === "alert") ports.alert(effect.message);
      else if (written || !isOrder(effect)) runner.run(effect);
      else refuse(effect);
    }
  }

  /** Writes what is pending; false when the journal cannot be written, which the core is told. */
  function flush(remember: boolean): boolean {
    const entries = pending;
    pending = [];
    try {
      if (remember) journal.saveState(JSON.stringify(state.memory), entries);
      else journal.append(entries);
      if (!state.eyes.journalWritable) tellJournal(true, "");
      return true;
    } catch (error) {
      // Inputs are lost to replay; what must be remembered is saved whole at the next success.
      if (state.eyes.journalWritable) tellJournal(false, describeError(error));
      return false;
    }
  }

  function tellJournal(writable: boolean, reason: string): void {
    state = step(state, { kind: "journal", at: clock.monoMs(), writable, reason }).state;
  }

  /** Without a journal no order is given. */
  function refuse(order: Order): void {
    const reason = "the journal cannot be written";
    log.error(
      { event: "order-refused", host: order.host, order: order.kind, reason },
      "order refused",
    );
    const at = clock.monoMs();
    const { host } = order;
    if (order.kind === "evacuate") {
      const answer = { kind: "not-made", reason } as const;
      queueMicrotask(() =>
        take({ kind: "evacuate-answered", at, host, server: order.server, answer }),
      );
    } else if (order.kind === "power-off") {
      const answer = { kind: "refused", reason } as const;
      const { device } = order;
      queueMicrotask(() =>
        take({ kind: "power-off-answered", at, askedAt: at, host, device, answer }),
      );
    } else {
      const answer = { kind: "refused", status: 0, reason } as const;
      const kind = order.kind;
      queueMicrotask(() => take({ kind: "service-order-answered", at, host, order: kind, answer }));
    }
  }

  function sayLine(line: Extract<Effect, { kind: "line" }>): void {
    log[line.level]({ event: line.event, host: line.host }, line.text);
  }

  function tick(): void {
    const at = clock.monoMs();
    tickedAt = at;
    const disarmed = existsSync(ports.disarmedFile);
    take({ kind: "tick", at, wall: clock.wallMs(), disarmed });
  }

  async function readTelemetry(
    store: TelemetryStore,
    source: "store" | "live",
    collector: CollectorId | undefined,
  ): Promise<void> {
    const answer = await store.read(readDeadlineMs);
    const at = clock.monoMs();
    if (answer.kind === "failed") {
      take({ kind: "telemetry-failed", at, source, collector, reason: answer.reason });
    } else {
      const { watermarks, liveness } = answer;
      take({ kind: "telemetry", at, source, watermarks, liveness });
    }
  }

  function started(): void {
    const { epoch, starts, lastState } = journal;
    const memory = lastState === undefined ? undefined : parseMemory(JSON.parse(lastState));
    const [at, wall] = [clock.monoMs(), clock.wallMs()];
    take({ kind: "started", at, wall, epoch, memory, starts });
  }

  return {
    state: () => state,
    tell: take,
    decidedAt: () => tickedAt,
    async run(signal) {
      started();
      const reading = (
        store: TelemetryStore,
        source: "store" | "live",
        id?: CollectorId,
      ): Promise<void> =>
        runLoop(clock, readEveryMs, signal, () => readTelemetry(store, source, id));
      const deciding = runLoop(clock, tickEveryMs, signal, () => {
        tick();
        flush(!state.eyes.journalWritable);
        if (broken !== undefined) throw broken;
      });
      await Promise.all([
        deciding,
        reading(ports.store, "store"),
        ...ports.liveViews.map(({ collector, view }) => reading(view, "live", collector)),
      ]);
      flush(true);
    },
  };
}

/** Events that a decision waits for; telemetry and pings come all the time. */
function isAwaited(event: GuardianEvent): boolean {
  switch (event.kind) {
    case "power-read":
    case "power-off-answered":
    case "service-order-answered":
    case "servers-seen":
    case "moves-seen":
    case "evacuate-answered":
      return true;
    case "started":
    case "tick":
    case "telemetry":
    case "telemetry-failed":
    case "services":
    case "nova-failed":
    case "pinged":
    case "anchor-pinged":
    case "look-failed":
    case "journal":
    case "vouched":
    case "released":
    case "arming":
      return false;
    default:
      return event satisfies never;
  }
}
