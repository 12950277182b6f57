/**
 * The real dispatcher with a virtual clock and channels whose answers a test sets. Every message that a
 * channel took is kept, in order; nothing is random but what a test seeds.
 */
import { dispatch } from "../../guardian/dispatch/dispatch.ts";
import type { DispatchEffect, DispatchEvent, Sighting } from "../../guardian/dispatch/events.ts";
import { keptChanges, restored } from "../../guardian/dispatch/kept.ts";
import {
  initialDispatch,
  type DispatchState,
  type StormScope,
} from "../../guardian/dispatch/model.ts";
import {
  defaultRate,
  defaultRules,
  type DispatchSettings,
  type Route,
} from "../../guardian/dispatch/settings.ts";
import type { AlertMessage, Delivery } from "../../guardian/ports.ts";
import { hostName } from "../../shared/names.ts";

export const beatMs = 250;
/** Sunday, 2026-11-22 00:00 UTC. */
export const sunday = Date.UTC(2026, 10, 22);

export interface Sent {
  readonly at: number;
  readonly channel: string;
  readonly message: AlertMessage;
}

export const delivered: Delivery = { kind: "delivered" };
export const failing: Delivery = { kind: "undelivered", retryable: true, reason: "answered 503" };
export const refused: Delivery = { kind: "undelivered", retryable: false, reason: "answered 400" };

/** Pages, and nothing else, go to one channel. */
export function pagesTo(channel: string): readonly Route[] {
  const anywhere = { kinds: [], hosts: [], zones: [], groups: [], hours: undefined };
  return [{ name: "pages", classes: ["page"], ...anywhere, channels: [channel] }];
}

/** A storm of the whole cloud whose page names all of its hosts. */
export function stormOf(hosts: readonly string[], named = hosts): StormScope {
  return { key: "guardian/lab/guardian/storm", hosts: new Set(hosts.map(hostName)), named };
}

type Moved<E> = E extends unknown ? Omit<E, "at" | "wall"> : never;

/** Settings with the named channels, all for people. */
export function settingsWith(
  names: readonly string[],
  changes: Partial<DispatchSettings> = {},
): DispatchSettings {
  const channels = names.map((name) => [name, { rate: defaultRate, feed: false }] as const);
  return {
    cloud: "lab",
    language: "en",
    repeatPageMs: 1_800_000,
    ...defaultRules,
    channels: new Map(channels),
    ...changes,
  };
}

export class DispatchFixture {
  state: DispatchState;
  readonly sent: Sent[] = [];
  /** Every try, by the row's id. */
  readonly tries: string[] = [];
  readonly lines: Extract<DispatchEffect, { kind: "line" }>[] = [];
  /** What a channel answers; delivered without an entry. */
  readonly answers = new Map<string, Delivery>();
  /** Of the core's process. */
  epoch = 1;
  storms: StormScope[] = [];
  /** Of the clock on the wall, which people and NTP put forward and back. */
  wallDrift = 0;
  /** What the file says. */
  readonly kept = new Map<string, string>();
  #written: DispatchState;
  /** Of the state's time from the fixture's, after a restart. */
  #drift = 0;
  #at = 1000;
  #pending: { readonly id: string; readonly channel: string; readonly message: AlertMessage }[] =
    [];

  constructor(settings: DispatchSettings) {
    this.state = initialDispatch(settings, this.#at, this.wall);
    this.#written = this.state;
  }

  /** Another process: what was kept, and nobody knows what became of what was on its way. */
  restart(firing: Iterable<AlertMessage> = []): void {
    this.epoch += 1;
    this.#pending = [];
    const entries = [...this.kept].map(([key, body]) => ({ key, body }));
    this.state = restored(this.state.settings, entries, this.wall);
    this.#written = this.state;
    this.#drift = this.state.at - this.#at;
    const alerts = [...firing].map((message) => ({ message, place: { domains: [], groups: [] } }));
    this.take({ kind: "firing", alerts, storms: this.storms });
    // The core sends every page again, since it cannot know that the first sending left.
    for (const { message, place } of alerts.filter((one) => one.message.class === "page")) {
      const id = `${message.dedupKey}/firing/${this.epoch}-${this.#at}`;
      const again = { message: { ...message, id }, place };
      this.take({ kind: "alerts", alerts: [again], storms: this.storms });
    }
  }

  get at(): number {
    return this.#at;
  }

  get wall(): number {
    return sunday + this.#at + this.wallDrift;
  }

  take(event: Moved<DispatchEvent>): void {
    const { state, effects } = dispatch(this.state, {
      ...event,
      at: this.#at + this.#drift,
      wall: this.wall,
    } as DispatchEvent);
    const changes = keptChanges(this.#written, state);
    if (changes !== undefined) {
      for (const { key, body } of changes.set) this.kept.set(key, body);
      for (const key of changes.gone) this.kept.delete(key);
      this.#written = state;
    }
    this.state = state;
    for (const effect of effects) {
      if (effect.kind === "line") this.lines.push(effect);
      else {
        const { id, channel, message } = effect.row;
        this.tries.push(id);
        this.#pending.push({ id, channel, message });
      }
    }
  }

  /** One sending of the core. */
  alert(kind: string, changes: Partial<AlertMessage> & { readonly domains?: string[] } = {}): void {
    this.take({ kind: "alerts", alerts: [this.sighting(kind, changes)], storms: this.storms });
  }

  sighting(
    kind: string,
    { domains = [], ...changes }: Partial<AlertMessage> & { readonly domains?: string[] } = {},
  ): Sighting {
    const host = "host" in changes ? changes.host : hostName("compute-1");
    const dedupKey = `guardian/lab/${host ?? "guardian"}/${kind}`;
    const status = changes.status ?? "firing";
    const message: AlertMessage = {
      id: `${dedupKey}/${status}/${this.epoch}-${this.#at}`,
      dedupKey,
      class: "page",
      status,
      host,
      incident: host === undefined ? undefined : `i1-${host}`,
      kind,
      title: `${host ?? "guardian"} ${kind}`,
      why: ["reports: 8.2 s > 5 s"],
      impact: "3 servers",
      next: "look",
      wallMs: this.wall,
      ...changes,
    };
    return { message, place: { domains, groups: [] } };
  }

  /** Time passes; tries are answered a beat later. */
  run(ms: number): this {
    for (const end = this.#at + ms; this.#at < end;) {
      this.#at += Math.min(beatMs, end - this.#at);
      for (const { id, channel, message } of this.#pending.splice(0)) {
        const delivery = this.answers.get(channel) ?? delivered;
        if (delivery.kind === "delivered") this.sent.push({ at: this.#at, channel, message });
        this.take({ kind: "tried", row: id, delivery, random: 0.5 });
      }
      if (this.#at % 1000 === 0) this.take({ kind: "tick", storms: this.storms });
    }
    return this;
  }

  /** "page firing dead" for each message that a channel took. */
  told(channel = "chat"): readonly string[] {
    return this.messages(channel).map(
      (message) => `${message.class} ${message.status} ${message.kind}`,
    );
  }

  messages(channel = "chat"): readonly AlertMessage[] {
    return this.sent.filter((sent) => sent.channel === channel).map(({ message }) => message);
  }
}
