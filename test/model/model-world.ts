/**
 * The world of the model: a few hosts, their chassis, Nova and one server each, as plain data. What
 * is true here, the guardian may only find out by looking.
 */
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { HostName } from "../../shared/names.ts";
import { noLedger, type Watermark } from "../../shared/telemetry.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import { collector, identityOf, recordsOf, reportOf, serverOf, serviceOf } from "./model-rows.ts";
import { peer, quantumMs } from "./model-settings.ts";

export type BmcMode = "normal" | "unreachable" | "refuses";

export interface ModelHost {
  power: boolean;
  hung: boolean;
  bmc: BmcMode;
  /** When its chassis last changed its state. */
  poweredAt: number;
  /** Since when it lives, or does not. */
  changedAt: number;
  boots: number;
  /** Arrival of its last report. */
  reportedAt: number;
  /** Nova's time stamp of its nova-compute. */
  novaAt: number;
  disabledReason: string | undefined;
  forcedDown: boolean;
  /** Its server runs on it. */
  runs: boolean;
  server: ModelServer;
}

interface ModelServer {
  /** Where Nova says that it is. */
  host: HostName;
  /** It runs on the peer. */
  runsElsewhere: boolean;
  record: { id: number; status: "accepted" | "done" | "error"; at: number } | undefined;
}

/** A server needs longer to start after power on than a proof lives. */
const serverStartMs = 4 * quantumMs;
const moveMs = quantumMs;

export class ModelWorld {
  readonly hosts: Map<HostName, ModelHost>;
  now: number;
  novaUp = true;
  /** Moves that Nova accepted make no progress. */
  stalled = false;
  /** What must never be, and is. */
  violations: string[] = [];

  constructor(hosts: Map<HostName, ModelHost>, now: number) {
    this.hosts = hosts;
    this.now = now;
  }

  static of(names: readonly HostName[], now: number): ModelWorld {
    return new ModelWorld(new Map([...names, peer].map((name) => [name, newHost(name, now)])), now);
  }

  copy(): ModelWorld {
    const hosts = new Map<HostName, ModelHost>();
    for (const [name, host] of this.hosts) {
      const record = host.server.record === undefined ? undefined : { ...host.server.record };
      hosts.set(name, { ...host, server: { ...host.server, record } });
    }
    const copy = new ModelWorld(hosts, this.now);
    copy.novaUp = this.novaUp;
    copy.stalled = this.stalled;
    return copy;
  }

