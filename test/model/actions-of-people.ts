/** What people do beside mending everything, and the faults that meet what they do. */
import { hostName, type HostName } from "../../shared/names.ts";
import { fault, where } from "./actions.ts";
import { peer } from "./model-settings.ts";
import type { ModelWorld } from "./model-world.ts";
import type { Action, Node } from "./quantum.ts";

const plain = { answers: "come", crash: "none", cost: 0 } as const;
const by = "alice (uid 1000)";

function phaseOf({ state }: Node, name: HostName): string | undefined {
  return state.memory.incidents.get(name)?.phase.kind;
}

/** Its chassis loses its mains, and with it its BMC: nobody but people can tell that it is off. */
export function mainsLost(name: HostName): Action {
  return fault(
    `${name}: power is lost, and its BMC with it`,
    where(
      (world) => world.host(name).power,
      (world) => {
        world.powerOff(name);
        world.host(name).bmc = "unreachable";
      },
    ),
  );
}

/** Somebody looked: it is off. Whoever says so of a host that is on is not in the model. */
export function confirms(name: HostName): Action {
  return {
    name: `${name}: a person confirms that it is off`,
    happen: (world, node) => {
      const incident = node.state.memory.incidents.get(name);
      const host = world.host(name);
      if (incident === undefined || host.power || host.confirmedAt !== undefined) return false;
      if (host.bmc === "normal") return false;
      host.confirmedAt = world.now;
      return true;
    },
    ...plain,
    say: ({ memory }, at) => {
      const incident = memory.incidents.get(name)?.id ?? "";
      return [{ kind: "confirmed", host: name, incident, uid: 1000, by, reason: "seen", ...at }];
    },
  };
}

/** With the next start its libvirt starts what was on its disk, whoever has it now. */
export function startsAll(name: HostName): Action {
  return fault(
    `${name}: its libvirt will start all it ever had`,
    where(
      (world) => !world.host(name).startsAll && !world.host(name).power,
      (world) => void (world.host(name).startsAll = true),
    ),
  );
}

/** Somebody switches it on, and so it is. */
export function comesOnWithAll(name: HostName): Action {
  return fault(
    `${name}: power comes on again, and its libvirt starts all it ever had`,
    where(
      (world) => !world.host(name).power,
      (world) => {
        world.powerOn(name);
        world.host(name).startsAll = true;
      },
    ),
  );
}

/** Theirs from now on, as it is: on or off. */
export function releases(name: HostName): Action {
  return {
    name: `${name}: a person releases it`,
    happen: (_world, node) => phaseOf(node, name) === "ended",
    ...plain,
    say: (_state, at) => [{ kind: "released", host: name, by, reason: "ours now", ...at }],
  };
}

export function callsOff(name: HostName): Action {
  return {
    name: `${name}: a person calls the fence off`,
    happen: (_world, { state }) => {
      const phase = state.memory.incidents.get(name)?.phase;
      if (phase?.kind === "evacuating") return phase.undoneBy === undefined;
      return phase?.kind === "ended" && phase.home === undefined;
    },
    ...plain,
    say: (_state, at) => [{ kind: "undo-asked", host: name, by, reason: "false alarm", ...at }],
  };
}

/** Once or twice an episode, as faults are: at any quantum, any number of times, would be a million states. */
export function rehearses(name: HostName): Action {
  return {
    name: `${name}: a person asks for a rehearsal`,
    happen: (world, node) =>
      world.lives(name) &&
      node.state.memory.rehearsals.get(name) === undefined &&
      phaseOf(node, name) === undefined,
    ...plain,
    cost: 1,
    say: (_state, at) => [
      { kind: "rehearsal-asked", host: name, level: 0, by, reason: "new board", ...at },
    ],
  };
}

/** Somebody puts a server on a host by its name, past the scheduler. */
export function serverArrives(name: HostName): Action {
  return fault(
    `${name}: a server arrives by name`,
    where(
      (world) =>
        world.lives(name) && !world.host(name).runs && world.host(name).server.host === peer,
      (world) => {
        const host = world.host(name);
        host.runs = true;
        host.server = { host: name, runsElsewhere: false, record: undefined, migration: undefined };
      },
    ),
  );
}

/** A domain that Nova knows nothing of. */
export function strangerRuns(name: HostName): Action {
  return fault(
    `${name}: something that Nova does not know is started there`,
    where(
      (world) =>
        world.lives(name) && !world.host(name).runs && world.host(name).server.host === peer,
      (world) => void (world.host(name).runs = true),
    ),
  );
}

/** Its storage network fails while it goes on living, and works again. */
export function degradations(name: HostName): readonly Action[] {
  const set = (degraded: boolean): Action =>
    fault(
      `${name}: its storage ${degraded ? "fails" : "works again"}`,
      where(
        (world) => world.lives(name) && world.host(name).degraded !== degraded,
        (world) => void (world.host(name).degraded = degraded),
      ),
    );
  return [set(true), set(false), migrationFails(name)];
}

function migrationFails(name: HostName): Action {
  const migration = (world: ModelWorld) => world.host(name).server.migration;
  return fault(
    `${name}: its live migration fails`,
    where(
      (world) => migration(world)?.status === "running",
      (world) => {
        const own = migration(world);
        if (own !== undefined) own.status = "error";
      },
    ),
  );
}

export const first = hostName("a1");
export const second = hostName("a2");
