/**
 * A state of the model as a list of tokens that is equal for states that behave alike: instants as ages
 * in tenths of a second, none older than the greatest limit; texts for people, counters and histories
 * left out. What is left out is listed here, and nothing else is: a field that nobody listed counts.
 */
import type { Phase } from "../../guardian/core/memory.ts";
import type { HostTable } from "../../guardian/core/host-table.ts";
import type { GuardianState, HostState } from "../../guardian/core/state.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { bootIdOf } from "./model-rows.ts";
import type { ModelWorld } from "./model-world.ts";
import { TokenList } from "./token-list.ts";

/** Instants of the guardian's clock, of the collector's, or wall time: all of one clock here. */
const instants = wordsOf(`
  at askedAt sentAt answeredAt advancedAt previousAskedAt seenAt wall observedFrom
  epochSeenAt dirtyAt storeMs liveMs monoMs arrivalMs lifeAt livedAt suspectSince silentSince
  freshSince steadyAt echoAt pingedAt failedAt answeringSince offSince tickAt
  previousTickAt tickWall shakenAt servicesAskedAt servicesAt graceFrom doubtSince
  startedAt since obtainedAt expiresAt lostAt lookedAt listedAt relistedAt settledAt waitsSince belowSince
  notBefore check firstAt windowFrom now storage directory business libvirt updatedAt poweredAt changedAt
  reportedAt novaAt doneAt sinceWall untilWall startedWall steadyFrom steadyTo onAt
  recordsMovedAt recordsFrom emptyAt emptyAgainAt orderedAt onAgainAt confirmedAt overSince heardAt fromAt toMs shakySince
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
  signals
`);

/**
 * What is the same in every state of the model: one collector that is never restarted, one path, one
 * newest row a host, identities that do not change; the hour of the fence rate, which never passes.
 */
const constant = wordsOf(`
  pace to rank stage tookMs
  collector collectorEpoch path newest probeEpoch sequence sentWallMs sent sendErrors
  ledger version epoch hardwareUuid bmcGuid identity pinned serviceId zone device address fences
  domains network boots bootId
`);

/** Reasons hold ages and numbers for people: that there is one is what counts, and which. */
const reasons = ["reason", "lastFailure", "life", "unverified", "disarmed"];

/** Texts that name an incident: which of those that are known here, not how many there were before. */
const naming = ["mark", "disabledReason", "incident"];
const incidentId = /i\d+-[\w-]+/;

/** Parts in which the core has longer times of its own: until each step of a way home is given up, say. */
const longestMs: Readonly<Record<string, number>> = {
  home: 905_000,
  rehearsals: 905_000,
  drains: 1_805_000,
  lookBacks: 905_000,
};

/** Attempts to fence come ever more rarely, at most every ten attempt times. */
const fencingMs = 155_000;

/** By its shape: a reducer with a planted bug has a class of its own for it. */
function isTable(value: unknown): value is HostTable<HostState> {
  return typeof value === "object" && value !== null && "withAll" in value;
}

function isFencing(value: unknown): value is Phase {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "fencing";
}

function isRead(inventory: unknown): boolean {
  return (inventory as GuardianState["inventory"]).readAt !== undefined;
}

export class Canonical {
  readonly tokens = new TokenList();
  readonly #fields = new Map<string, Field>();
  readonly #shapes: Shape = { further: new Map(), fields: undefined };
  /** Ids that the state names, those of open incidents first. */
  #incidents: string[] = [];
  #now = 0;
  #ageMsMax: number;

  /** Ages from `ageMsMax` on are one. */
  constructor(ageMsMax: number) {
    this.#ageMsMax = ageMsMax;
  }

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
    this.#incidents = [...state.memory.incidents.values()].map(({ id }) => id);
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

