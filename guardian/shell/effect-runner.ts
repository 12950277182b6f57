/**
 * Runs effects: turns them into calls on the ports and feeds what comes back to the core as
 * events. Nothing here decides; it bounds. A call never throws into the loop and never blocks it.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import type { Look, Order } from "../core/effects.ts";
import type { GuardianEvent } from "../core/events.ts";
import type { GuardianState } from "../core/state.ts";
import { objectionTo } from "../core/still-wanted.ts";
import type { ApiAnswer, ComputeApi, MoveAnswer, Pinger, PowerController } from "../ports.ts";
import { switchOff, switchOn } from "./power-orders.ts";
import { createPowerReadings, type PowerReadings } from "./power-readings.ts";

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

/** With what the guardian knows now, of which an order that is on its way may be too old. */
type LivePorts = RunnerPorts & { readonly state: () => GuardianState };

type MoveOrder = Extract<Order, { kind: "evacuate" | "reset" }>;

export interface EffectRunner {
  /** Starts a look or an order; its result arrives as an event. */
  run(effect: Look | Order): void;
  /** Calls under way, for the status page. */
  underWay(): number;
}

const pingsMax = 4000;
/** Looks at one host under way: with a slow Nova, which is asked each second, they would only make it slower. */
const looksMax = 2;
export function createEffectRunner(
  ports: LivePorts,
  dispatch: (event: GuardianEvent) => void,
): EffectRunner {
  const underWay = { pings: 0, calls: 0 };
  const readings = createPowerReadings(ports, dispatch);
  const context: Context = { ports, dispatch, underWay, readings, looks: new Map() };
  return {
    underWay: () => underWay.pings + underWay.calls + readings.underWay(),
    run: (effect) => runEffect(context, effect),
  };
}

interface Context {
  readonly ports: LivePorts;
  readonly dispatch: (event: GuardianEvent) => void;
  readonly underWay: { pings: number; calls: number };
  readonly readings: PowerReadings;
  /** How many are under way, by "kind host"; one more is left out, and asked for again. */
  readonly looks: Map<string, number>;
}

function runEffect(context: Context, effect: Look | Order): void {
  switch (effect.kind) {
    case "ping":
    case "ping-anchor":
      return ping(context, effect);
    case "read-power":
      return context.readings.ask(effect);
    case "read-services":
      return readServices(context);
    case "read-inventory":
      return readInventory(context);
    case "list-servers":
      return listServers(context, effect);
    case "read-moves":
    case "read-migrations":
      return readMoves(context, effect);
    case "live-migrate":
      return liveMigrate(context, effect);
    case "power-off":
      return powerOff(context, effect);
    case "power-on":
      return powerOn(context, effect);
    case "force-down":
    case "force-up":
    case "disable":
    case "enable":
      return orderService(context, effect);
    case "evacuate":
    case "reset":
      return moveServer(context, effect);
    default:
      return effect satisfies never;
  }
}

/** Runs a call; whatever it throws is a fault of ours, told and survived. */
function begin(
  context: Context,
  kind: keyof Context["underWay"],
  what: string,
  work: () => Promise<void>,
): void {
  context.underWay[kind] += 1;
  // Never within the caller's turn: the loop finishes its round before any result comes in.
  Promise.resolve()
    .then(work)
    .catch((error: unknown) => {
      const fields = { event: "effect-failed", what, reason: describeError(error) };
      context.ports.log.error(fields, "effect failed");
    })
    .finally(() => (context.underWay[kind] -= 1));
}

/** A look at a host, unless as many as may be are under way: it is asked for again within seconds. */
function beginLook(
  context: Context,
  { kind, host }: Extract<Look, { kind: "list-servers" | "read-moves" | "read-migrations" }>,
  work: () => Promise<void>,
): void {
  const { looks } = context;
  const key = `${kind} ${host}`;
  const underWay = looks.get(key) ?? 0;
  if (underWay >= looksMax) return;
  looks.set(key, underWay + 1);
  begin(context, "calls", key, async () => {
    try {
      await work();
    } finally {
      const left = (looks.get(key) ?? 1) - 1;
      if (left > 0) looks.set(key, left);
      else looks.delete(key);
    }
  });
}

function ping(context: Context, effect: Extract<Look, { kind: "ping" | "ping-anchor" }>): void {
  if (context.underWay.pings >= pingsMax) return; // asked again; suspects beyond this are a storm
  const { ports, dispatch } = context;
  const { network, address, timeoutMs } = effect;
  const sentAt = ports.clock.monoMs();
  begin(context, "pings", `ping ${address}`, async () => {
    const sourceAddress = ports.sourceAddresses[network];
    const result = await ports.pinger.ping({ network, address, sourceAddress }, timeoutMs);
    const at = ports.clock.monoMs();
    if (effect.kind === "ping-anchor") {
      dispatch({ kind: "anchor-pinged", at, sentAt, network, address, result });
    } else {
      dispatch({ kind: "pinged", at, sentAt, host: effect.host, network, result });
    }
  });
}

function readServices(context: Context): void {
  const { ports, dispatch } = context;
  const askedAt = ports.clock.monoMs();
  begin(context, "calls", "read services", async () => {
    const answer = await ports.compute.services();
    const at = ports.clock.monoMs();
    if (answer.kind === "failed") dispatch({ kind: "nova-failed", at, reason: answer.reason });
    else {
      const { services, unreadable = [], schedulers } = answer;
      dispatch({ kind: "services", at, askedAt, services, unreadable, schedulers });
    }
  });
}

