/**
 * The state as texts of bounded size, and back: where a replay can begin, just before a round. In
 * parts, because the states of thousands of hosts are never written in one go: a state is never
 * changed in place, so its parts may be written one after the other while the loop goes on.
 */
import type { HostName } from "../../shared/names.ts";
import { exactText, fromExactText, type Sharing } from "./exact-text.ts";
import { initialState } from "./guardian.ts";
import { HostTable } from "./host-table.ts";
import { withTables } from "./memory-text.ts";
import { emptyMemory, type Memory } from "./memory.ts";
import { defaultPolicy } from "./evacuation-policy.ts";
import { noRound } from "./round.ts";
import { defaultLimits, noHostSettings, type HostSettings, type Settings } from "./settings.ts";
import { newHostState, type GuardianState, type HostState } from "./state.ts";
import { noVerification } from "./verification.ts";

/** Entries of one table in one part: a millisecond or two of work. */
const entriesPerPart = 100;

/** What grows with the number of hosts. */
interface Tables {
  readonly settings: readonly (readonly [HostName, HostSettings])[];
  readonly known: readonly (readonly [string, Memory["known"][string]])[];
  readonly devices: readonly (readonly [string, Memory["devices"][string]])[];
  readonly hosts: readonly HostState[];
}

type Part =
  | { readonly part: "head"; readonly state: GuardianState }
  | { readonly part: keyof Tables; readonly entries: readonly unknown[] };

const tableNames = ["settings", "known", "devices", "hosts"] as const;

/** A state cut into parts; cutting copies references only. */
export interface StateParts {
  readonly count: number;
  text(index: number, sharing?: Sharing): string;
}

export function partsOf(state: GuardianState): StateParts {
  const { settings, memory } = state;
  const tables: Tables = {
    settings: [...settings.hosts],
    known: Object.entries(memory.known),
    devices: Object.entries(memory.devices),
    hosts: state.hosts.values(),
  };
  const head: GuardianState = {
    ...state,
    settings: { ...settings, hosts: new Map() },
    memory: { ...memory, known: {}, devices: {} },
    hosts: undefined as unknown as GuardianState["hosts"],
    // Each round works these out anew before it reads them.
    round: undefined as unknown as GuardianState["round"],
    verification: undefined as unknown as GuardianState["verification"],
  };
  const places = tableNames.flatMap((part) =>
    Array.from({ length: Math.ceil(tables[part].length / entriesPerPart) }, (_, index) => ({
      part,
      from: index * entriesPerPart,
    })),
  );
  return {
    count: 1 + places.length,
    text(index, sharing = "refs") {
      const place = places[index - 1];
      if (place === undefined) return exactText({ part: "head", state: head }, sharing);
      const { part, from } = place;
      const entries = tables[part].slice(from, from + entriesPerPart);
      return exactText({ part, entries }, sharing);
    },
  };
}

/** The state of all its parts, in their order. Throws when the first is missing. */
export function stateOfParts(texts: readonly string[]): GuardianState {
  let head: GuardianState | undefined;
  const entries: Record<keyof Tables, unknown[]> = {
    settings: [],
    known: [],
    devices: [],
    hosts: [],
  };
  for (const text of texts) {
    const read = fromExactText(text) as Part;
    if (read.part === "head") head = read.state;
    else entries[read.part].push(...read.entries);
  }
  if (head === undefined) throw new Error("a snapshot without its first part");
  return filled(head, entries as unknown as Tables);
}

/** The whole; what a later release added to the state begins as it does in a new guardian. */
function filled(head: GuardianState, tables: Tables): GuardianState {
  const limits = { ...defaultLimits, ...head.settings.limits };
  const hosts = new Map(
    tables.settings.map(([name, host]) => [name, { ...noHostSettings, ...host }]),
  );
  const settings: Settings = { ...laterSettings, ...head.settings, limits, hosts };
  const fresh = initialState(settings, head.startedAt, head.wall);
  const known = Object.fromEntries(tables.known);
  const devices = Object.fromEntries(tables.devices);
  return {
    ...fresh,
    ...head,
    settings,
    eyes: { ...fresh.eyes, ...head.eyes },
    inventory: { ...fresh.inventory, ...head.inventory },
    memory: withTables({ ...emptyMemory, ...head.memory, known, devices }),
    hosts: HostTable.of(tables.hosts.map((host) => ({ ...newHostState(host.host), ...host }))),
    round: noRound,
    verification: noVerification,
  };
}

/** Settings that came after version 1 of the recording, as they were before there was a choice. */
const laterSettings = {
  domainAggregates: [],
  language: "en",
  evacuation: defaultPolicy,
} as const;

/** What of a state counts between two rounds, as one text: equal states have equal texts. */
export function stateText(state: GuardianState): string {
  const parts = partsOf(state);
  return Array.from({ length: parts.count }, (_, index) => parts.text(index, "copies")).join("\n");
}
