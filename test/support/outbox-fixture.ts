/** The real outbox with a clock that a test turns, a core that fires what it is told, and a file in memory. */
import type { Sighting } from "../../guardian/dispatch/events.ts";
import type { KeptChanges } from "../../guardian/dispatch/kept.ts";
import type { DispatchSettings } from "../../guardian/dispatch/settings.ts";
import type { AlertMessage, Notifier } from "../../guardian/ports.ts";
import type { OutboxFile } from "../../guardian/shell/outbox-file.ts";
import { createOutbox, type Outbox } from "../../guardian/shell/outbox.ts";
import { silentLogger, type Logger } from "../../shared/log.ts";
import { seededRandom } from "../../shared/random.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { settingsWith, sunday } from "./dispatch-fixture.ts";

/** Keeps what was saved, as the real one does, and fails while `broken`. */
export class MemoryFile implements OutboxFile {
  readonly kept = new Map<string, string>();
  saves = 0;
  broken: string | undefined;

  get entries(): OutboxFile["entries"] {
    return [...this.kept].map(([key, body]) => ({ key, body }));
  }

  save({ set, gone }: KeptChanges): void {
    if (this.broken !== undefined) throw new Error(this.broken);
    this.saves += 1;
    for (const { key, body } of set) this.kept.set(key, body);
    for (const key of gone) this.kept.delete(key);
  }

  close(): void {
    // Nothing is held.
  }
}

export interface OutboxFixtureOptions {
  readonly settings?: DispatchSettings;
  readonly file?: OutboxFile;
  readonly log?: Logger;
  readonly tryDeadlineMs?: number;
}

export class OutboxFixture {
  readonly outbox: Outbox;
  /** What fires by the core's memory; a new map is a new version. */
  firing: ReadonlyMap<string, AlertMessage> = new Map();
  /** What the core's view throws. */
  fault: string | undefined;
  #ms = 0;

  constructor(notifiers: readonly Notifier[], options: OutboxFixtureOptions = {}) {
    const { settings, file = new MemoryFile(), log = silentLogger, tryDeadlineMs } = options;
    this.outbox = createOutbox({
      notifiers,
      settings: settings ?? settingsWith(notifiers.map(({ name }) => name)),
      file,
      core: () => ({
        version: this.firing,
        sighting: (message) => {
          if (this.fault !== undefined) throw new Error(this.fault);
          return sighting(message);
        },
        firing: () => [...this.firing.values()].map(sighting),
        storms: () => [],
      }),
      clock: { monoMs: () => monoMs(this.#ms), wallMs: () => wallMs(sunday + this.#ms) },
      random: seededRandom(7),
      log,
      ...(tryDeadlineMs === undefined ? {} : { tryDeadlineMs }),
    });
  }

  /** A sending of the core, which remembers it first. */
  post(message: AlertMessage): void {
    const firing = new Map(this.firing);
    if (message.status === "firing") firing.set(message.dedupKey, message);
    else firing.delete(message.dedupKey);
    this.firing = firing;
    this.outbox.post(message);
  }

  /** Time goes by, at a round a second, and whatever is under way may settle. */
  async pass(ms: number): Promise<void> {
    for (const end = this.#ms + ms; this.#ms < end;) {
      this.#ms += Math.min(1000, end - this.#ms);
      await settled();
      this.outbox.round();
    }
    await settled();
  }
}

function sighting(message: AlertMessage): Sighting {
  return { message, place: { domains: [], groups: [] } };
}

/** Lets promises that wait for nothing settle. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
