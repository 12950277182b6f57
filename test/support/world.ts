/**
 * A whole simulated cloud in virtual time: hosts, probes, collectors, Nova, power devices, and the
 * real reducer in the middle. Scenarios script it, the simulation breaks it at random; both check
 * what truly happened against what was promised.
 */
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { AlertMessage } from "../../guardian/ports.ts";
import type { HostName, ServerId } from "../../shared/names.ts";
import type { Random } from "../../shared/random.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import { EventQueue } from "./event-queue.ts";
import { RunHash } from "./run-hash.ts";
import { perform, readTelemetry } from "./world-calls.ts";
import {
  answers,
  isCabled,
  isRunning,
  newRack,
  newWorldHost,
  powerLoss,
  powerOn,
  rackName,
  type WorldHost,
  type WorldRack,
} from "./world-host.ts";
import { WorldCollectors } from "./world-collectors.ts";
import { WorldGuardian, type WorldRecorder } from "./world-guardian.ts";
import { newBmc, type WorldBmc } from "./world-power.ts";
import { restarted } from "./world-service-orders.ts";
import { WorldNova } from "./world-nova.ts";

/** A server needs longer to start than a fence proof lives. */
const serverStartMs = 35_000;

export class World {
  readonly queue = new EventQueue();
  readonly racks: readonly WorldRack[];
  readonly hosts = new Map<HostName, WorldHost>();
  /** Each host's first, most often only, power device. */
  readonly bmcs = new Map<HostName, WorldBmc>();
  /** Further power devices, in the order of the configuration, of hosts that have more than one. */
  readonly further = new Map<HostName, readonly WorldBmc[]>();
  readonly collectors: WorldCollectors;
  readonly nova: WorldNova;
  readonly guardian: WorldGuardian;
  readonly log: string[] = [];
  readonly hash = new RunHash();
  /** Whether lines are kept; the hash is taken of them all the same. */
  logging = true;
  /** Where a log's time begins. */
  logFrom = 0;
  readonly violations: string[] = [];
  readonly pages: AlertMessage[] = [];
  readonly powerOffs: { readonly host: HostName; readonly at: number }[] = [];
  readonly evacuations: { readonly host: HostName; readonly server: ServerId }[] = [];
  readonly firing = new Map<string, AlertMessage>();
  /** Networks whose anchors do not answer, while everything else on them does. */
  readonly silentAnchors = new Set<NetworkName>();
  readonly legs: Record<NetworkName, boolean> = { management: true, storage: true, business: true };
  novaUp = true;
  novaAnswerMs = 80;
  liveUp = true;
  disarmedFile = false;
  evacuateAnswerMs = 80;
  /** From power on to a kernel that runs. */
  bootMs = 0;
  readonly settings: Settings;
  readonly #random: Random;

  /** `racks`: how many racks the hosts are spread over, one after the other. */
  constructor(
    settings: Settings,
    hostNames: readonly HostName[],
    random: Random,
    racks = 1,
    recorder?: WorldRecorder,
  ) {
    this.settings = settings;
    this.#random = random;
    this.racks = Array.from({ length: racks }, (_, at) => newRack(rackName(at, racks)));
    this.nova = new WorldNova({
      now: () => this.queue.now,
      later: (ms, run) => this.queue.in(ms, run),
      startOn: (server, host) => this.#startServer(server, host),
      isRunning: (host) => this.host(host).power,
      carry: (server, from, to) => this.#carry(server, from, to),
      note: (text) => this.violate(23, text),
    });
    for (const [index, name] of hostNames.entries()) this.#addHost(name, index);
    this.collectors = new WorldCollectors(this.queue, random);
    for (const id of settings.collectors) this.collectors.add(id, random.next() * 1000);
    this.guardian = new WorldGuardian({
      queue: this.queue,
      settings,
      random,
      disarmedFile: () => this.disarmedFile,
      perform: (effect) => perform(this, effect),
      readTelemetry: () => readTelemetry(this),
      firing: this.firing,
      recorder,
    });
    this.guardian.start();
  }

  #addHost(name: HostName, index: number): void {
    const rack = this.racks[index % this.racks.length] ?? newRack("rack-1");
    const host = newWorldHost(name, index, rack);
    this.hosts.set(name, host);
    this.bmcs.set(name, newBmc(name));
    this.nova.addHost(name);
    this.queue.in(this.#random.next() * 1000, () => this.#probe(host));
    this.queue.in(this.#random.next() * this.nova.reportEveryMs, () => this.#novaReport(host));
  }

  get state(): GuardianState {
    return this.guardian.state;
  }

  set state(state: GuardianState) {
    this.guardian.state = state;
  }

  host(name: HostName): WorldHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  }

  devicesOf(host: HostName): readonly WorldBmc[] {
    const first = this.bmcs.get(host);
    return [...(first === undefined ? [] : [first]), ...(this.further.get(host) ?? [])];
  }

