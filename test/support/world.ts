/**
 * A whole simulated cloud in virtual time: hosts, probes, collectors, Nova, BMCs, and the real
 * reducer in the middle. Scenarios script it, the simulation breaks it at random; both check what
 * truly happened against what was promised.
 */
import { emptyMemory, parseMemory } from "../../guardian/core/memory.ts";
import { initialState, step } from "../../guardian/core/guardian.ts";
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { maintenanceOf } from "../../guardian/core/maintenance.ts";
import { modeOf } from "../../guardian/core/modes.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { AlertMessage, PingResult } from "../../guardian/ports.ts";
import type { HostName, ServerId } from "../../shared/names.ts";
import type { Random } from "../../shared/random.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { EventQueue } from "./event-queue.ts";
import { answers, newWorldHost, powerOn, type WorldHost } from "./world-host.ts";
import { WorldCollectors } from "./world-collectors.ts";
import { readBmc, switchOff, type WorldBmc } from "./world-power.ts";
import { saidOf } from "./people.ts";
import { WorldNova } from "./world-nova.ts";

type NovaEffect = Extract<
  Effect,
  {
    kind:
      | "read-services"
      | "force-down"
      | "disable"
      | "enable"
      | "list-servers"
      | "read-moves"
      | "evacuate";
  }
>;

/** A server needs longer to start than a fence proof lives. */
const serverStartMs = 35_000;
const anchorSuffix = "anchor";
export const wallStart = 1_780_000_000_000;
/** The guardian's monotonic clock does not begin at zero, and differs from the collectors'. */
const guardianClockStart = 50_000;

export class World {
  readonly queue = new EventQueue();
  readonly hosts = new Map<HostName, WorldHost>();
  readonly bmcs = new Map<HostName, WorldBmc>();
  readonly collectors: WorldCollectors;
  readonly nova: WorldNova;
  readonly log: string[] = [];
  readonly violations: string[] = [];
  readonly pages: AlertMessage[] = [];
  readonly powerOffs: {
    readonly host: HostName;
    readonly at: number;
    /** By a person: it passes storm and rate, and does not count. */
    readonly approved: boolean;
  }[] = [];
  readonly evacuations: { readonly host: HostName; readonly server: ServerId }[] = [];
  readonly firing = new Map<string, AlertMessage>();
  readonly legs: Record<NetworkName, boolean> = { management: true, storage: true, business: true };
  novaUp = true;
  liveUp = true;
  guardianUp = true;
  pausedUntil = 0;
  /** How far the guardian's wall clock was stepped. */
  wallStepMs = 0;
  disarmedFile = false;
  journalWritable = true;
  evacuateAnswerMs = 80;
  state: GuardianState;
  readonly #settings: Settings;
  readonly #random: Random;
  /** Where a log's time begins. */
  logFrom = 0;
  #epoch = 0;
  #starts: number[] = [];
  #journaled: string = JSON.stringify(emptyMemory);
  #generation = 0;

