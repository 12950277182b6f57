/** What the world of the model answers to each effect: its devices, its networks and its Nova. */
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { ApiAnswer } from "../../guardian/ports.ts";
import type { HostName } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import {
  identityOf,
  inventoryOf,
  migrationsOf,
  recordsOf,
  serverOf,
  serviceOf,
} from "./model-rows.ts";
import type { ModelWorld } from "./model-world.ts";

interface Times {
  readonly askedAt: MonoMs;
  readonly at: MonoMs;
}

/** What an effect leads to; undefined when nothing comes back. */
export function answerTo(
  world: ModelWorld,
  effect: Effect,
  { askedAt, at }: Times,
): GuardianEvent | undefined {
  switch (effect.kind) {
    case "ping": {
      const { host, network } = effect;
      const echo = { kind: "echo", rttMs: 1 } as const;
      const result = world.lives(host) ? echo : ({ kind: "no-echo" } as const);
      return { kind: "pinged", at, sentAt: askedAt, host, network, result };
    }
    case "ping-anchor": {
      const { network, address } = effect;
      const result = { kind: "echo", rttMs: 1 } as const;
      return { kind: "anchor-pinged", at, sentAt: askedAt, network, address, result };
    }
    case "read-power": {
      const { host, device } = effect;
      return { kind: "power-read", at, askedAt, host, device, reading: readPower(world, host) };
    }
    case "power-off": {
      const { host, device } = effect;
      const answer = switchOff(world, effect);
      return { kind: "power-off-answered", at, askedAt, host, device, answer };
    }
    case "power-on": {
      const { host, device } = effect;
      return { kind: "power-on-answered", at, askedAt, host, device, answer: on(world, host) };
    }
    case "line":
    case "alert":
    // Its servers run, or are stopped.
    case "reset":
      return undefined;
    case "read-inventory":
      return world.novaUp
        ? { kind: "inventory", at, askedAt, answer: inventoryOf([...world.hosts.keys()]) }
        : undefined;
    case "read-services":
    case "list-servers":
    case "read-moves":
    case "read-migrations":
    case "force-down":
    case "force-up":
    case "disable":
    case "enable":
    case "live-migrate":
    case "evacuate":
      return nova(world, effect, { askedAt, at });
    default:
      return effect satisfies never;
  }
}

function readPower(
  world: ModelWorld,
  name: HostName,
): Extract<GuardianEvent, { kind: "power-read" }>["reading"] {
  const { power, bmc } = world.host(name);
  if (bmc === "unreachable") return { power: "unknown", reason: "no answer" };
  return { power: power ? "on" : "off", identity: identityOf(name) };
}

function switchOff(
  world: ModelWorld,
  { host: name, id, ifEmpty }: Extract<Effect, { kind: "power-off" }>,
): Extract<GuardianEvent, { kind: "power-off-answered" }>["answer"] {
  const host = world.host(name);
  // The shell asks Nova in the moment before.
  if (ifEmpty === true && (!world.novaUp || host.server.host === name)) {
    return { kind: "refused", reason: "not empty, as far as Nova says" };
  }
  if (host.bmc === "unreachable") return { kind: "no-answer", reason: "no answer" };
  if (host.bmc === "refuses") return { kind: "refused", reason: "no privilege" };
  if (!host.power) return { kind: "already-off" };
  if (host.runs && id.includes("/rehearse-off/")) {
    world.violations.push(`invariant 4: ${name} is rehearsed while a server runs on it`);
  }
  world.powerOff(name);
  return { kind: "done" };
}

function on(
  world: ModelWorld,
  name: HostName,
): Extract<GuardianEvent, { kind: "power-on-answered" }>["answer"] {
  const { bmc } = world.host(name);
  if (bmc === "unreachable") return { kind: "no-answer", reason: "no answer" };
  if (bmc === "refuses") return { kind: "refused", reason: "no privilege" };
  world.powerOn(name);
  return { kind: "done" };
}

type NovaEffect = Extract<
  Effect,
  {
    kind:
      | "read-services"
      | "list-servers"
      | "read-moves"
      | "read-migrations"
      | "force-down"
      | "force-up"
      | "disable"
      | "enable"
      | "live-migrate"
      | "evacuate";
  }
>;

const unknown = { kind: "unknown", reason: "Nova does not answer" } as const;

function nova(world: ModelWorld, effect: NovaEffect, { askedAt, at }: Times): GuardianEvent {
  switch (effect.kind) {
    case "read-services": {
      if (!world.novaUp) return { kind: "nova-failed", at, reason: unknown.reason };
      const services = [...world.hosts].map(([name, host]) => serviceOf(name, host, world.now));
      return { kind: "services", at, askedAt, services, unreadable: [] };
    }
    case "list-servers":
    case "read-moves":
    case "read-migrations":
      return look(world, effect, { askedAt, at });
    case "force-down":
    case "force-up":
    case "disable":
    case "enable": {
      const { host, kind: order } = effect;
      const answer = world.novaUp ? serviceOrder(world, effect) : unknown;
      return { kind: "service-order-answered", at, id: effect.id, host, order, answer };
    }
    case "evacuate": {
      const { host, server } = effect;
      const answer = world.novaUp ? world.evacuate(host) : unknown;
      return { kind: "evacuate-answered", at, host, server, answer };
    }
    case "live-migrate": {
      const { id, host, server } = effect;
      const answer = world.novaUp ? world.liveMigrate(host) : unknown;
      return { kind: "live-migrate-answered", at, id, host, server, answer };
    }
    default:
      return effect satisfies never;
  }
}

function look(
  world: ModelWorld,
  { host, kind }: Extract<NovaEffect, { kind: "list-servers" | "read-moves" | "read-migrations" }>,
  { askedAt, at }: Times,
): GuardianEvent {
  if (!world.novaUp) return { kind: "look-failed", at, host, reason: unknown.reason };
  const own = world.host(host);
  const servers = [serverOf(host, own)];
  if (kind === "read-migrations") {
    const records = migrationsOf(host, own);
    return { kind: "migrations-seen", at, askedAt, host, records, servers, gone: [] };
  }
  const records = recordsOf(host, own);
  if (kind === "read-moves") {
    return { kind: "moves-seen", at, askedAt, host, records, servers, gone: [] };
  }
  const here = servers.filter((server) => server.host === host);
  return { kind: "servers-seen", at, askedAt, host, servers: here, records };
}

/** What undoes, or must not be done over a person's word, the shell looks up first. */
function serviceOrder(
  world: ModelWorld,
  effect: Extract<NovaEffect, { kind: "force-down" | "force-up" | "disable" | "enable" }>,
): ApiAnswer {
  const host = world.host(effect.host);
  const accepted = { kind: "accepted", requestId: "r" } as const;
  const refused = { kind: "refused", status: 409, reason: "the mark is not ours" } as const;
  switch (effect.kind) {
    case "force-down":
      host.forcedDown = true;
      return accepted;
    case "force-up":
      if (host.disabledReason !== effect.mark) return refused;
      host.forcedDown = false;
      return accepted;
    case "disable":
      if (effect.onlyIfEnabled && host.disabledReason !== undefined) {
        return host.disabledReason === effect.reason ? accepted : refused;
      }
      host.disabledReason = effect.reason;
      return accepted;
    case "enable":
      if (host.disabledReason !== effect.mark) return refused;
      host.disabledReason = undefined;
      return accepted;
    default:
      return effect satisfies never;
  }
}