  /** A host's power device by its configured name. */
  device(host: HostName, name: string): WorldBmc | undefined {
    const index = this.settings.hosts.get(host)?.devices.indexOf(name) ?? 0;
    return index > 0 ? this.further.get(host)?.[index - 1] : this.bmcs.get(host);
  }

  addServers(host: HostName, count: number, volumeBacked = true): void {
    for (let added = 0, index = 1; added < count; index += 1) {
      // One that was made here may run elsewhere by now.
      const server = this.nova.addServer(host, index, volumeBacked);
      if (server === undefined) continue;
      this.host(host).running.add(server);
      added += 1;
    }
  }

  run(ms: number, afterEach?: () => void): void {
    this.queue.runUntil(this.queue.now + ms, afterEach);
  }

  /** Whether nothing that a guardian can do keeps a host's servers from starting twice. */
  isBeyondReach: (host: WorldHost) => boolean = () => false;

  say(who: string, text: string): void {
    this.hash.number(this.queue.now);
    this.hash.text(text);
    if (!this.logging) return;
    const seconds = ((this.queue.now - this.logFrom) / 1000).toFixed(2).padStart(8);
    this.log.push(`${seconds}  ${who.padEnd(10)} ${text}`);
  }

  /** `invariant`: its number in the design. */
  violate(invariant: number, text: string): void {
    const said = `invariant ${invariant}: ${text}`;
    this.violations.push(`${(this.queue.now / 1000).toFixed(2)} ${said}`);
    this.say("VIOLATION", said);
  }

  startGuardian(): void {
    this.guardian.start();
  }

  killGuardian(): void {
    this.guardian.kill();
  }

  /** An event that a person causes. */
  tell(event: GuardianEvent): void {
    this.guardian.take(event);
  }

  // --- power ------------------------------------------------------------------------------------

  /** Its chassis goes off, by whoever's order. */
  cutPower(name: HostName): void {
    const host = this.host(name);
    if (host.power) powerLoss(host);
  }

  /** A host that comes on again starts, in the worst case, every server that Nova still puts on it. */
  boot(name: HostName, withOutlets = true): void {
    const host = this.host(name);
    if (host.power) return;
    powerOn(host);
    for (const device of withOutlets ? this.devicesOf(name) : []) {
      if (device.outlet !== undefined) device.outlet.on = true;
    }
    host.mendedAt = this.queue.now;
    host.onAt = this.queue.now;
    const { boot } = host;
    const isSameBoot = (): boolean => host.power && host.boot === boot;
    if (this.bootMs > 0) {
      host.booting = true;
      this.queue.in(this.bootMs, () => {
        if (!isSameBoot()) return;
        host.booting = false;
        host.mendedAt = this.queue.now;
      });
    }
    this.queue.in(Math.max(serverStartMs, this.bootMs), () => {
      if (!isSameBoot()) return;
      for (const server of this.nova.servers.values()) {
        if (server.host === name && !server.moving && server.vmState !== "stopped") {
          this.#startServer(server.id, name);
        }
      }
    });
  }

  /** A running guest goes over in one moment. */
  #carry(server: ServerId, from: HostName, to: HostName): boolean {
    const source = this.host(from);
    if (!isRunning(source) || !isRunning(this.host(to)) || !source.running.has(server))
      return false;
    source.running.delete(server);
    return this.#startServer(server, to);
  }

  #startServer(server: ServerId, name: HostName): boolean {
    for (const other of this.hosts.values()) {
      if (other.name === name || !other.running.has(server)) continue;
      const said = `${server} started on ${name} while it runs on ${other.name}`;
      if (this.isBeyondReach(other)) this.say("world", `${said}, beyond the guardian's reach`);
      else this.violate(1, said);
    }
    const host = this.host(name);
    if (!isRunning(host)) return false;
    host.running.add(server);
    return true;
  }

  // --- what hosts do by themselves --------------------------------------------------------------

  #probe(host: WorldHost): void {
    const { now } = this.queue;
    if (isRunning(host)) {
      host.aliveAt = now;
      if (answers(host, "management") || answers(host, "storage")) host.answeredAt = now;
      if (host.probe) {
        host.sequence += 1;
        for (const path of host.reportPaths) {
          if (isCabled(host, path)) this.collectors.send(host, path);
        }
      }
    }
    this.queue.in(1000, () => this.#probe(host));
  }

  #novaReport(host: WorldHost): void {
    const runs = isRunning(host) && host.compute;
    const reaches = host.novaPath === undefined || isCabled(host, host.novaPath);
    if (runs && reaches) {
      if (host.computeBoot !== host.boot) restarted(this.nova, host.name);
      host.computeBoot = host.boot;
      this.nova.report(host.name);
    }
    this.queue.in(this.nova.reportEveryMs, () => this.#novaReport(host));
  }
}
