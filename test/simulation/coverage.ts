/**
 * What a batch of seeds reached, counted by name: a seed counts once for each name that occurred in
 * it. A simulation in which a row, a gate or a fault hardly ever occurs shows nothing about it.
 */
import type { Effect } from "../../guardian/core/effects.ts";
import type { Assessment } from "../../guardian/core/assessment.ts";
import { gateEntry, gateList } from "../../guardian/core/gate-list.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { defaultTable } from "../../guardian/core/verdict-table.ts";
import type { Homecoming } from "../../guardian/core/home-memory.ts";
import type { Phase } from "../../guardian/core/memory.ts";
import type { HostName } from "../../shared/names.ts";
import type { World } from "../support/world.ts";
import { faultKinds } from "./fault-kinds.ts";

export type Counts = Record<string, number>;

/** A seed in a thousand batches of fifty: below this a name is as good as never reached. */
export const floorPerThousand = 20;

/** Rows and gates that no run reaches: under the default table no state can. */
export const unreachable: Readonly<Record<string, string>> = {
  "gate third witness": "the default table asks the same before it says fence; for changed tables",
  "gate reverse ping": "the default table asks the same before it says fence; for changed tables",
  "gate host aggregates":
    "asked only where groups or domains from aggregates are configured; simulated clouds have none",
  "row 1a": "without a collector that has a vote the eyes are in doubt, and row 1 comes first",
  "row 13a": "a host without a network to ping is row 1 first: the eyes are in doubt about it",
};

const effectKinds: Readonly<Record<Effect["kind"], true>> = {
  ping: true,
  "ping-anchor": true,
  "read-power": true,
  "read-services": true,
  "read-inventory": true,
  "list-servers": true,
  "read-moves": true,
  "read-migrations": true,
  "live-migrate": true,
  "power-off": true,
  "power-on": true,
  "force-down": true,
  "force-up": true,
  disable: true,
  enable: true,
  evacuate: true,
  reset: true,
  alert: true,
  line: true,
};

const happenings = [
  "fence",
  "fence by a second level",
  "fence by the word of people",
  "evacuation completed",
  "evacuation with servers left behind",
  "evacuation refused by a gate",
  "move refused by Nova",
  "storm",
  "restart in mid-evacuation",
  "rehearsal passed",
  "rehearsal ended otherwise",
  "home",
  "home by a person",
  "way home stopped",
  "living host fenced",
  "host drained",
  "drain with servers left",
] as const;

/** Every name that must be reached, derived from the code: rows, gates, effects and faults. */
export const expectedNames: readonly string[] = [
  ...faultKinds.map(({ name }) => `fault ${name}`),
  ...defaultTable.map(({ row }) => `row ${row}`),
  ...gateList.map(({ gate }) => `gate ${gate}`),
  ...Object.keys(effectKinds).map((kind) => `effect ${kind}`),
  ...happenings,
];

const entryNames = new Map<string, string>();

/** The name in the list of gates of a gate as it is printed ("storm in rack B7": "storm in …"). */
function entryName(gate: string): string {
  let name = entryNames.get(gate);
  if (name === undefined) entryNames.set(gate, (name = gateEntry(gate)?.gate ?? gate));
  return name;
}

/** What one seed reached. */
export class Coverage {
  readonly reached = new Set<string>();
  /** What was counted already: a judgement is the same object while nothing of it changes. */
  readonly #seen = new Map<HostName, Assessment>();
  readonly #effects = new Set<Effect["kind"]>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  took(event: GuardianEvent, effects: readonly Effect[]): void {
    for (const { kind } of effects) {
      if (this.#effects.has(kind)) continue;
      this.#effects.add(kind);
      this.reached.add(`effect ${kind}`);
    }
    if (event.kind === "tick") this.#round();
    else if (event.kind === "started") this.#started(event);
    else if (event.kind === "evacuate-answered" && event.answer.kind === "refused") {
      this.reached.add("move refused by Nova");
    }
  }

  #started(event: Extract<GuardianEvent, { kind: "started" }>): void {
    const incidents = [...(event.memory?.incidents.values() ?? [])];
    if (incidents.some(({ phase }) => phase.kind === "evacuating")) {
      this.reached.add("restart in mid-evacuation");
    }
  }

  #round(): void {
    const { state } = this.#world;
    for (const { step } of state.memory.rehearsals.values()) {
      if (step.kind === "failed") this.reached.add("rehearsal ended otherwise");
    }
    for (const { rehearsed } of Object.values(state.memory.devices)) {
      if (rehearsed !== undefined) this.reached.add("rehearsal passed");
    }
    for (const { moves, ended } of state.memory.drains.values()) {
      const all = Object.values(moves ?? {});
      if (!ended || all.length === 0) continue;
      const done = all.every((move) => move.state.kind === "finished");
      this.reached.add(done ? "host drained" : "drain with servers left");
    }
    for (const _ in state.memory.storms) this.reached.add("storm");
    for (const { host, assessment } of state.hosts.values()) {
      if (assessment === undefined || this.#seen.get(host) === assessment) continue;
      this.#seen.set(host, assessment);
      this.reached.add(`row ${assessment.row}`);
      if (assessment.gates.length === 0) continue;
      for (const { gate, pass } of assessment.gates) {
        if (!pass) this.reached.add(`gate ${entryName(gate)}`);
      }
    }
    for (const { phase, host } of state.memory.incidents.values()) {
      if (phase.kind === "fencing" && isReporting(state, host)) {
        this.reached.add("living host fenced");
      }
      if (phase.kind === "evacuating") this.#fenced(phase);
      if (phase.kind === "ended") this.#ended(Object.values(phase.moves));
      if (phase.kind === "ended" && phase.home !== undefined) this.#home(phase.home);
      const assessment = state.hosts.get(host)?.assessment;
      if (assessment?.action === "fence" && assessment.gates.some(({ pass }) => !pass)) {
        this.reached.add("evacuation refused by a gate");
      }
    }
  }

  #fenced({ proof, run }: Extract<Phase, { kind: "evacuating" }>): void {
    this.reached.add("fence");
    if (proof?.method === "confirmed") this.reached.add("fence by the word of people");
    else if (proof !== undefined && run?.level === 1) this.reached.add("fence by a second level");
  }

  #home({ step, byPerson }: Homecoming): void {
    if (step.kind === "stopped") this.reached.add("way home stopped");
    if (step.kind !== "enabling" || step.order.kind !== "done") return;
    this.reached.add("home");
    if (byPerson) this.reached.add("home by a person");
  }

  #ended(moves: readonly { readonly state: { readonly kind: string } }[]): void {
    const all = moves.every(({ state }) => state.kind === "finished");
    if (moves.length === 0) return;
    this.reached.add(all ? "evacuation completed" : "evacuation with servers left behind");
  }
}

function isReporting({ hosts }: World["state"], host: HostName): boolean {
  return hosts.get(host)?.assessment?.row === "4";
}

export function add(into: Counts, more: Counts): void {
  for (const [name, count] of Object.entries(more)) into[name] = (into[name] ?? 0) + count;
}

/** Names that occurred in fewer seeds than the floor, with how many. */
export function belowFloor(counts: Counts, seeds: number): readonly string[] {
  // A few hundred seeds are too few for a share: there, each must have occurred at all.
  const floor = seeds < 1000 ? 1 : (floorPerThousand * seeds) / 1000;
  return expectedNames
    .filter((name) => unreachable[name] === undefined && (counts[name] ?? 0) < floor)
    .map((name) => `${name}: ${counts[name] ?? 0}, at least ${Math.ceil(floor)} wanted`);
}
