/** What is explored, each by itself to its own closure: which hosts, what may happen, which settings. */
import type { Settings } from "../../guardian/core/settings.ts";
import type { HostName } from "../../shared/names.ts";
import { faultsOfOne, faultsOfSeveral } from "./actions.ts";
import {
  callsOff,
  comesOnWithAll,
  confirms,
  degradations,
  first,
  mainsLost,
  rehearses,
  releases,
  second,
  serverArrives,
  startsAll,
  strangerRuns,
} from "./actions-of-people.ts";
import type { ModelWorld } from "./model-world.ts";
import type { Action, Node } from "./quantum.ts";

export interface Size {
  readonly name: string;
  readonly says: string;
  readonly victims: readonly HostName[];
  readonly faults: readonly Action[];
  /** What people may do at any quantum, as often as it can be done. */
  readonly people: readonly Action[];
  readonly settings: Partial<Settings>;
  /** The hosts were emptied and disabled by people. */
  readonly emptied: boolean;
  /** Ages beyond this are one age, where the core has a constant of its own that is greater. */
  readonly ageMsMax?: number;
  /** Faults in an episode, unless the command line says another number. */
  readonly faultsMax: number;
}

const usual = { people: [], settings: {}, emptied: false } as const;

export const oneHost: Size = {
  ...usual,
  name: "one",
  says: "one host",
  victims: [first],
  faults: faultsOfOne(first),
  faultsMax: 2,
};

export const twoHosts: Size = {
  ...usual,
  name: "two",
  says: "two hosts, one storm budget",
  victims: [first, second],
  faults: faultsOfSeveral([first, second]),
  faultsMax: 2,
};

export const confirmed: Size = {
  ...usual,
  name: "confirm",
  says: "one host, confirmed off by a person",
  victims: [first],
  faults: [mainsLost(first), ...faultsOfOne(first)],
  people: [confirms(first)],
  faultsMax: 2,
};

export const home: Size = {
  ...usual,
  name: "home",
  says: "one host that comes home by policy",
  victims: [first],
  faults: meeting(/power is lost|hangs/, isEnded, [...faultsOfOne(first), startsAll(first)]),
  settings: { comeHome: "power-on" },
  faultsMax: 2,
};

export const leftOff: Size = {
  ...usual,
  name: "leave-off",
  says: "one host that is left off, released, called off",
  victims: [first],
  faults: meeting(/power is lost|hangs/, isEnded, [...faultsOfOne(first), comesOnWithAll(first)]),
  people: [releases(first), callsOff(first)],
  settings: { comeHome: "leave-off" },
  faultsMax: 2,
};

export const drained: Size = {
  ...usual,
  name: "drain",
  says: "one degraded host that is emptied by live migration",
  victims: [first],
  faults: meeting(/storage fails/, isDegraded, [...degradations(first), ...faultsOfOne(first)]),
  settings: { drain: true },
  ageMsMax: 125_000,
  faultsMax: 2,
};

export const rehearsed: Size = {
  ...usual,
  name: "rehearse",
  says: "an empty host that is rehearsed",
  victims: [first],
  faults: meeting(/rehearsal/, isRehearsed, [
    rehearses(first),
    ...faultsOfOne(first),
    serverArrives(first),
    strangerRuns(first),
  ]),
  emptied: true,
  faultsMax: 2,
};

export const sizes: readonly Size[] = [
  oneHost,
  twoHosts,
  confirmed,
  home,
  leftOff,
  drained,
  rehearsed,
];

/** Those that begin what a size is about may fall at any time, all others only while it goes on. */
function meeting(
  begin: RegExp,
  goesOn: (world: ModelWorld, node: Node) => boolean,
  actions: readonly Action[],
): readonly Action[] {
  return actions.map((action) => {
    if (begin.test(action.name)) return action;
    return {
      ...action,
      happen: (world, node) => goesOn(world, node) && action.happen(world, node),
    };
  });
}

function isEnded(_world: ModelWorld, { state }: Node): boolean {
  return state.memory.incidents.get(first)?.phase.kind === "ended";
}

function isDegraded(world: ModelWorld, { state }: Node): boolean {
  return world.host(first).degraded || state.memory.drains.has(first);
}

function isRehearsed(_world: ModelWorld, { state }: Node): boolean {
  return state.memory.rehearsals.has(first);
}

/** A size with a few of its faults: more of them in an episode can be explored in the same time. */
export function only(size: Size, names: RegExp): Size {
  return { ...size, faults: size.faults.filter(({ name }) => names.test(name)) };
}
