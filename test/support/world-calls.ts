/** What the guardian's effects meet in a simulated world, and what comes back. */
import type { Effect, Order } from "../../guardian/core/effects.ts";
import type { AlertMessage, PingResult } from "../../guardian/ports.ts";
import type { HostName } from "../../shared/names.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import type { WorldBmc } from "./world-power.ts";
import { listOf } from "./world-servers.ts";
import { evacuate, liveMigrate, novaSilence, reset } from "./world-moves.ts";
import { isReachable, readBmc, switchOff, switchOn, type SwitchOff } from "./world-power.ts";
import { echoes } from "./world-host.ts";
import type { World } from "./world.ts";

type NovaLook = Extract<
  Effect,
  { kind: "read-services" | "list-servers" | "read-moves" | "read-migrations" }
>;
type Of<K extends Effect["kind"]> = Extract<Effect, { kind: K }>;

const echo: PingResult = { kind: "echo", rttMs: 1 };
const noEcho: PingResult = { kind: "no-echo" };

/** Carries out one effect. */
export function perform(world: World, effect: Effect): void {
  switch (effect.kind) {
    case "line":
      return world.say(effect.host ?? "guardian", effect.text);
    case "alert":
      return alert(world, effect.message);
    case "ping":
      return ping(world, effect);
    case "ping-anchor":
      return pingAnchor(world, effect);
    case "read-power":
      return readPower(world, effect);
    case "power-off":
      return powerOff(world, effect);
    case "power-on":
      return powerOn(world, effect);
    case "read-inventory":
      return readInventory(world);
    case "read-services":
    case "list-servers":
    case "read-moves":
    case "read-migrations":
      return lookAtNova(world, effect);
    case "live-migrate":
      return liveMigrate(world, effect);
    case "force-down":
    case "force-up":
    case "disable":
    case "enable":
      return orderService(world, effect);
    case "evacuate":
      return evacuate(world, effect);
    case "reset":
      return reset(world, effect);
    default:
      return effect satisfies never;
  }
}

/** Asks the store and each collector for what is newest. */
export function readTelemetry(world: World): void {
  const { guardian, collectors } = world;
  const read = collectors.readStore();
  if (read !== undefined) {
    guardian.answer(20, () => ({
      kind: "telemetry",
      at: guardian.mono(),
      source: "store",
      watermarks: read.watermarks,
      liveness: read.liveness,
    }));
  }
  for (const collector of collectors.all) {
    if (!collector.up || !world.liveUp) continue;
    const live = collectors.live(collector);
    guardian.answer(15, () => ({
      kind: "telemetry",
      at: guardian.mono(),
      source: "live",
      watermarks: live.watermarks,
      liveness: live.liveness,
    }));
  }
}

function alert(world: World, message: AlertMessage): void {
  const { class: kind, status, title } = message;
  const resolved = status === "resolved" ? " resolved" : "";
  world.say(message.host ?? "guardian", `${kind.toUpperCase()}${resolved}: ${title}`);
  if (status === "resolved") world.firing.delete(message.dedupKey);
  else world.firing.set(message.dedupKey, message);
  if (kind === "page" && status === "firing") world.pages.push(message);
}

function ping(world: World, effect: Of<"ping">): void {
  const { guardian } = world;
  const { host, network, timeoutMs } = effect;
  const sentAt = guardian.mono();
  const answered = echoes(world.host(host), network) && world.legs[network];
  const result = answered ? echo : noEcho;
  guardian.answer(answered ? 1 : timeoutMs, () => ({
    kind: "pinged",
    at: guardian.mono(),
    sentAt,
    host,
    network,
    result,
  }));
}

function pingAnchor(world: World, effect: Of<"ping-anchor">): void {
  const { guardian } = world;
  const { network, address, timeoutMs } = effect;
  const sentAt = guardian.mono();
  const answered = world.legs[network] && !world.silentAnchors.has(network);
  const result = answered ? echo : noEcho;
  guardian.answer(answered ? 1 : timeoutMs, () => ({
    kind: "anchor-pinged",
    at: guardian.mono(),
    sentAt,
    network,
    address,
    result,
  }));
}

// --- power --------------------------------------------------------------------------------------

function readPower(world: World, effect: Of<"read-power">): void {
  const { guardian } = world;
  const { host, device, deadlineMs } = effect;
  const askedAt = guardian.mono();
  const bmc = world.device(host, device);
  const chassis = world.host(bmc?.chassis ?? host);
  const answersInTime = isReachable(bmc, chassis) && bmc.latencyMs < deadlineMs;
  const late = bmc !== undefined && bmc.latencyMs >= deadlineMs;
  const early = bmc?.looksEarly === true ? readBmc(bmc, chassis) : undefined;
  guardian.answer(answersInTime ? bmc.latencyMs : deadlineMs, () => {
    const reading = early ?? readBmc(late ? undefined : bmc, chassis);
    return { kind: "power-read", at: guardian.mono(), askedAt, host, device, reading };
  });
}

