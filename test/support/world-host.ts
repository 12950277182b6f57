/** One simulated compute host: its rack, its power, its networks, what runs on it. */
import { badDirectories } from "../../guardian/core/self-checks.ts";
import type { HostName, ServerId } from "../../shared/names.ts";
import type { HostChecks, NetworkName } from "../../shared/telemetry.ts";

/** What hosts share: power feeds and switches fail for all of a rack at once. */
export interface WorldRack {
  readonly name: string;
  readonly networks: Record<NetworkName, boolean>;
}

/** The way of a host's reports to the collectors, when it is not a perfect one. */
export interface ReportLink {
  readonly lossShare: number;
  /** Each datagram is late by up to this, so they overtake each other. */
  readonly delayMs: number;
  readonly duplicateShare: number;
}

export interface WorldHost {
  readonly name: HostName;
  readonly uuid: string;
  readonly rack: WorldRack;
  power: boolean;
  boot: number;
  /** Everything on the host stands still although its power is on. */
  hung: boolean;
  /** Its power is on, and its kernel does not run yet. */
  booting: boolean;
  /** When its power came on last. */
  onAt: number;
  probe: boolean;
  compute: boolean;
  /** The boot in which its nova-compute has reported to Nova. */
  computeBoot: number;
  readonly networks: Record<NetworkName, boolean>;
  /** Networks by which its probe reports. */
  reportPaths: readonly NetworkName[];
  /** The network by which its nova-compute reaches Nova; undefined: one that nobody else uses. */
  novaPath: NetworkName | undefined;
  link: ReportLink | undefined;
  /** One way only: its reports arrive, echo requests to it do not. */
  echoLost: boolean;
  /** How far its wall clock is off: shown in reports, never to be believed. */
  wallSkewMs: number;
  checks: Partial<HostChecks>;
  /** When its power or networks last changed for the better. */
  mendedAt: number;
  /** When somebody last played a recording of an earlier boot of it. */
  playedAt: number;
  /** When it last answered on any network we see. */
  answeredAt: number;
  /** When it was last seen with power and not hung. */
  aliveAt: number;
  sequence: number;
  probeEpoch: number;
  /** Servers whose process runs on this host now: the truth, whatever Nova says. */
  readonly running: Set<ServerId>;
  /** What its last report said, kept while nothing of it changed. */
  told: Told | undefined;
}

interface Told {
  readonly storage: boolean;
  readonly business: boolean;
  readonly servers: number;
  readonly own: Partial<HostChecks>;
  readonly checks: HostChecks;
  readonly boot: number;
  readonly bootId: string;
}

/** Hosts are dealt out to the racks one by one. */
export function rackName(index: number, racks: number): string {
  return `rack-${(index % racks) + 1}`;
}

export function newRack(name: string): WorldRack {
  return { name, networks: { management: true, storage: true, business: true } };
}

export function newWorldHost(name: HostName, index: number, rack: WorldRack): WorldHost {
  const uuid = (0x1000 + index).toString(16).padStart(8, "a").repeat(4).slice(0, 30) + "7b";
  return {
    name,
    uuid,
    rack,
    power: true,
    boot: 1,
    hung: false,
    booting: false,
    onAt: 0,
    probe: true,
    compute: true,
    computeBoot: 1,
    networks: { management: true, storage: true, business: true },
    reportPaths: ["management"],
    novaPath: "management",
    link: undefined,
    echoLost: false,
    wallSkewMs: 0,
    checks: {},
    mendedAt: 0,
    playedAt: Number.NEGATIVE_INFINITY,
    answeredAt: 0,
    aliveAt: 0,
    sequence: 0,
    probeEpoch: 1,
    running: new Set(),
    told: undefined,
  };
}

export function bootId(host: WorldHost): string {
  return `${host.uuid.slice(0, 8)}${host.boot.toString(16).padStart(8, "0")}`;
}

/** Whether its end of a network works, and its rack's switch. */
export function isCabled(host: WorldHost, network: NetworkName): boolean {
  return host.networks[network] && host.rack.networks[network];
}

/** Whether its kernel runs. */
export function isRunning(host: WorldHost): boolean {
  return host.power && !host.hung && !host.booting;
}

/** Whether the kernel of the host can be reached on a network. */
export function answers(host: WorldHost, network: NetworkName): boolean {
  return isRunning(host) && isCabled(host, network);
}

/** Whether an echo request on a network comes back. */
export function echoes(host: WorldHost, network: NetworkName): boolean {
  return answers(host, network) && !host.echoLost;
}

/** What its probe says now, and of which boot; the same objects while nothing changes. */
export function toldBy(host: WorldHost): Told {
  const storage = isCabled(host, "storage");
  const business = isCabled(host, "business");
  const servers = host.running.size;
  const { told, boot, checks: own } = host;
  const same =
    told?.storage === storage &&
    told.business === business &&
    told.servers === servers &&
    told.own === own &&
    told.boot === boot;
  if (told !== undefined && same) return told;
  const checks = checksOf(host, storage, business);
  host.told = { storage, business, servers, own, checks, boot, bootId: bootId(host) };
  return host.told;
}

function checksOf(host: WorldHost, storage: boolean, business: boolean): HostChecks {
  return {
    storage: storage ? "up" : "down",
    storageAgeMs: 500,
    business: business ? "up" : "down",
    businessAgeMs: 500,
    directory: "ok",
    directoryAgeMs: 2000,
    directoryLatencyMs: 4,
    libvirt: "up",
    libvirtAgeMs: 500,
    serversTotal: host.running.size,
    serversRunning: host.running.size,
    notice: "none",
    hardwareUuid: host.uuid,
    bmcGuid: "",
    ...host.checks,
  };
}

/** Its servers' disks cannot work, as its probe says while it runs; undefined of a host that does not run. */
export function isWithoutDisks(host: WorldHost): boolean | undefined {
  if (!isRunning(host)) return undefined;
  return badDirectories.some((bad) => bad === host.checks.directory) || !isCabled(host, "storage");
}

/** Everything on it dies at once, as when its power fails. */
export function powerLoss(host: WorldHost): void {
  host.power = false;
  host.hung = false;
  host.booting = false;
  host.running.clear();
}

/** It comes up anew: a new boot; its nova-compute and probe start, its servers do not. */
export function powerOn(host: WorldHost): void {
  if (host.power) return;
  host.power = true;
  host.boot += 1;
  host.sequence = 0;
  host.probeEpoch += 1;
  host.checks = {};
}
