/**
 * The guardian as a process: the loop around the reducer. Events are reduced one at a time, what
 * must be remembered is journaled before any order is given, and then the effects run.
 */
import { existsSync } from "node:fs";
import type { Clock } from "../shared/clock.ts";
import { toError } from "../shared/errors.ts";
import type { LogFields } from "../shared/log.ts";
import { runLoop } from "../shared/loop.ts";
import type { CollectorId } from "../shared/names.ts";
import type { MonoMs } from "../shared/time.ts";
import type { Effect, Order } from "./core/effects.ts";
import type { GuardianEvent } from "./core/events.ts";
import { initialState, step } from "./core/guardian.ts";
import { parseMemory } from "./core/memory.ts";
import type { Settings } from "./core/settings.ts";
import type { GuardianState } from "./core/state.ts";
import type { AlertMessage, Journal, TelemetryStore } from "./ports.ts";
import { createJournaling } from "./shell/journaling.ts";
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
  const journaling = createJournaling(journal, clock);
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
      journaling.record("input", event);
      perform(result.effects, state.memory !== before.memory);
    } catch (error) {
      broken = toError(error);
    }
  }

  function perform(effects: readonly Effect[], remember: boolean): void {
    const orders = effects.filter(isOrder);
    for (const order of orders) journaling.record("intent", order);
    const written = orders.length > 0 || remember ? flush(remember) : true;
    for (const effect of effects) {
      if (effect.kind === "line") log[effect.level](lineFields(effect), effect.text);
      else if (effect.kind === "alert") ports.alert(effect.message);
      else if (written || !isOrder(effect)) runner.run(effect);
      else refuse(effect);
    }
  }

  /** Writes what is pending; false when the journal cannot be written, which the core is told. */
  function flush(remember: boolean): boolean {
    const failure = journaling.flush(remember ? state.memory : undefined);
    const writable = failure === undefined;
    if (writable !== state.eyes.journalWritable) {
      const at = clock.monoMs();
      state = step(state, { kind: "journal", at, writable, reason: failure ?? "" }).state;
    }
    return writable;
  }

  /** Without a journal no order is given. */
  function refuse(order: Order): void {
    const reason = "the journal cannot be written";
    const { host, kind } = order;
    log.error({ event: "order-refused", host, order: kind, reason }, "order refused");
    const answer = refusedAnswer(order, clock.monoMs(), reason);
    queueMicrotask(() => take(answer));
  }

  function tick(): void {
    const at = clock.monoMs();
    tickedAt = at;
    const disarmed = existsSync(ports.disarmedFile);
    take({ kind: "tick", at, wall: clock.wallMs(), disarmed });
  }

  /** Reads one source each second, for as long as the guardian runs. */
  function reading(
    store: TelemetryStore,
    source: "store" | "live",
    collector: CollectorId | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    return runLoop(clock, readEveryMs, signal, async () => {
      take(await readTelemetry(store, source, collector, clock));
    });
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
      const deciding = runLoop(clock, tickEveryMs, signal, () => {
        tick();
        flush(!state.eyes.journalWritable);
        if (broken !== undefined) throw broken;
      });
      await Promise.all([
        deciding,
        reading(ports.store, "store", undefined, signal),
        ...ports.liveViews.map(({ collector, view }) => reading(view, "live", collector, signal)),
      ]);
      flush(true);
    },
  };
}

async function readTelemetry(
  store: TelemetryStore,
  source: "store" | "live",
  collector: CollectorId | undefined,
  clock: Clock,
): Promise<GuardianEvent> {
  const answer = await store.read(readDeadlineMs);
  const at = clock.monoMs();
  if (answer.kind === "failed") {
    return { kind: "telemetry-failed", at, source, collector, reason: answer.reason };
  }
  const { watermarks, liveness } = answer;
  return { kind: "telemetry", at, source, watermarks, liveness };
}

function lineFields(line: Extract<Effect, { kind: "line" }>): LogFields {
  return line.host === undefined ? { event: line.event } : { event: line.event, host: line.host };
}

/** The answer to an order that was never given. */
function refusedAnswer(order: Order, at: MonoMs, reason: string): GuardianEvent {
  const { host } = order;
  switch (order.kind) {
    case "evacuate": {
      const answer = { kind: "not-made", reason } as const;
      return { kind: "evacuate-answered", at, host, server: order.server, answer };
    }
    case "power-off": {
      const answer = { kind: "refused", reason } as const;
      return { kind: "power-off-answered", at, askedAt: at, host, device: order.device, answer };
    }
    case "force-down":
    case "disable": {
      const answer = { kind: "refused", status: 0, reason } as const;
      return { kind: "service-order-answered", at, host, order: order.kind, answer };
    }
    default:
      return order satisfies never;
  }
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