  host(name: HostName): ModelHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name} in the model`);
    return host;
  }

  lives(name: HostName): boolean {
    const host = this.host(name);
    return host.power && !host.hung;
  }

  powerOff(name: HostName): void {
    const host = this.host(name);
    if (!host.power) return;
    host.power = false;
    host.hung = false;
    host.runs = false;
    host.poweredAt = this.now;
    host.changedAt = this.now;
  }

  powerOn(name: HostName): void {
    const host = this.host(name);
    if (host.power) return;
    host.power = true;
    host.boots += 1;
    host.poweredAt = this.now;
    host.changedAt = this.now;
  }

  hang(name: HostName, hung: boolean): void {
    const host = this.host(name);
    host.hung = hung;
    host.changedAt = this.now;
  }

  /** A quantum passes: reports go out, servers start, moves come to their end. */
  pass(): void {
    this.now += quantumMs;
    for (const [name, host] of this.hosts) {
      if (this.lives(name)) {
        host.reportedAt = this.now;
        host.novaAt = this.now;
      }
      this.#startServer(name, host);
      this.#move(name, host);
    }
  }

  /** In the worst case a host that came on starts what Nova still puts on it. */
  #startServer(name: HostName, host: ModelHost): void {
    const { server } = host;
    if (!this.lives(name) || host.runs || server.host !== name) return;
    if (server.record?.status === "accepted" || this.now - host.poweredAt < serverStartMs) return;
    host.runs = true;
    this.#judgeTwice(name, host);
  }

  #move(name: HostName, host: ModelHost): void {
    const { server } = host;
    if (server.record?.status !== "accepted" || this.stalled) return;
    if (this.now - server.record.at < moveMs) return;
    server.record.status = "done";
    server.host = peer;
    server.runsElsewhere = true;
    this.#judgeTwice(name, host);
  }

  #judgeTwice(name: HostName, host: ModelHost): void {
    if (host.runs && host.server.runsElsewhere) {
      this.violations.push(`invariant 1: the server of ${name} runs twice`);
    }
  }

  telemetry(): GuardianEvent {
    const at = monoMs(this.now);
    const watermarks: Watermark[] = [{ collector, epoch: 1, monoMs: at, ledger: noLedger }];
    const liveness = [...this.hosts].map(([name, host]) => reportOf(name, host));
    return { kind: "telemetry", at, source: "live", watermarks, liveness };
  }

  /** What an effect leads to; undefined when nothing comes back. `made`: the call reached Nova. */
  answer(effect: Effect, askedAt: MonoMs, at: MonoMs): GuardianEvent | undefined {
    switch (effect.kind) {
      case "ping": {
        const { host, network } = effect;
        const echo = { kind: "echo", rttMs: 1 } as const;
        const result = this.lives(host) ? echo : ({ kind: "no-echo" } as const);
        return { kind: "pinged", at, sentAt: askedAt, host, network, result };
      }
      case "ping-anchor": {
        const { network, address } = effect;
        const result = { kind: "echo", rttMs: 1 } as const;
        return { kind: "anchor-pinged", at, sentAt: askedAt, network, address, result };
      }
      case "read-power": {
        const { host, device } = effect;
        return { kind: "power-read", at, askedAt, host, device, reading: this.#read(host) };
      }
      case "power-off": {
        const { host, device } = effect;
        return { kind: "power-off-answered", at, askedAt, host, device, answer: this.#off(host) };
      }
      case "line":
      case "alert":
      case "read-inventory":
      // No host of the model is ever degraded or rehearsed, so that none is enabled or switched on.
      case "power-on":
      case "enable":
      case "force-up":
      // Its servers run, or are stopped.
      case "reset":
      case "live-migrate":
      case "read-migrations":
        return undefined;
      case "read-services":
      case "list-servers":
      case "read-moves":
      case "force-down":
      case "disable":
      case "evacuate":
        return this.#nova(effect, askedAt, at);
      default:
        return effect satisfies never;
    }
  }

  #read(name: HostName): Extract<GuardianEvent, { kind: "power-read" }>["reading"] {
    const { power, bmc } = this.host(name);
    if (bmc === "unreachable") return { power: "unknown", reason: "no answer" };
    return { power: power ? "on" : "off", identity: identityOf(name) };
  }

  #off(name: HostName): Extract<GuardianEvent, { kind: "power-off-answered" }>["answer"] {
    const host = this.host(name);
    if (host.bmc === "unreachable") return { kind: "no-answer", reason: "no answer" };
    if (host.bmc === "refuses") return { kind: "refused", reason: "no privilege" };
    if (!host.power) return { kind: "already-off" };
    this.powerOff(name);
    return { kind: "done" };
  }

  #nova(effect: NovaEffect, askedAt: MonoMs, at: MonoMs): GuardianEvent {
    const unknown = { kind: "unknown", reason: "Nova does not answer" } as const;
    const accepted = { kind: "accepted", requestId: "r" } as const;
    switch (effect.kind) {
      case "read-services": {
        if (!this.novaUp) return { kind: "nova-failed", at, reason: unknown.reason };
        const services = [...this.hosts].map(([name, host]) => serviceOf(name, host, this.now));
        return { kind: "services", at, askedAt, services, unreadable: [] };
      }
      case "list-servers":
      case "read-moves": {
        const { host, kind } = effect;
        if (!this.novaUp) return { kind: "look-failed", at, host, reason: unknown.reason };
        const servers = [serverOf(host, this.host(host))];
        const records = recordsOf(host, this.host(host));
        if (kind === "read-moves") {
          return { kind: "moves-seen", at, askedAt, host, records, servers, gone: [] };
        }
        const here = servers.filter((server) => server.host === host);
        return { kind: "servers-seen", at, askedAt, host, servers: here, records };
      }
      case "force-down":
      case "disable":
      case "enable": {
        const { host, kind: order } = effect;
        if (!this.novaUp)
          return { kind: "service-order-answered", at, host, order, answer: unknown };
        if (effect.kind === "force-down") this.host(host).forcedDown = true;
        else this.host(host).disabledReason = effect.kind === "disable" ? effect.reason : undefined;
        return { kind: "service-order-answered", at, host, order, answer: accepted };
      }
      case "evacuate": {
        const { host, server } = effect;
        const answer = this.novaUp ? this.evacuate(host) : unknown;
        return { kind: "evacuate-answered", at, host, server, answer };
      }
      default:
        return effect satisfies never;
    }
  }

  /** Nova takes a second call as it takes the first, and can wreck the server for good. */
  evacuate(name: HostName): { readonly kind: "accepted"; readonly requestId: string } {
    const host = this.host(name);
    const { server } = host;
    // One that failed has ended: a further call is another try.
    if (server.record !== undefined && server.record.status !== "error") {
      this.violations.push(`invariant 23: evacuate of the server of ${name} was called twice`);
    }
    if (host.runs) {
      this.violations.push(`invariant 1: the server of ${name} is evacuated while it runs there`);
    }
    server.record = { id: (server.record?.id ?? 0) + 1, status: "accepted", at: this.now };
    return { kind: "accepted", requestId: "r" };
  }

  /** People mend everything about a host: it is on, enabled, its server is on it again. */
  repair(name: HostName): void {
    const host = this.host(name);
    if (!host.power) host.boots += 1;
    this.hosts.set(name, { ...newHost(name, this.now), boots: host.boots });
  }
}

type NovaEffect = Extract<
  Effect,
  {
    kind:
      | "read-services"
      | "list-servers"
      | "read-moves"
      | "force-down"
      | "disable"
      | "enable"
      | "evacuate";
  }
>;

function newHost(name: HostName, now: number): ModelHost {
  return {
    power: true,
    hung: false,
    bmc: "normal",
    poweredAt: now - 100 * quantumMs,
    changedAt: now - 100 * quantumMs,
    boots: 0,
    reportedAt: now,
    novaAt: now,
    disabledReason: undefined,
    forcedDown: false,
    runs: true,
    server: { host: name, runsElsewhere: false, record: undefined },
  };
}