  /** The number of a boot means nothing; which of those that are known are one and the same does. */
  #boots({ hosts, memory }: GuardianState, world: ModelWorld): void {
    for (const [name, { boots }] of world.hosts) {
      const newest = hosts.get(name)?.newest;
      const known = [
        bootIdOf(boots),
        newest?.bootId,
        memory.known[name]?.bootId,
        memory.incidents.get(name)?.bootId,
        memory.rehearsals.get(name)?.bootId,
      ];
      for (const bootId of known) this.tokens.number(known.indexOf(bootId));
      this.tokens.number(newest?.checks.serversTotal ?? -1);
      this.tokens.text(newest?.checks.storage ?? "");
    }
  }

  #fieldsOf(value: object, without: string | undefined): void {
    this.tokens.mark("{");
    for (const field of this.#fieldsByName(value)) {
      if (field.name !== without) this.#field(field, Reflect.get(value, field.name));
    }
    this.tokens.mark("}");
  }

  /** In one order, whatever the order in which they were set. */
  #fieldsByName(value: object): readonly Field[] {
    let shape = this.#shapes;
    for (const name in value) {
      let next = shape.further.get(name);
      if (next === undefined) {
        next = { further: new Map(), fields: undefined };
        shape.further.set(name, next);
      }
      shape = next;
    }
    shape.fields ??= Object.keys(value)
      .sort()
      .map((name) => this.#fieldNamed(name));
    return shape.fields;
  }

  #field({ name, kind, token, limit }: Field, value: unknown): void {
    if (kind === "out" || value === undefined) return;
    const { tokens } = this;
    tokens.push(token);
    if (kind === "reason") this.#reason(value);
    else if (kind === "naming") this.#naming(typeof value === "string" ? value : "");
    else if (kind === "keys") this.#list(Object.keys(value as object));
    else if (kind === "read") tokens.mark(isRead(value) ? "there" : "nothing");
    else if (longestMs[name] !== undefined) this.#within(longestMs[name], () => this.#value(value));
    else if (kind === "instant" && typeof value !== "object") this.#age(Number(value));
    else if (typeof value !== "number") this.#value(value);
    else if (limit !== undefined) tokens.number(Math.min(value, limit));
    // An instant that is not compared as an age would make every state a new one, without end.
    else if (value > this.#now / 2) throw new Error(`list ${name} as an instant`);
    else tokens.number(value);
  }

  /** The word that it is said with; what was said as text before is for people alone. */
  #reason(value: unknown): void {
    const isWords = typeof value === "object" && value !== null && "key" in value;
    if (isWords) this.tokens.text(String(value.key));
    else this.tokens.mark("there");
  }

  #naming(text: string): void {
    const id = incidentId.exec(text)?.[0];
    if (id === undefined) {
      this.tokens.text(text);
      return;
    }
    let place = this.#incidents.indexOf(id);
    if (place < 0) place = this.#incidents.push(id) - 1;
    this.tokens.number(place);
    this.tokens.text(text.replace(id, ""));
  }

  /** Ages up to a greater limit. */
  #within(ageMsMax: number, write: () => void): void {
    const before = this.#ageMsMax;
    this.#ageMsMax = Math.max(before, ageMsMax);
    write();
    this.#ageMsMax = before;
  }

  #fieldNamed(name: string): Field {
    let field = this.#fields.get(name);
    if (field === undefined) {
      const token = this.tokens.tokenOf(name);
      field = { name, kind: kinds.get(name), token, limit: bounded[name] };
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
    else if (isTable(value)) this.#list(value.values());
    else if (isFencing(value)) this.#within(fencingMs, () => this.#fieldsOf(value, undefined));
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
    else if (age >= this.#ageMsMax) this.tokens.mark("old");
    else this.tokens.age(Math.round(age / 100));
  }
}

/** Names of fields in the order in which they were set, as a path; at its end, the fields by name. */
interface Shape {
  readonly further: Map<string, Shape>;
  fields: readonly Field[] | undefined;
}

interface Field {
  readonly name: string;
  readonly kind: Kind | undefined;
  readonly token: number;
  readonly limit: number | undefined;
}

function wordsOf(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

type Kind = "instant" | "reason" | "naming" | "out" | "keys" | "read";

const kinds = new Map<string, Kind>([
  ...[...instants].map((name) => [name, "instant"] as const),
  ...reasons.map((name) => [name, "reason"] as const),
  ...naming.map((name) => [name, "naming"] as const),
  ...[...forPeople, ...constant].map((name) => [name, "out"] as const),
  // When a host was switched on by us last is wall time, and the day that it counts never passes.
  ["homecomings", "keys"],
  // Nova's memory never changes, and whose servers were placed after it was read holds only a living host that a row
  // says to fence, or another one's drain: neither is here. Whether it was read since the start counts.
  ["inventory", "read"],
]);