  constructor(settings: Settings, hostNames: readonly HostName[], random: Random) {
    this.#settings = settings;
    this.#random = random;
    this.nova = new WorldNova({
      now: () => this.queue.now,
      later: (ms, run) => this.queue.in(ms, run),
      startOn: (server, host) => this.#startServer(server, host),
      isRunning: (host) => this.host(host).power,
      note: (text) => this.violate(text),
    });
    for (const [index, name] of hostNames.entries()) {
      this.hosts.set(name, newWorldHost(name, index));
      this.bmcs.set(name, { mode: "normal", chassis: name, latencyMs: 60 });
      this.nova.addHost(name);
      this.queue.in(this.#random.next() * 1000, () => this.#probe(name));
      this.queue.in(this.#random.next() * this.nova.reportEveryMs, () => this.#novaReport(name));
    }
    this.collectors = new WorldCollectors(this.queue);
    for (const id of settings.collectors) this.collectors.add(id, this.#random.next() * 1000);
    this.state = initialState(settings, this.#mono(), this.#wall());
    this.startGuardian();
  }

  host(name: HostName): WorldHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  }

  addServers(host: HostName, count: number, volumeBacked = true): void {
    for (let index = 1; index <= count; index += 1) {
      const server = this.nova.addServer(host, index, volumeBacked);
      this.host(host).running.add(server);
    }
  }

  run(ms: number, afterEach: () => void = () => undefined): void {
    this.queue.runUntil(this.queue.now + ms, afterEach);
  }

  say(who: string, text: string): void {
    this.log.push(
      `${((this.queue.now - this.logFrom) / 1000).toFixed(2).padStart(8)}  ${who.padEnd(10)} ${text}`,
    );
  }

  violate(text: string): void {
    this.violations.push(`${(this.queue.now / 1000).toFixed(2)} ${text}`);
    this.say("VIOLATION", text);
  }

  // --- the guardian's process -------------------------------------------------------------------

  startGuardian(): void {
    this.guardianUp = true;
    this.#epoch += 1;
    this.#generation += 1;
    this.#starts = [...this.#starts, this.#wall() as number].slice(-10);
    this.state = initialState(this.#settings, this.#mono(), this.#wall());
    this.#take({
      kind: "started",
      at: this.#mono(),
      wall: this.#wall(),
      epoch: this.#epoch,
      memory: parseMemory(JSON.parse(this.#journaled)),
      starts: this.#starts,
    });
    const mine = this.#generation;
    this.queue.in(50, () => this.#tick(mine));
    this.queue.in(20, () => this.#readTelemetry(mine));
  }

  killGuardian(): void {
    this.guardianUp = false;
    this.#generation += 1;
  }

  /** An event that a person causes. */
  tell(event: GuardianEvent): void {
    this.#take(event);
  }

  #alive(generation: number): boolean {
    return this.guardianUp && generation === this.#generation;
  }

  #mono(): ReturnType<typeof monoMs> {
    return monoMs(this.queue.now + guardianClockStart);
  }

  #wall(): ReturnType<typeof wallMs> {
    return wallMs(wallStart + this.queue.now + this.wallStepMs);
  }

  #tick(generation: number): void {
    if (!this.#alive(generation)) return;
    if (this.queue.now < this.pausedUntil) {
      this.queue.at(this.pausedUntil, () => this.#tick(generation));
      return;
    }
    if (this.journalWritable !== this.state.eyes.journalWritable) {
      const { journalWritable: writable } = this;
      const reason = writable ? "" : "read-only file system";
      this.#take({ kind: "journal", at: this.#mono(), writable, reason });
    }
    this.#take({ kind: "tick", at: this.#mono(), wall: this.#wall(), disarmed: this.disarmedFile });
    this.queue.in(250, () => this.#tick(generation));
  }

  /** What the shell does with an event: reduce, journal, then run the effects. */
  #take(event: GuardianEvent): void {
    const before = this.state;
    const { state, effects } = step(before, event);
    this.state = state;
    if (state.memory !== before.memory && this.journalWritable) {
      this.#journaled = JSON.stringify(state.memory);
    }
    for (const effect of effects) {
      if (this.journalWritable || !isOrder(effect)) this.#perform(effect);
      else this.#refuse(effect);
    }
  }

  /** Without a journal no order is given: the shell answers for the world. */
  #refuse(effect: Effect): void {
    const reason = "the journal cannot be written";
    if (effect.kind !== "evacuate") return;
    const { host, server } = effect;
    this.#answer(0, () => ({
      kind: "evacuate-answered",
      at: this.#mono(),
      host,
      server,
      answer: { kind: "not-made", reason },
    }));
  }

