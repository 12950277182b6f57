/**
 * A state of the model as a text that is equal for states that behave alike: instants as ages in
 * quanta, none older than the greatest limit; texts for people, counters and histories left out.
 * What is left out is listed here, and nothing else is: a field that nobody listed counts.
 */
import { HostTable } from "../../guardian/core/host-table.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { ageMsMax } from "./model-settings.ts";
import type { ModelWorld } from "./model-world.ts";

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
  ledger version epoch hardwareUuid bmcGuid identity pinned serviceId zone device address fences
  domains network boots bootId homecomings
`);

/** Reasons hold ages and numbers for people: that there is one is what counts. */
const reasons = ["reason", "lastFailure", "life", "unverified", "disarmed", "disabledReason"];

export function canonicalText(
  state: GuardianState,
  world: ModelWorld,
  late: readonly GuardianEvent[],
  rest: string,
): string {
  const { now } = world;
  const alerts = Object.values(state.memory.alerts).map(
    ({ message }) => `${message.dedupKey} ${message.class}`,
  );
  const memory = { ...state.memory, alerts: alerts.sort() };
  const text = write({ ...state, memory, world, late }, now);
  // The number of a boot means nothing, whether it is the one that was last reported does.
  const booted = [...world.hosts].map(([name, host]) => {
    const bootId = `b00${host.boots % 3}`;
    const newest = state.hosts.get(name)?.newest?.bootId;
    const known = state.memory.known[name]?.bootId;
    const incident = state.memory.incidents.get(name)?.bootId;
    const servers = state.hosts.get(name)?.newest?.checks.serversTotal ?? "";
    return [newest, known, incident].map((seen) => (seen === bootId ? 1 : 0)).join("") + servers;
  });
  return `${text}|${booted.join(",")}|${rest}`;
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

/** The value of a field; "" for one that does not count. */
function field(name: string, value: unknown, now: number): string {
  const kind = kinds.get(name);
  if (kind === undefined) {
    const limit = typeof value === "number" ? bounded[name] : undefined;
    if (limit !== undefined) return String(Math.min(Number(value), limit));
    // An instant that is not compared as an age would make every state a new one, without end.
    if (typeof value === "number" && value > now / 2) throw new Error(`list ${name} as an instant`);
    return write(value, now);
  }
  if (kind === "out" || value === undefined) return "";
  if (kind === "reason") return "r";
  return typeof value === "object" ? write(value, now) : ageText(Number(value), now);
}

function write(value: unknown, now: number): string {
  if (value === undefined) return "";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  let text = "";
  if (Array.isArray(value)) {
    for (const one of value) text += `${write(one, now)},`;
    return `[${text}]`;
  }
  if (value instanceof Map) {
    for (const [key, one] of value as ReadonlyMap<string, unknown>) {
      text += `${key}:${write(one, now)},`;
    }
    return `<${text}>`;
  }
  if (value instanceof HostTable) return write(value.values(), now);
  for (const key in value) {
    const part = field(key, Reflect.get(value, key), now);
    if (part !== "") text += `${key}:${part},`;
  }
  return `{${text}}`;
}

function ageText(at: number, now: number): string {
  if (Number.isNaN(at)) return "?";
  const age = now - at;
  return age >= ageMsMax ? "old" : String(Math.round(age / 100));
}
