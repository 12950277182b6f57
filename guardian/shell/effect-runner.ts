/**
 * Runs effects: turns them into calls on the ports and feeds what comes back to the core as
 * events. Nothing here decides; it bounds. A call never throws into the loop and never blocks it.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { HostName } from "../../shared/names.ts";
import type { Logger } from "../../shared/log.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import type { Effect, Look, Order } from "../core/effects.ts";
import type { GuardianEvent } from "../core/events.ts";
import { proofStands } from "../core/proof.ts";
import type { ComputeApi, Pinger, PowerController } from "../ports.ts";

export interface RunnerPorts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly pinger: Pinger;
  /** Our own address per network; undefined lets the kernel choose. */
  readonly sourceAddresses: Readonly<Partial<Record<NetworkName, string>>>;
  /** By "host/device". */
  readonly power: ReadonlyMap<string, PowerController>;
  readonly compute: ComputeApi;
}

export interface EffectRunner {
  /** Starts a look or an order; its result arrives as an event. */
  run(effect: Look | Order): void;
  /** Calls under way, for the status page. */
  underWay(): number;
}

const pingsMax = 4000;
/** Each reading is a child process for ipmitool: more at once would slow the one that counts. */
const readingsMax = 64;

export function createEffectRunner(
  ports: RunnerPorts,
  dispatch: (event: GuardianEvent) => void,
): EffectRunner {
  const { clock } = ports;
  let pings = 0;
  let readings = 0;
  let others = 0;

  /** Runs a call; whatever it throws is a fault of ours, told and survived. */
  function begin(what: string, work: () => Promise<void>, ended: () => void): void {
    // Never within the caller's turn: the loop finishes its round before any result comes in.
    Promise.resolve()
      .then(work)
      .catch((error: unknown) => {
        ports.log.error(
          { event: "effect-failed", what, reason: describeError(error) },
          "effect failed",
        );
      })
      .finally(ended);
  }

  function ping(effect: Extract<Look, { kind: "ping" | "ping-anchor" }>): void {
    if (pings >= pingsMax) return; // asked again next round; suspects beyond this are a storm
    pings += 1;
    const { network, address, timeoutMs } = effect;
    const sentAt = clock.monoMs();
    begin(
      `ping ${address}`,
      async () => {
        const sourceAddress = ports.sourceAddresses[network];
        const result = await ports.pinger.ping({ network, address, sourceAddress }, timeoutMs);
        const at = clock.monoMs();
        if (effect.kind === "ping-anchor") {
          dispatch({ kind: "anchor-pinged", at, sentAt, network, address, result });
        } else {
          dispatch({ kind: "pinged", at, sentAt, host: effect.host, network, result });
        }
      },
      () => (pings -= 1),
    );
  }

  function readPower(effect: Extract<Look, { kind: "read-power" }>): void {
    if (readings >= readingsMax) return; // asked again after its deadline
    readings += 1;
    const { host, device, deadlineMs } = effect;
    const askedAt = clock.monoMs();
    begin(
      `read power of ${host}`,
      async () => {
        const controller = ports.power.get(`${host}/${device}`);
        const reading =
          controller === undefined
            ? ({ power: "unknown", reason: `no power device ${device} is configured` } as const)
            : await controller.read(deadlineMs);
        dispatch({ kind: "power-read", at: clock.monoMs(), askedAt, host, device, reading });
      },
      () => (readings -= 1),
    );
  }

  function nova(what: string, work: () => Promise<void>): void {
    others += 1;
    begin(what, work, () => (others -= 1));
  }

  function readServices(): void {
    const askedAt = clock.monoMs();
    nova("read services", async () => {
      const answer = await ports.compute.services();
      const at = clock.monoMs();
      if (answer.kind === "failed") dispatch({ kind: "nova-failed", at, reason: answer.reason });
      else dispatch({ kind: "services", at, askedAt, services: answer.services });
    });
  }

  function listServers(host: HostName): void {
    const askedAt = clock.monoMs();
    nova(`list servers of ${host}`, async () => {
      const [servers, records] = await Promise.all([
        ports.compute.serversOn(host),
        ports.compute.evacuations(host),
      ]);
      const at = clock.monoMs();
      if (servers.kind === "failed") {
        dispatch({ kind: "look-failed", at, host, reason: servers.reason });
      } else if (records.kind === "failed") {
        dispatch({ kind: "look-failed", at, host, reason: records.reason });
      } else {
        const seen = { servers: servers.servers, records: records.records };
        dispatch({ kind: "servers-seen", at, askedAt, host, ...seen });
      }
    });
  }

  function readMoves(effect: Extract<Look, { kind: "read-moves" }>): void {
    const { host } = effect;
    const askedAt = clock.monoMs();
    nova(`read moves of ${host}`, async () => {
      const [records, ...found] = await Promise.all([
        ports.compute.evacuations(host),
        ...effect.servers.map((server) => ports.compute.server(server)),
      ]);
      const at = clock.monoMs();
      if (records.kind === "failed") {
        return dispatch({ kind: "look-failed", at, host, reason: records.reason });
      }
      // A server whose own look failed is looked at again; the others are not held up by it.
      const servers = found.flatMap((answer) => (answer.kind === "server" ? [answer.server] : []));
      const gone = effect.servers.filter((_, index) => found[index]?.kind === "gone");
      dispatch({ kind: "moves-seen", at, askedAt, host, records: records.records, servers, gone });
    });
  }

  function powerOff(effect: Extract<Order, { kind: "power-off" }>): void {
    const { host, device, expected, deadlineMs } = effect;
    const askedAt = clock.monoMs();
    nova(`power off ${host}`, async () => {
      const controller = ports.power.get(`${host}/${device}`);
      const answer =
        controller === undefined
          ? ({ kind: "refused", reason: `no power device ${device} is configured` } as const)
          : await controller.powerOff(expected, deadlineMs);
      dispatch({ kind: "power-off-answered", at: clock.monoMs(), askedAt, host, device, answer });
    });
  }

  function evacuate(effect: Extract<Order, { kind: "evacuate" }>): void {
    const { host, server, proof } = effect;
    nova(`evacuate ${server}`, async () => {
      const stands = proofStands(proof, host, clock.monoMs());
      const answer = stands
        ? await ports.compute.evacuate(server)
        : ({ kind: "not-made", reason: "its fence proof lapsed before the call" } as const);
      dispatch({ kind: "evacuate-answered", at: clock.monoMs(), host, server, answer });
    });
  }

  function orderService(effect: Extract<Order, { kind: "force-down" | "disable" }>): void {
    const { host, serviceId } = effect;
    nova(`${effect.kind} ${host}`, async () => {
      const answer =
        effect.kind === "force-down"
          ? await ports.compute.forceDown(serviceId)
          : await ports.compute.disable(serviceId, effect.reason);
      const order = effect.kind;
      dispatch({ kind: "service-order-answered", at: clock.monoMs(), host, order, answer });
    });
  }

  return {
    underWay: () => pings + readings + others,
    run(effect) {
      switch (effect.kind) {
        case "ping":
        case "ping-anchor":
          return ping(effect);
        case "read-power":
          return readPower(effect);
        case "read-services":
          return readServices();
        case "list-servers":
          return listServers(effect.host);
        case "read-moves":
          return readMoves(effect);
        case "power-off":
          return powerOff(effect);
        case "force-down":
        case "disable":
          return orderService(effect);
        case "evacuate":
          return evacuate(effect);
        default:
          return effect satisfies never;
      }
    },
  };
}

/** Whether an effect changes the world: it is journaled before it is run. */
export function isOrder(effect: Effect): effect is Order {
  switch (effect.kind) {
    case "power-off":
    case "force-down":
    case "disable":
    case "evacuate":
      return true;
    case "ping":
    case "ping-anchor":
    case "read-power":
    case "read-services":
    case "list-servers":
    case "read-moves":
    case "alert":
    case "line":
      return false;
    default:
      return effect satisfies never;
  }
}
