/**
 * A state of the model as a list of tokens that is equal for states that behave alike: instants as ages
 * in tenths of a second, none older than the greatest limit; texts for people, counters and histories
 * left out. What is left out is listed here, and nothing else is: a field that nobody listed counts.
 */
import { HostTable } from "../../guardian/core/host-table.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { ageMsMax } from "./model-settings.ts";
import type { ModelWorld } from "./model-world.ts";
import { TokenList } from "./token-list.ts";

/** Instants of the guardian's clock, of the collector's, or wall time: all of one clock here. */
const instants = wordsOf(`
  at askedAt sentAt answeredAt advancedAt previousAskedAt seenAt wall observedFrom
  epochSeenAt dirtyAt storeMs liveMs monoMs arrivalMs lifeAt livedAt suspectSince silentSince
  freshSince steadyAt echoAt pingedAt failedAt answeringSince offSince tickAt
  previousTickAt tickWall shakenAt servicesAskedAt servicesAt graceFrom doubtSince
  startedAt since obtainedAt expiresAt lostAt lookedAt listedAt relistedAt settledAt belowSince
  notBefore check firstAt windowFrom now storage directory business libvirt updatedAt poweredAt changedAt
  reportedAt novaAt doneAt sinceWall untilWall startedWall steadyFrom steadyTo onAt
  emptyAt emptyAgainAt orderedAt onAgainAt
`);

/** Numbers that only grow, beyond which nothing changes: compared with a limit, or not at all. */
const bounded: Readonly<Record<string, number>> = {
  attempts: 2,
  attempt: 10,
  refences: 2,
  orders: 10,
  heldMs: 10_000,
  goodMs: 20_000,
};

/** Texts, histories and counters for people; what each round works out anew from the rest. */
const forPeople = wordsOf(`
  gates says timeline message revision incidentCount openedAt openedWall id requestId
  journalReason novaReason shakenBy checks violations settings round verification census
  inventory signals
`);

/**
 * What is the same in every state of the model: one collector that is never restarted, one path, one
 * newest row a host, identities that do not change; the hour of the fence rate, which never passes.
 */
const constant = wordsOf(`
  pace to rank stage tookMs
  collector collectorEpoch path newest probeEpoch sequence sentWallMs sent sendErrors
  ledger version epoch hardwareUuid identity pinned serviceId zone device address fences
  domains network boots bootId homecomings
`);

/** Reasons hold ages and numbers for people: that there is one is what counts. */
const reasons = ["reason", "lastFailure", "life", "unverified", "disarmed", "disabledReason"];

export class Canonical {
  readonly tokens = new TokenList();
  readonly #fields = new Map<string, Field>();
  #now = 0;

  /** Fills `tokens` anew. */
  write(
    state: GuardianState,
    world: ModelWorld,
    late: readonly GuardianEvent[],
    faultsLeft: number,
  ): void {
    const { tokens } = this;
    tokens.clear();
    this.#now = world.now;
    tokens.number(faultsLeft);
    this.#fieldsOf(state, "memory");
    this.#fieldsOf(state.memory, "alerts");
    this.#alerts(state);
    this.#fieldsOf(world, undefined);
    this.#value(late);
    this.#boots(state, world);
  }

  /** That an alert fires, and how loudly: what it says is for people. */
  #alerts({ memory }: GuardianState): void {
    const alerts = Object.values(memory.alerts).map(({ message }) => message);
    alerts.sort((one, other) => (one.dedupKey < other.dedupKey ? -1 : 1));
    for (const { dedupKey, class: loudness } of alerts) {
      this.tokens.text(dedupKey);
      this.tokens.text(loudness);
    }
    this.tokens.mark("]");
  }

  /** The number of a boot means nothing, whether it is the one that was last reported does. */
  #boots(state: GuardianState, world: ModelWorld): void {
    for (const [name, { boots }] of world.hosts) {
      const bootId = `b00${boots % 3}`;
      const newest = state.hosts.get(name)?.newest;
      const incident = state.memory.incidents.get(name)?.bootId;
      let bits = newest?.bootId === bootId ? 1 : 0;
      if (state.memory.known[name]?.bootId === bootId) bits += 2;
      if (incident === bootId) bits += 4;
      this.tokens.number(bits);
      this.tokens.number(newest?.checks.serversTotal ?? -1);
    }
  }

  #fieldsOf(value: object, without: string | undefined): void {
    this.tokens.mark("{");
    for (const name in value) {
      if (name !== without) this.#field(name, Reflect.get(value, name));
    }
    this.tokens.mark("}");
  }

  #field(name: string, value: unknown): void {
    const { kind, token, limit } = this.#fieldNamed(name);
    if (kind === "out" || value === undefined) return;
    const { tokens } = this;
    tokens.push(token);
    if (kind === "reason") tokens.mark("there");
    else if (kind === "instant" && typeof value !== "object") this.#age(Number(value));
    else if (typeof value !== "number") this.#value(value);
    else if (limit !== undefined) tokens.number(Math.min(value, limit));
    // An instant that is not compared as an age would make every state a new one, without end.
    else if (value > this.#now / 2) throw new Error(`list ${name} as an instant`);
    else tokens.number(value);
  }

  #fieldNamed(name: string): Field {
    let field = this.#fields.get(name);
    if (field === undefined) {
      field = { kind: kinds.get(name), token: this.tokens.tokenOf(name), limit: bounded[name] };
      this.#fields.set(name, field);
    }
    return field;
  }

  #value(value: unknown): void {
    const { tokens } = this;
    if (typeof value === "string") tokens.text(value);
    else if (typeof value === "number") tokens.number(value);
    else if (typeof value === "boolean") tokens.mark(value ? "yes" : "no");
    else if (value === undefined || value === null) tokens.mark("nothing");
    else if (Array.isArray(value)) this.#list(value);
    else if (value instanceof Map) this.#map(value);
    else if (value instanceof HostTable) this.#list(value.values());
    else if (typeof value === "object") this.#fieldsOf(value, undefined);
    else throw new Error(`a state holds a ${typeof value}`);
  }

  #list(values: readonly unknown[]): void {
    this.tokens.mark("[");
    for (const value of values) this.#value(value);
    this.tokens.mark("]");
  }

  #map(values: ReadonlyMap<string, unknown>): void {
    this.tokens.mark("<");
    for (const [key, value] of values) {
      this.tokens.text(key);
      this.#value(value);
    }
    this.tokens.mark(">");
  }

  #age(at: number): void {
    const age = this.#now - at;
    if (Number.isNaN(at)) this.tokens.mark("unknown");
    else if (age >= ageMsMax) this.tokens.mark("old");
    else this.tokens.age(Math.round(age / 100));
  }
}

interface Field {
  readonly kind: Kind | undefined;
  readonly token: number;
  readonly limit: number | undefined;
}

function wordsOf(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

type Kind = "instant" | "reason" | "out";

const kinds = new Map<string, Kind>([
  ...[...instants].map((name) => [name, "instant"] as const),
  ...reasons.map((name) => [name, "reason"] as const),
  ...[...forPeople, ...constant].map((name) => [name, "out"] as const),
]);
