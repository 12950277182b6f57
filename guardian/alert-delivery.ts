/** What stands between the decision loop and the people who are told: built once, and run beside it. */
import { dirname, join } from "node:path";
import type { Clock } from "../shared/clock.ts";
import type { Logger } from "../shared/log.ts";
import { runLoop } from "../shared/loop.ts";
import { freshSeed, seededRandom } from "../shared/random.ts";
import type { Guardian } from "./app.ts";
import type { GuardianConfig } from "./config.ts";
import type { Settings } from "./core/settings.ts";
import type { Memory } from "./core/memory.ts";
import type { GuardianState } from "./core/state.ts";
import { dispatchSettings } from "./dispatch-settings.ts";
import type { DispatchState } from "./dispatch/model.ts";
import { firingSightings, sightingOf, stormScopes } from "./dispatch/surroundings.ts";
import type { AlertMessage, Notifier } from "./ports.ts";
import { followAlerts, type StandingAlert } from "./shell/following.ts";
import type { Heartbeat } from "./shell/heartbeat.ts";
import { createLogNotifier } from "./shell/notify-log.ts";
import { openOutboxFile } from "./shell/outbox-file.ts";
import { createOutbox, type CoreView, type Outbox } from "./shell/outbox.ts";

export interface DeliveryOptions {
  readonly config: GuardianConfig;
  readonly settings: Settings;
  readonly channels: readonly Notifier[];
  readonly state: () => GuardianState;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface AlertDelivery {
  readonly outbox: Outbox;
  /** Takes a sending of the core: to the log at once, to the channels by the rules. */
  readonly alert: (message: AlertMessage) => void;
}

export function createAlertDelivery(options: DeliveryOptions): AlertDelivery {
  const { config, settings, channels, state, clock, log } = options;
  const outbox = createOutbox({
    notifiers: channels,
    settings: dispatchSettings(config, settings, channels),
    file: openOutboxFile(outboxPath(config), log, clock.wallMs()),
    core: () => coreView(state()),
    clock,
    random: seededRandom(freshSeed()),
    log,
  });
  const toLog = createLogNotifier(log);
  return {
    outbox,
    alert: (message) => {
      void toLog.send(message, 0);
      outbox.post(message);
    },
  };
}

/** Beside the journal, unless the configuration says where. */
function outboxPath({ alerts, journal }: GuardianConfig): string {
  return alerts.outboxFile ?? join(dirname(journal.file), "outbox.db");
}

/** What the outbox sees of the decision core; nothing fires before that has its memory. */
function coreView(state: GuardianState): CoreView {
  return {
    version: state.epoch > 0 ? state.memory.alerts : undefined,
    sighting: (message) => sightingOf(state, message),
    firing: () => firingSightings(state),
    storms: () => stormScopes(state),
  };
}

export interface BesideOptions {
  readonly outbox: Outbox;
  readonly notifiers: readonly Notifier[];
  readonly heartbeat: Heartbeat | undefined;
  /** Tells the collectors which hosts are fenced, until the signal. */
  readonly tell: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What waits for its time, such as a group of alerts, is looked at so often. */
const roundMs = 500;

/** The guardian, and what tells people of it; that ends when the guardian does. */
export async function runWithDelivery(
  guardian: Guardian,
  { outbox, notifiers, heartbeat, tell, clock, log }: BesideOptions,
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  // Its memory is read when it starts to run: what an earlier process told stands from then on.
  const running = guardian.run(signal).finally(() => ended.abort());
  const standing = (): readonly StandingAlert[] =>
    standingAlerts(guardian.state().memory.alerts, outbox.state());
  const beside = [
    runLoop(clock, roundMs, ended.signal, () => outbox.round()),
    followAlerts({ notifiers, clock, log, standing, signal: ended.signal }),
    tell(ended.signal),
  ];
  if (heartbeat !== undefined) {
    beside.push(runLoop(clock, heartbeat.everyMs, ended.signal, () => heartbeat.beat()));
  }
  await Promise.all([running, ...beside]);
}

/**
 * All that fires, of the core and of the dispatcher itself, as what each channel knows it, and whether somebody took it
 * in hand: the dispatcher knows what was told.
 */
export function standingAlerts(
  firing: Memory["alerts"],
  { alerts }: DispatchState,
): readonly StandingAlert[] {
  const ofCore = Object.values(firing).map(({ message, acknowledgedBy }): StandingAlert => {
    const known = alerts.get(message.dedupKey);
    const isTaken = known === undefined ? acknowledgedBy !== undefined : known.ack !== undefined;
    return {
      message,
      acknowledged: isTaken,
      generationOn: (channel) => known?.told[channel]?.generation ?? 0,
    };
  });
  const own = [...alerts.values()]
    .filter((known) => known.own && known.message.status === "firing")
    .map(({ message, ack, about, told }): StandingAlert => {
      const generationOn = (channel: string): number => told[channel]?.generation ?? 0;
      return { message, acknowledged: ack !== undefined, about, generationOn };
    });
  return [...ofCore, ...own];
}