  #answer(ms: number, event: () => GuardianEvent): void {
    const mine = this.#generation;
    const asked = ms * (0.8 + 0.4 * this.#random.next());
    this.queue.in(asked, () => {
      if (this.#alive(mine)) this.#take(event());
    });
  }

  #perform(effect: Effect): void {
    const askedAt = this.#mono();
    switch (effect.kind) {
      case "line":
        this.say(effect.host ?? "guardian", effect.text);
        return;
      case "alert":
        this.#alert(effect.message);
        return;
      case "ping":
        return this.#ping(effect.host, effect.network, effect.timeoutMs);
      case "ping-anchor":
        return this.#pingAnchor(effect.network, effect.address, effect.timeoutMs);
      case "read-power": {
        const { host, device } = effect;
        const bmc = this.bmcs.get(host);
        const ms = bmc?.mode === "unreachable" ? effect.deadlineMs : (bmc?.latencyMs ?? 60);
        return this.#answer(ms, () => {
          const reading = readBmc(bmc, this.host(bmc?.chassis ?? host));
          return { kind: "power-read", at: this.#mono(), askedAt, host, device, reading };
        });
      }
      case "power-off":
        return this.#powerOff(effect.host, effect.device, effect.deadlineMs);
      case "read-inventory":
        return this.#answer(this.novaUp ? 60 : 10_000, () => ({
          kind: "inventory",
          at: this.#mono(),
          answer: this.novaUp
            ? this.nova.inventory()
            : { kind: "failed", reason: "Nova does not answer within 10 s" },
        }));
      case "read-services":
      case "force-down":
      case "disable":
      case "enable":
      case "list-servers":
      case "read-moves":
      case "evacuate":
        return this.#performNova(effect);
      default:
        return effect satisfies never;
    }
  }

  #performNova(effect: NovaEffect): void {
    const askedAt = this.#mono();
    const down = !this.novaUp;
    const reason = "Nova does not answer within 10 s";
    switch (effect.kind) {
      case "read-services":
        return this.#answer(down ? 10_000 : 40, () =>
          down
            ? { kind: "nova-failed", at: this.#mono(), reason }
            : {
                kind: "services",
                at: this.#mono(),
                askedAt,
                services: this.nova.list(),
                unreadable: [],
              },
        );
      case "force-down":
      case "disable":
      case "enable": {
        const { host } = effect;
        const answer = down ? ({ kind: "unknown", reason } as const) : this.nova.order(effect);
        this.say("nova", `${effect.kind} ${host}: ${answer.kind}`);
        const order = effect.kind;
        return this.#answer(60, () => ({
          kind: "service-order-answered",
          at: this.#mono(),
          host,
          order,
          answer,
        }));
      }
      case "list-servers": {
        const { host } = effect;
        return this.#answer(down ? 10_000 : 80, () =>
          down
            ? { kind: "look-failed", at: this.#mono(), host, reason }
            : {
                kind: "servers-seen",
                at: this.#mono(),
                askedAt,
                host,
                servers: this.nova.serversOn(host),
                records: this.nova.evacuations(host),
              },
        );
      }
      case "read-moves": {
        const { host, servers } = effect;
        return this.#answer(down ? 10_000 : 80, () => {
          if (down) return { kind: "look-failed", at: this.#mono(), host, reason };
          const found = servers.flatMap((id) => this.nova.server(id) ?? []);
          const records = this.nova.evacuations(host);
          return {
            kind: "moves-seen",
            at: this.#mono(),
            askedAt,
            host,
            records,
            servers: found,
            gone: [],
          };
        });
      }
      case "evacuate":
        return this.#evacuate(effect.host, effect.server, down);
      default:
        return effect satisfies never;
    }
  }

  #alert(message: AlertMessage): void {
    const { class: kind, status, title } = message;
    const who = message.host ?? "guardian";
    this.say(who, `${kind.toUpperCase()}${status === "resolved" ? " resolved" : ""}: ${title}`);
    if (status === "resolved") this.firing.delete(message.dedupKey);
    else this.firing.set(message.dedupKey, message);
    if (kind === "page" && status === "firing") this.pages.push(message);
  }

  #ping(name: HostName, network: NetworkName, timeoutMs: number): void {
    const sentAt = this.#mono();
    const echo = answers(this.host(name), network) && this.legs[network];
    const result: PingResult = echo ? { kind: "echo", rttMs: 1 } : { kind: "no-echo" };
    this.#answer(echo ? 1 : timeoutMs, () => ({
      kind: "pinged",
      at: this.#mono(),
      sentAt,
      host: name,
      network,
      result,
    }));
  }

  #pingAnchor(network: NetworkName, address: string, timeoutMs: number): void {
    const sentAt = this.#mono();
    const echo = this.legs[network];
    const result: PingResult = echo ? { kind: "echo", rttMs: 1 } : { kind: "no-echo" };
    this.#answer(echo ? 1 : timeoutMs, () => ({
      kind: "anchor-pinged",
      at: this.#mono(),
      sentAt,
      network,
      address,
      result,
    }));
  }

  // --- power ------------------------------------------------------------------------------------

  #powerOff(name: HostName, device: string, deadlineMs: number): void {
    const bmc = this.bmcs.get(name);
    const askedAt = this.#mono();
    this.#judgePowerOff(name);
    const approved = saidOf(this, name).byPerson;
    this.powerOffs.push({ host: name, at: this.queue.now, approved });
    const answer = switchOff(bmc, this.host(bmc?.chassis ?? name));
    this.say("bmc", `off ${name}: ${answer.kind}`);
    const ms = answer.kind === "no-answer" ? deadlineMs : (bmc?.latencyMs ?? 60);
    this.#answer(ms, () => ({
      kind: "power-off-answered",
      at: this.#mono(),
      askedAt,
      host: name,
      device,
      answer,
    }));
  }

  /** A host that has answered for a while is never ordered off, and never too many in an hour. */
  #judgePowerOff(name: HostName): void {
    const host = this.host(name);
    const lives = answers(host, "management") || answers(host, "storage");
    const phase = this.state.memory.incidents[name]?.phase.kind;
    const again = phase === "evacuating";
    if (lives && !again && this.queue.now - host.mendedAt > 6000) {
      this.violate(`${name} answers, and was ordered off`);
    }
    const { held, approved, byPerson } = saidOf(this, name);
    if (held) this.violate(`${name} was ordered off while a person holds it`);
    const hourAgo = this.queue.now - 3_600_000;
    const recent = this.powerOffs
      .filter((order) => order.at > hourAgo && !order.approved)
      .map((order) => order.host);
    const others = new Set(recent.filter((other) => other !== name)).size;
    if (!byPerson && others >= this.#settings.limits.fencesPerHour) {
      this.violate(`${name} was ordered off after ${others} others in an hour`);
    }
    if (again) return;
    // One that died a moment ago cannot be known yet.
    const down = [...this.hosts.values()].filter(
      (other) => isDown(other) && this.queue.now - other.answeredAt > 7000,
    ).length;
    const limit = Math.max(1, Math.floor(this.#settings.limits.stormShare * this.hosts.size));
    if (!byPerson && down > limit)
      this.violate(`${name} was ordered off while ${down} hosts are down`);
    if (!this.journalWritable) this.violate(`${name} was ordered off without a journal`);
    if (this.queue.now - this.pausedUntil < 10_000 && this.pausedUntil > 0) {
      this.violate(`${name} was ordered off right after a pause`);
    }
    const ranAt = Math.max(...this.collectors.all.map((collector) => collector.ranAt));
    // A watermark has a vote for three seconds; one more for the way it takes.
    if (this.queue.now - ranAt > 5000) {
      this.violate(`${name} was ordered off with no collector running`);
    }
    const { mode } = modeOf(this.state, name);
    if (mode !== "act" && !(mode === "ask" && approved)) {
      this.violate(`${name} was ordered off in mode ${mode}`);
    }
    if (maintenanceOf(this.state, name) !== undefined) {
      this.violate(`${name} was ordered off in maintenance`);
    }
    if (this.disarmedFile && !again) this.violate(`${name} was ordered off while disarmed`);
  }

  // --- servers ----------------------------------------------------------------------------------

  #evacuate(name: HostName, server: ServerId, down: boolean): void {
    const mine = this.#generation;
    if (this.evacuations.some((done) => done.server === server && done.host === name)) {
      this.violate(`evacuate of ${server} from ${name} called twice`);
    }
    this.evacuations.push({ host: name, server });
    if (this.host(name).running.has(server)) {
      this.violate(`evacuate of ${server} while it still runs on ${name}`);
    }
    const answer = down
      ? ({ kind: "unknown", reason: "Nova does not answer within 30 s" } as const)
      : this.nova.evacuate(server);
    this.say("nova", `evacuate ${server}: ${answer.kind}`);
    if (mine !== this.#generation) return;
    this.#answer(down ? 30_000 : this.evacuateAnswerMs, () => ({
      kind: "evacuate-answered",
      at: this.#mono(),
      host: name,
      server,
      answer,
    }));
  }

  /** A host that comes on again starts, in the worst case, every server that Nova still puts on it. */
  boot(name: HostName): void {
    const host = this.host(name);
    if (host.power) return;
    powerOn(host);
    host.mendedAt = this.queue.now;
    const { boot } = host;
    this.queue.in(serverStartMs, () => {
      if (!host.power || host.boot !== boot) return;
      for (const server of this.nova.servers.values()) {
        if (server.host === name && !server.moving) this.#startServer(server.id, name);
      }
    });
  }

  #startServer(server: ServerId, host: HostName): boolean {
    for (const other of this.hosts.values()) {
      if (other.name !== host && other.running.has(server)) {
        this.violate(`${server} started on ${host} while it runs on ${other.name}`);
      }
    }
    if (!this.host(host).power) return false;
    this.host(host).running.add(server);
    return true;
  }

  // --- telemetry --------------------------------------------------------------------------------

  #probe(name: HostName): void {
    const host = this.host(name);
    if (!isDown(host)) host.answeredAt = this.queue.now;
    if (host.power && !host.hung && host.probe) {
      host.sequence += 1;
      if (host.networks.management) this.collectors.receive(host);
    }
    this.queue.in(1000, () => this.#probe(name));
  }

  #readTelemetry(generation: number): void {
    if (!this.#alive(generation)) return;
    this.queue.in(1000, () => this.#readTelemetry(generation));
    if (this.queue.now < this.pausedUntil) return;
    if (this.collectors.storeUp) {
      const watermarks = this.collectors.all.flatMap((collector) => collector.stored.watermarks);
      const liveness = this.collectors.all.flatMap((collector) => collector.stored.rows);
      this.#answer(20, () => ({
        kind: "telemetry",
        at: this.#mono(),
        source: "store",
        watermarks,
        liveness,
      }));
    }
    for (const collector of this.collectors.all) {
      if (!collector.up || !this.liveUp) continue;
      const watermarks = [this.collectors.watermark(collector)];
      const liveness = [...collector.rows.values()];
      this.#answer(15, () => ({
        kind: "telemetry",
        at: this.#mono(),
        source: "live",
        watermarks,
        liveness,
      }));
    }
  }

  #novaReport(name: HostName): void {
    const host = this.host(name);
    const reaches = host.power && !host.hung && host.compute && host.networks.management;
    if (reaches) this.nova.report(name);
    this.queue.in(this.nova.reportEveryMs, () => this.#novaReport(name));
  }
}

/** Addresses and anchors of the simulated networks. */
export function worldAddress(network: NetworkName, host: HostName | undefined): string {
  return `${network}/${host ?? anchorSuffix}`;
}

/** Dead, or deaf and dumb to us for a while. */
function isDown(host: WorldHost): boolean {
  return !answers(host, "management") && !answers(host, "storage");
}

function isOrder(effect: Effect): boolean {
  return ["power-off", "force-down", "disable", "enable", "evacuate"].includes(effect.kind);
}