function powerOff(world: World, order: Extract<Order, { kind: "power-off" }>): void {
  const { guardian } = world;
  const { host, device, deadlineMs } = order;
  const askedAt = guardian.mono();
  const bmc = world.device(host, device);
  const chassis = world.host(bmc?.chassis ?? host);
  world.powerOffs.push({ host, at: world.queue.now });
  const held = order.ifEmpty === true ? notEmpty(world, host) : undefined;
  const { answer, carriedOutAfterMs } = held ?? switchOff(bmc, chassis, order.expected);
  if (bmc !== undefined && carriedOutAfterMs !== undefined) {
    if (carriedOutAfterMs === 0) cutPower(world, bmc);
    else world.queue.in(carriedOutAfterMs, () => cutPower(world, bmc));
  }
  const late = bmc !== undefined && bmc.latencyMs >= deadlineMs;
  const heard = late ? ({ kind: "no-answer", reason: "no answer within 5 s" } as const) : answer;
  const which = world.devicesOf(host).length > 1 ? `${host} ${device}` : host;
  world.say("bmc", `off ${which}: ${heard.kind}`);
  const ms = heard.kind === "no-answer" ? deadlineMs : (bmc?.latencyMs ?? 60);
  guardian.answer(ms, () => ({
    kind: "power-off-answered",
    at: guardian.mono(),
    askedAt,
    host,
    device,
    answer: heard,
  }));
}

/** What the shell looks for in the moment before an order that is for an empty host. */
function notEmpty(world: World, host: HostName): SwitchOff | undefined {
  const count = world.nova.serversOn(host).length;
  if (world.novaUp && count === 0) return undefined;
  const reason = world.novaUp
    ? `servers on it: ${count}, must be = 0`
    : `servers on it are not known: ${novaSilence}`;
  return { answer: { kind: "refused", reason }, carriedOutAfterMs: undefined };
}

function powerOn(world: World, order: Extract<Order, { kind: "power-on" }>): void {
  const { guardian } = world;
  const { host, device, deadlineMs } = order;
  const askedAt = guardian.mono();
  const bmc = world.device(host, device);
  const chassis = world.host(bmc?.chassis ?? host);
  const { answer, isCarriedOut } = switchOn(bmc, chassis, order.expected);
  if (isCarriedOut && bmc?.outlet !== undefined) bmc.outlet.on = true;
  if (isCarriedOut) world.boot(chassis.name, bmc?.outlet === undefined);
  const which = world.devicesOf(host).length > 1 ? `${host} ${device}` : host;
  world.say("bmc", `on ${which}: ${answer.kind}`);
  const ms = answer.kind === "no-answer" ? deadlineMs : (bmc?.latencyMs ?? 60);
  guardian.answer(ms, () => ({
    kind: "power-on-answered",
    at: guardian.mono(),
    askedAt,
    host,
    device,
    answer,
  }));
}

function cutPower(world: World, bmc: WorldBmc): void {
  if (bmc.outlet === undefined) return world.cutPower(bmc.chassis);
  bmc.outlet.on = false;
  const outlets = world.devicesOf(bmc.chassis).filter(({ outlet }) => outlet !== undefined);
  if (outlets.every(({ outlet }) => outlet?.on === false)) world.cutPower(bmc.chassis);
}

// --- Nova ---------------------------------------------------------------------------------------

function lookAtNova(world: World, effect: NovaLook): void {
  const { guardian, nova } = world;
  const askedAt = guardian.mono();
  if (!world.novaUp) {
    guardian.answer(10_000, () => {
      const failed = { at: guardian.mono(), reason: novaSilence };
      if (effect.kind === "read-services") return { kind: "nova-failed", ...failed };
      return { kind: "look-failed", host: effect.host, ...failed };
    });
    return;
  }
  switch (effect.kind) {
    case "read-services":
      return guardian.answer(world.novaAnswerMs / 2, () => ({
        kind: "services",
        at: guardian.mono(),
        askedAt,
        services: nova.list(),
        unreadable: [...nova.unreadable],
        ...(nova.schedulers === undefined ? {} : { schedulers: nova.schedulers }),
      }));
    case "list-servers": {
      const { host } = effect;
      return guardian.answer(world.novaAnswerMs, () => {
        const at = guardian.mono();
        const seen = listOf(nova, host);
        return "kind" in seen
          ? { kind: "look-failed", at, host, reason: seen.reason }
          : { kind: "servers-seen", at, askedAt, host, ...seen };
      });
    }
    case "read-moves":
    case "read-migrations": {
      const { host, servers } = effect;
      const live = effect.kind === "read-migrations";
      return guardian.answer(world.novaAnswerMs, () => ({
        kind: live ? "migrations-seen" : "moves-seen",
        at: guardian.mono(),
        askedAt,
        host,
        records: live ? nova.live.records(host) : nova.evacuations(host),
        servers: servers.flatMap((id) => (nova.isHidden(id) ? [] : (nova.server(id) ?? []))),
        gone: effect.servers.filter((id) => nova.server(id) === undefined),
      }));
    }
    default:
      return effect satisfies never;
  }
}

function readInventory(world: World): void {
  const { guardian, nova } = world;
  const askedAt = guardian.mono();
  guardian.answer(world.novaUp ? 60 : 10_000, () => ({
    kind: "inventory",
    at: guardian.mono(),
    askedAt,
    answer:
      world.novaUp && nova.inventoryUp ? nova.inventory() : { kind: "failed", reason: novaSilence },
  }));
}

function orderService(
  world: World,
  order: Of<"force-down" | "force-up" | "disable" | "enable">,
): void {
  const { guardian, nova } = world;
  const { host, kind } = order;
  const answer = world.novaUp
    ? nova.order(order)
    : ({ kind: "unknown", reason: novaSilence } as const);
  world.say("nova", `${kind} ${host}: ${answer.kind}`);
  guardian.answer(60, () => ({
    kind: "service-order-answered",
    at: guardian.mono(),
    id: order.id,
    host,
    order: kind,
    answer,
  }));
}

/** Addresses and anchors of the simulated networks. */
export function worldAddress(network: NetworkName, host: HostName | undefined): string {
  return `${network}/${host ?? "anchor"}`;
}
