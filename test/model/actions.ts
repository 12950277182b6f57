/** What can happen in a quantum of the model beside nothing. Each fault is one of a bounded number. */
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { HostName } from "../../shared/names.ts";
import { peer, quantumMs } from "./model-settings.ts";
import type { ModelWorld } from "./model-world.ts";
import type { Action } from "./quantum.ts";

const plain = { answers: "come", crash: "none" } as const;

export const nothing: Action = { name: "nothing", cost: 0, happen: () => true, ...plain };

/** People mend everything at once: hosts, devices, Nova; they release, vouch and arm. */
export const repair: Action = {
  name: "people mend everything",
  cost: 0,
  happen: (world) => {
    for (const name of world.hosts.keys()) if (name !== peer) world.repair(name);
    world.novaUp = true;
    world.stalled = false;
    return true;
  },
  ...plain,
  say: (state, at) => {
    const events: GuardianEvent[] = [];
    const by = { ...at, by: "alice" };
    for (const host of state.settings.hosts.keys()) {
      if (host === peer) continue;
      events.push({ kind: "released", host, reason: "repaired", ...by });
      events.push({ kind: "vouched", host, reason: "compared", ...by });
    }
    if (state.memory.disarmed !== undefined) {
      events.push({ kind: "arming", armed: true, reason: "mended", ...by });
    }
    return events;
  },
};

/** One host: every fault that any host can have. */
export function faultsOfOne(victim: HostName): readonly Action[] {
  return [...deathsOf(victim), ...strayingOf(victim), ...faultsOfNova, ...faultsOfAnswers];
}

/** Several hosts: what makes a storm, and what may come in its way; the rest is one host's matter. */
export function faultsOfSeveral(victims: readonly HostName[]): readonly Action[] {
  return [...victims.flatMap(deathsOf), ...crashes, novaLost];
}

export function fault(
  name: string,
  happen: Action["happen"],
  rest: Pick<Action, "answers" | "crash"> = plain,
): Action {
  return { name, cost: 1, happen, ...rest };
}

/** Does `change` where `when` holds. */
export function where(
  when: (world: ModelWorld) => boolean,
  change: (world: ModelWorld) => void,
): Action["happen"] {
  return (world) => {
    if (!when(world)) return false;
    change(world);
    return true;
  };
}

function setBmc(name: HostName, mode: "normal" | "unreachable" | "refuses"): Action {
  return fault(
    `${name}: its BMC is ${mode}`,
    where(
      (world) => world.host(name).bmc !== mode,
      (world) => void (world.host(name).bmc = mode),
    ),
  );
}

/** It dies, comes on again, or seems to. */
export function deathsOf(name: HostName): readonly Action[] {
  const host = (world: ModelWorld): ReturnType<ModelWorld["host"]> => world.host(name);
  return [
    fault(
      `${name}: power is lost`,
      where(
        (world) => host(world).power,
        (world) => world.powerOff(name),
      ),
    ),
    fault(
      `${name}: power comes on again`,
      where(
        (world) => !host(world).power,
        (world) => world.powerOn(name),
      ),
    ),
    fault(
      `${name}: a late report arrives`,
      where(
        (world) => !world.lives(name),
        (world) => void (host(world).reportedAt = world.now + quantumMs),
      ),
    ),
  ];
}

/** It hangs with its chassis on, and may run on; its device cannot be asked, or refuses. */
function strayingOf(name: HostName): readonly Action[] {
  const host = (world: ModelWorld): ReturnType<ModelWorld["host"]> => world.host(name);
  return [
    fault(
      `${name}: hangs`,
      where(
        (world) => world.lives(name),
        (world) => world.hang(name, true),
      ),
    ),
    fault(
      `${name}: runs on`,
      where(
        (world) => host(world).power && host(world).hung,
        (world) => world.hang(name, false),
      ),
    ),
    setBmc(name, "unreachable"),
    setBmc(name, "refuses"),
    setBmc(name, "normal"),
  ];
}

export const faultsOfNova: readonly Action[] = [
  fault(
    "Nova is down",
    where(
      (world) => world.novaUp,
      (world) => void (world.novaUp = false),
    ),
  ),
  fault(
    "Nova is up",
    where(
      (world) => !world.novaUp,
      (world) => void (world.novaUp = true),
    ),
  ),
  fault(
    "moves stall",
    where(
      (world) => !world.stalled,
      (world) => void (world.stalled = true),
    ),
  ),
  fault(
    "a move fails",
    where(
      (world) =>
        [...world.hosts.values()].some(({ server }) => server.record?.status === "accepted"),
      (world) => {
        for (const { server } of world.hosts.values()) {
          if (server.record?.status === "accepted") server.record.status = "error";
        }
      },
    ),
  ),
];

const happens = (): boolean => true;

export const novaLost = fault("Nova's answers are lost", happens, {
  answers: "nova-lost",
  crash: "none",
});

export const crashes: readonly Action[] = [
  fault("crash before the orders", happens, { answers: "come", crash: "before" }),
  fault("crash after the orders", happens, { answers: "come", crash: "after" }),
];

const faultsOfAnswers: readonly Action[] = [
  fault("answers are lost", happens, { answers: "lost", crash: "none" }),
  novaLost,
  fault("answers come late", happens, { answers: "late", crash: "none" }),
  fault("answers come twice", happens, { answers: "twice", crash: "none" }),
  ...crashes,
];