function readInventory(context: Context): void {
  const { ports, dispatch } = context;
  const askedAt = ports.clock.monoMs();
  begin(context, "calls", "read inventory", async () => {
    const answer = await ports.compute.inventory();
    dispatch({ kind: "inventory", at: ports.clock.monoMs(), askedAt, answer });
  });
}

function listServers(context: Context, effect: Extract<Look, { kind: "list-servers" }>): void {
  const { ports, dispatch } = context;
  const { host } = effect;
  const askedAt = ports.clock.monoMs();
  beginLook(context, effect, async () => {
    const [servers, records] = await Promise.all([
      ports.compute.serversOn(host),
      ports.compute.evacuations(host),
    ]);
    const at = ports.clock.monoMs();
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

/** Evacuations or live migrations from a host, and the servers that are asked for. */
function readMoves(
  context: Context,
  effect: Extract<Look, { kind: "read-moves" | "read-migrations" }>,
): void {
  const { ports, dispatch } = context;
  const { host } = effect;
  const live = effect.kind === "read-migrations";
  const askedAt = ports.clock.monoMs();
  beginLook(context, effect, async () => {
    const [records, ...found] = await Promise.all([
      live ? ports.compute.liveMigrations(host) : ports.compute.evacuations(host),
      ...effect.servers.map((server) => ports.compute.server(server)),
    ]);
    const at = ports.clock.monoMs();
    if (records.kind === "failed") {
      return dispatch({ kind: "look-failed", at, host, reason: records.reason });
    }
    // A server whose own look failed is looked at again; the others are not held up by it.
    const servers = found.flatMap((answer) => (answer.kind === "server" ? [answer.server] : []));
    const gone = effect.servers.filter((_, index) => found[index]?.kind === "gone");
    const kind = live ? "migrations-seen" : "moves-seen";
    dispatch({ kind, at, askedAt, host, records: records.records, servers, gone });
  });
}

function powerOff(context: Context, effect: Extract<Order, { kind: "power-off" }>): void {
  const { ports, dispatch } = context;
  const { host, device } = effect;
  const askedAt = ports.clock.monoMs();
  begin(context, "calls", `power off ${host}`, async () => {
    const answer = await switchOff(ports, effect, askedAt);
    const at = ports.clock.monoMs();
    dispatch({ kind: "power-off-answered", at, askedAt, host, device, answer });
  });
}

function powerOn(context: Context, effect: Extract<Order, { kind: "power-on" }>): void {
  const { ports, dispatch } = context;
  const { host, device } = effect;
  const askedAt = ports.clock.monoMs();
  begin(context, "calls", `power on ${host}`, async () => {
    const answer = await switchOn(ports, effect);
    const at = ports.clock.monoMs();
    dispatch({ kind: "power-on-answered", at, askedAt, host, device, answer });
  });
}

function moveServer(context: Context, effect: MoveOrder): void {
  const { ports, dispatch } = context;
  const { host, server } = effect;
  begin(context, "calls", `${effect.kind} ${server}`, async () => {
    const objection = (): string | undefined =>
      objectionTo(ports.state(), effect, ports.clock.monoMs());
    const objected = objection();
    const call = (): Promise<MoveAnswer> =>
      effect.kind === "reset"
        ? ports.compute.resetToError(host, server, effect.from, objection)
        : ports.compute.evacuate(host, server, objection);
    const answer =
      objected === undefined ? await call() : ({ kind: "not-made", reason: objected } as const);
    const kind = effect.kind === "reset" ? "reset-answered" : "evacuate-answered";
    dispatch({ kind, at: ports.clock.monoMs(), id: effect.id, host, server, answer });
  });
}

function liveMigrate(context: Context, effect: Extract<Order, { kind: "live-migrate" }>): void {
  const { ports, dispatch } = context;
  const { host, server, id } = effect;
  begin(context, "calls", `live-migrate ${server}`, async () => {
    const done = { id, host, server, answer: await ports.compute.liveMigrate(host, server) };
    dispatch({ kind: "live-migrate-answered", at: ports.clock.monoMs(), ...done });
  });
}

function orderService(
  context: Context,
  effect: Extract<Order, { kind: "force-down" | "force-up" | "disable" | "enable" }>,
): void {
  const { ports, dispatch } = context;
  const { host, serviceId, kind: order } = effect;
  begin(context, "calls", `${order} ${host}`, async () => {
    const answer = await serviceAnswer(ports.compute, effect, serviceId);
    const at = ports.clock.monoMs();
    dispatch({ kind: "service-order-answered", at, id: effect.id, host, order, answer });
  });
}

function serviceAnswer(
  compute: ComputeApi,
  effect: Extract<Order, { kind: "force-down" | "force-up" | "disable" | "enable" }>,
  serviceId: string,
): Promise<ApiAnswer> {
  if (effect.kind === "force-down") return compute.forceDown(serviceId);
  if (effect.kind === "force-up") return compute.forceUp(effect.host, serviceId, effect.mark);
  if (effect.kind === "enable") return compute.enable(effect.host, serviceId, effect.mark);
  return effect.onlyIfEnabled
    ? compute.disableEnabled(effect.host, serviceId, effect.reason)
    : compute.disable(serviceId, effect.reason);
}
