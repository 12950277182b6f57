/**
 * The guardian as a process: the decision loop, and a reading loop for each source of telemetry.
 * What is decided is in `core/`; how an event is taken is in `reducer-loop.ts`.
 */
import { existsSync } from "node:fs";
import type { Clock } from "../shared/clock.ts";
import { runLoop, sleep } from "../shared/loop.ts";
import type { CollectorId } from "../shared/names.ts";
import type { Line } from "./core/effects.ts";
import type { GuardianEvent } from "./core/events.ts";
import { parseMemory } from "./core/memory-text.ts";
import type { Settings } from "./core/settings.ts";
import type { GuardianState } from "./core/state.ts";
import type { AlertMessage, Journal, TelemetryStore } from "./ports.ts";
import { createReducerLoop } from "./reducer-loop.ts";
import type { RunnerPorts } from "./shell/effect-runner.ts";
import type { NotRecorded } from "./shell/recorder.ts";

export interface GuardianPorts extends RunnerPorts {
  readonly journal: Journal;
  readonly store: TelemetryStore;
  readonly liveViews: readonly { readonly collector: CollectorId; readonly view: TelemetryStore }[];
  /** Takes an alert into an outbox; never blocks. */
  readonly alert: (message: AlertMessage) => void;
  /** Hears what is logged of decisions, as it is decided. */
  readonly heard?: (line: Line) => void;
  /** Its presence stops every new action at the next tick. */
  readonly disarmedFile: string;
}

export interface Guardian {
  /** Runs until `signal` is aborted; rejects when a promise of the design is broken. */
  run(signal: AbortSignal): Promise<void>;
  /** What people asked for, from the control socket. */
  tell(event: GuardianEvent): void;
  state(): GuardianState;
  /** Inputs of this process that no recording holds, and why. */
  notRecorded(): NotRecorded;
  /** When the decision loop last completed a round, on the given clock. */
  decidedAt(): number;
}

const tickEveryMs = 250;
/** After an answer that a decision waits for, the next round comes at once, but not sooner. */
const tickGapMsMin = 20;
const readEveryMs = 1000;
const readDeadlineMs = 900;

export function createGuardian(settings: Settings, ports: GuardianPorts): Guardian {
  const { clock, journal } = ports;
  let tickedAt = clock.monoMs();
  let tickIsDue = false;
  let running: AbortSignal | undefined;
  const loop = createReducerLoop(settings, ports, (event) => {
    if (isAwaited(event)) tickSoon();
  });

  /** A round for an answer: at once, or when the least gap since the last round has passed. */
  function tickSoon(): void {
    // Told to stop, it gives no further order.
    if (running?.aborted !== false) return;
    const waitMs = tickGapMsMin - (clock.monoMs() - tickedAt);
    if (waitMs <= 0) return tick();
    if (tickIsDue) return;
    tickIsDue = true;
    void sleep(waitMs, running).then(() => {
      tickIsDue = false;
      if (running?.aborted === false) tick();
    });
  }

  function tick(): void {
    const at = clock.monoMs();
    tickedAt = at;
    const disarmed = existsSync(ports.disarmedFile);
    loop.take({ kind: "tick", at, wall: clock.wallMs(), disarmed });
  }

  /** Reads one source each second, for as long as the guardian runs. */
  function reading(
    store: TelemetryStore,
    source: "store" | "live",
    collector: CollectorId | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    return runLoop(clock, readEveryMs, signal, async () => {
      loop.take(await readTelemetry(store, source, collector, clock));
    });
  }

  function started(): void {
    const { epoch, starts, lastState } = journal;
    const memory = lastState === undefined ? undefined : parseMemory(JSON.parse(lastState));
    const [at, wall] = [clock.monoMs(), clock.wallMs()];
    loop.take({ kind: "started", at, wall, epoch, memory, starts });
  }

  return {
    state: () => loop.state(),
    notRecorded: () => loop.notRecorded(),
    tell: (event) => loop.take(event),
    decidedAt: () => tickedAt,
    async run(signal) {
      running = signal;
      started();
      const deciding = runLoop(clock, tickEveryMs, signal, () => {
        tick();
        // After a failed write the whole memory is due again.
        loop.endRound(!loop.state().eyes.journalWritable);
        const broken = loop.broken();
        if (broken !== undefined) throw broken;
      });
      await Promise.all([
        deciding,
        reading(ports.store, "store", undefined, signal),
        ...ports.liveViews.map(({ collector, view }) => reading(view, "live", collector, signal)),
      ]);
      loop.endRound(true);
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
  const { watermarks, liveness, sightings = [] } = answer;
  const said = sightings.length === 0 ? {} : { sightings };
  return { kind: "telemetry", at, source, watermarks, liveness, ...said };
}

/** Events that a decision waits for; telemetry and pings come all the time. */
function isAwaited(event: GuardianEvent): boolean {
  switch (event.kind) {
    case "power-read":
    case "power-off-answered":
    case "power-on-answered":
    case "service-order-answered":
    case "servers-seen":
    case "moves-seen":
    case "evacuate-answered":
    case "reset-answered":
    case "live-migrate-answered":
    case "migrations-seen":
      return true;
    case "started":
    case "tick":
    case "telemetry":
    case "telemetry-failed":
    case "services":
    case "inventory":
    case "nova-failed":
    case "pinged":
    case "anchor-pinged":
    case "look-failed":
    case "journal":
    case "rehearsal-asked":
    case "vouched":
    case "confirmed":
    case "released":
    case "undo-asked":
    case "arming":
    case "incident-answered":
    case "acknowledged":
    case "maintenance-set":
    case "maintenance-cleared":
    case "limits-set":
      return false;
    default:
      return event satisfies never;
  }
}
