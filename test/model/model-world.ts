/**
 * The world of the model: a few hosts, their chassis, Nova and one server each, as plain data. What
 * is true here, the guardian may only find out by looking.
 */
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { ApiAnswer } from "../../guardian/ports.ts";
import type { HostName } from "../../shared/names.ts";
import { noLedger, type Watermark } from "../../shared/telemetry.ts";
import { monoMs } from "../../shared/time.ts";
import { collector, reportOf } from "./model-rows.ts";
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
  /** Its libvirt starts, with the host, whatever was on it before, whoever has it now. */
  startsAll: boolean;
  /** Its storage network is down. */
  degraded: boolean;
  /** A person has confirmed that it is off; undefined once the guardian cannot know it any more. */
  confirmedAt: number | undefined;
  server: ModelServer;
}

export interface ModelServer {
  /** Where Nova says that it is. */
  host: HostName;
  /** It runs on the peer. */
  runsElsewhere: boolean;
  /** Its newest evacuation. `completed`: cleaned up after by the nova-compute that it left. */
  record:
    { id: number; status: "accepted" | "done" | "error" | "completed"; at: number } | undefined;
  /** Its newest live migration. `dark`: its host died meanwhile, and Nova waits for word of it. */
  migration:
    { id: number; status: "running" | "completed" | "error" | "dark"; at: number } | undefined;
}

/** A server needs longer to start after power on than a proof lives. */
const serverStartMs = 4 * quantumMs;
const moveMs = quantumMs;
const migrateMs = 2 * quantumMs;
/** A nova-compute that comes up takes its time to see what was evacuated. */
const cleanUpMs = 8 * quantumMs;

export class ModelWorld {
  readonly hosts: Map<HostName, ModelHost>;
  readonly emptied: boolean;
  now: number;
  novaUp = true;
  /** Moves that Nova accepted make no progress. */
  stalled = false;
  /** What must never be, and is. */
  violations: string[] = [];

  constructor(hosts: Map<HostName, ModelHost>, now: number, emptied: boolean) {
    this.hosts = hosts;
    this.now = now;
    this.emptied = emptied;
  }

  /** `emptied`: people have moved the servers away and disabled the hosts. */
  static of(names: readonly HostName[], now: number, emptied: boolean): ModelWorld {
    const hosts = names.map((name) => [name, newHost(name, now, emptied)] as const);
    return new ModelWorld(new Map([...hosts, [peer, newHost(peer, now, false)]]), now, emptied);
  }

  copy(): ModelWorld {
    const hosts = new Map<HostName, ModelHost>();
    for (const [name, host] of this.hosts) {
      const record = host.server.record === undefined ? undefined : { ...host.server.record };
      const migration =
        host.server.migration === undefined ? undefined : { ...host.server.migration };
      hosts.set(name, { ...host, server: { ...host.server, record, migration } });
    }
    const copy = new ModelWorld(hosts, this.now, this.emptied);
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
    const { server } = host;
    if (server.migration?.status === "running") {
      // It may have arrived a moment before: in the worst case its guest runs there, and nobody knows.
      server.migration.status = "dark";
      server.runsElsewhere = true;
    }
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
    host.confirmedAt = undefined;
  }

  hang(name: HostName, hung: boolean): void {
    const host = this.host(name);
    host.hung = hung;
    host.changedAt = this.now;
  }

  forgetWords(): void {
    for (const host of this.hosts.values()) host.confirmedAt = undefined;
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
      this.#cleanUp(name, host);
      this.#migrate(name, host);
    }
  }

  /** A nova-compute that has begun anew destroys what was evacuated from its host. */
  #cleanUp(name: HostName, { server, poweredAt, runs }: ModelHost): void {
    if (server.record?.status !== "done" || !this.lives(name) || !this.novaUp) return;
    if (poweredAt > server.record.at && this.now - poweredAt >= cleanUpMs && !runs) {
      server.record.status = "completed";
    }
  }

  /** In the worst case a host that came on starts what Nova still puts on it. */
  #startServer(name: HostName, host: ModelHost): void {
    const { server } = host;
    if (!this.lives(name) || host.runs || this.now - host.poweredAt < serverStartMs) return;
    const isOurs =
      server.host === name && server.record?.status !== "accepted" && !isMigrating(server);
    if (!isOurs && !host.startsAll) return;
    host.runs = true;
    // What libvirt starts by itself nobody can keep from running twice: it is to be seen, and ended.
    if (isOurs) this.#judgeTwice(name, host);
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
    if (server.migration?.status === "running" || server.migration?.status === "dark") {
      this.violations.push(`invariant 23: the server of ${name} is evacuated in a live migration`);
    }
    server.record = { id: (server.record?.id ?? 0) + 1, status: "accepted", at: this.now };
    return { kind: "accepted", requestId: "r" };
  }

  /** The shell looks before it calls: the server must be there, run, and nothing be done with it. */
  liveMigrate(name: HostName): ApiAnswer {
    const { server, runs } = this.host(name);
    const busy = server.record?.status === "accepted" || isMigrating(server);
    if (!runs || server.host !== name || busy) {
      return { kind: "refused", status: 409, reason: "it is not there, or busy" };
    }
    server.migration = { id: (server.migration?.id ?? 0) + 1, status: "running", at: this.now };
    return { kind: "accepted", requestId: "r" };
  }

  /** A live migration comes to its end, or a host that came back tells how it ended. */
  #migrate(name: HostName, { server, runs }: ModelHost): void {
    const { migration } = server;
    if (migration?.status === "dark" && this.lives(name) && this.novaUp) {
      // Nova gives it up: people must see where its guest runs.
      if (this.now - this.host(name).poweredAt >= quantumMs) migration.status = "error";
    }
    if (migration?.status !== "running" || this.stalled || !runs) return;
    if (this.now - migration.at < migrateMs) return;
    migration.status = "completed";
    server.host = peer;
    server.runsElsewhere = true;
    this.host(name).runs = false;
  }

  /** People mend everything about a host: it is on, enabled, its server is on it again. */
  repair(name: HostName): void {
    const host = this.host(name);
    if (!host.power) host.boots += 1;
    this.hosts.set(name, { ...newHost(name, this.now, this.emptied), boots: host.boots });
  }
}

export function isMigrating({ migration }: ModelServer): boolean {
  return migration?.status === "running" || migration?.status === "dark";
}

/** The reason that a person gave who emptied a host. */
export const emptiedMark = "ann: a new board";

function newHost(name: HostName, now: number, emptied: boolean): ModelHost {
  return {
    power: true,
    hung: false,
    bmc: "normal",
    poweredAt: now - 100 * quantumMs,
    changedAt: now - 100 * quantumMs,
    boots: 0,
    reportedAt: now,
    novaAt: now,
    disabledReason: emptied ? emptiedMark : undefined,
    forcedDown: false,
    runs: !emptied,
    startsAll: false,
    degraded: false,
    confirmedAt: undefined,
    server: {
      host: emptied ? peer : name,
      runsElsewhere: emptied,
      record: undefined,
      migration: undefined,
    },
  };
}
