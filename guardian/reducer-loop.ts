/**
 * One event at a time through the reducer: what must be remembered is journaled before any order
 * is given, and then the effects run.
 */
import { toError } from "../shared/errors.ts";
import type { LogFields } from "../shared/log.ts";
import type { MonoMs } from "../shared/time.ts";
import type { GuardianPorts } from "./app.ts";
import { isOrder, type Effect, type Line, type Order } from "./core/effects.ts";
import type { GuardianEvent } from "./core/events.ts";
import { initialState, step } from "./core/guardian.ts";
import type { Settings } from "./core/settings.ts";
import type { GuardianState } from "./core/state.ts";
import { createEffectRunner } from "./shell/effect-runner.ts";
import { createJournaling } from "./shell/journaling.ts";
import { Recorder, type NotRecorded } from "./shell/recorder.ts";

export interface ReducerLoop {
  state(): GuardianState;
  /** Reduces one event, journals, runs its effects. */
  take(event: GuardianEvent): void;
  /** Ends a round: writes what was recorded, and the whole memory too when `remember`. */
  endRound(remember: boolean): void;
  /** Inputs of this process that were not recorded, and why. */
  notRecorded(): NotRecorded;
  /** A broken promise of the design: nothing is taken any more, and the process must end. */
  broken(): Error | undefined;
}

/** `answered` hears every event that a call of ours came back with, after it was taken. */
export function createReducerLoop(
  settings: Settings,
  ports: GuardianPorts,
  answered: (event: GuardianEvent) => void,
): ReducerLoop {
  const { clock, log } = ports;
  let state = initialState(settings, clock.monoMs(), clock.wallMs());
  let broken: Error | undefined;
  const journaling = createJournaling(ports.journal, clock);
  const recorder = new Recorder();
  let lostSaid = 0;
  const runner = createEffectRunner({ ...ports, state: () => state }, (event) => {
    take(event);
    answered(event);
  });

  function take(event: GuardianEvent): void {
    if (broken !== undefined) return;
    try {
      const before = state;
      const effects = reduce(event);
      perform(effects, state.memory !== before.memory);
    } catch (error) {
      broken = toError(error);
      recorder.broke(broken);
    }
  }

  function reduce(event: GuardianEvent): readonly Effect[] {
    recorder.input(state, event);
    const result = step(state, event);
    state = result.state;
    recorder.output(state, result.effects);
    return result.effects;
  }

  function perform(effects: readonly Effect[], remember: boolean): void {
    const orders = effects.filter(isOrder);
    for (const order of orders) journaling.intend(order);
    const written = orders.length > 0 || remember ? flush(remember) : true;
    for (const effect of effects) {
      if (effect.kind === "line") sayLine(ports, effect);
      else if (effect.kind === "alert") ports.alert(effect.message);
      else if (written || !isOrder(effect)) runner.run(effect);
      else refuse(effect);
    }
  }

  /** False when the journal cannot be written, which the core is told. */
  function flush(remember: boolean): boolean {
    const failure = journaling.flush(remember ? state.memory : undefined);
    const writable = failure === undefined;
    if (writable !== state.eyes.journalWritable) {
      reduce({ kind: "journal", at: clock.monoMs(), writable, reason: failure ?? "" });
    }
    return writable;
  }

  function endRound(remember: boolean): void {
    const failure = journaling.record(recorder);
    const { inputs, reason } = recorder.lost;
    if (inputs > lostSaid) log.warn({ event: "not-recorded", inputs, reason }, "not recorded");
    lostSaid = inputs;
    // Only what an order needs decides whether orders are given: the memory is tried by itself.
    if (failure !== undefined || remember) flush(true);
  }

  /** Without a journal no order is given. */
  function refuse(order: Order): void {
    const reason = "the journal cannot be written";
    const { host, kind } = order;
    log.error({ event: "order-refused", host, order: kind, reason }, "order refused");
    const answer = refusedAnswer(order, clock.monoMs(), reason);
    queueMicrotask(() => take(answer));
  }

  const notRecorded = (): NotRecorded => recorder.lost;
  return { state: () => state, take, endRound, notRecorded, broken: () => broken };
}

function sayLine({ log, heard }: GuardianPorts, line: Line): void {
  log[line.level](lineFields(line), line.text);
  heard?.(line);
}

function lineFields(line: Line): LogFields {
  return line.host === undefined ? { event: line.event } : { event: line.event, host: line.host };
}

/** The answer to an order that was never given. */
function refusedAnswer(order: Order, at: MonoMs, reason: string): GuardianEvent {
  const { host } = order;
  switch (order.kind) {
    case "reset":
    case "evacuate": {
      const answer = { kind: "not-made", reason } as const;
      const kind = order.kind === "reset" ? "reset-answered" : "evacuate-answered";
      return { kind, at, id: order.id, host, server: order.server, answer };
    }
    case "live-migrate": {
      const answer = { kind: "not-made", reason } as const;
      const { id, server } = order;
      return { kind: "live-migrate-answered", at, id, host, server, answer };
    }
    case "power-off": {
      const answer = { kind: "refused", reason } as const;
      return { kind: "power-off-answered", at, askedAt: at, host, device: order.device, answer };
    }
    case "power-on": {
      const answer = { kind: "refused", reason } as const;
      return { kind: "power-on-answered", at, askedAt: at, host, device: order.device, answer };
    }
    case "force-down":
    case "force-up":
    case "disable":
    case "enable": {
      const answer = { kind: "refused", status: 0, reason } as const;
      return { kind: "service-order-answered", at, id: order.id, host, order: order.kind, answer };
    }
    default:
      return order satisfies never;
  }
}
