/** One simulated compute host: its power, its networks, what runs on it. */
import type { HostName, ServerId } from "../../shared/names.ts";
import type { HostChecks, NetworkName } from "../../shared/telemetry.ts";

export interface WorldHost {
  readonly name: HostName;
  readonly uuid: string;
  power: boolean;
  boot: number;
  /** Everything on the host stands still although its power is on. */
  hung: boolean;
  probe: boolean;
  compute: boolean;
  readonly networks: Record<NetworkName, boolean>;
  checks: Partial<HostChecks>;
  /** When its power or networks last changed for the better. */
  mendedAt: number;
  /** When it last answered on any network we see. */
  answeredAt: number;
  sequence: number;
  probeEpoch: number;
  /** Servers whose process runs on this host now: the truth, whatever Nova says. */
  readonly running: Set<ServerId>;
}

export function newWorldHost(name: HostName, index: number): WorldHost {
  const uuid = (0x1000 + index).toString(16).padStart(8, "a").repeat(4).slice(0, 30) + "7b";
  return {
    name,
    uuid,
    power: true,
    boot: 1,
    hung: false,
    probe: true,
    compute: true,
    networks: { management: true, storage: true, business: true },
    checks: {},
    mendedAt: 0,
    answeredAt: 0,
    sequence: 0,
    probeEpoch: 1,
    running: new Set(),
  };
}

export function bootId(host: WorldHost): string {
  return `${host.uuid.slice(0, 8)}${host.boot.toString(16).padStart(8, "0")}`;
}

/** Whether the kernel of the host answers on a network. */
export function answers(host: WorldHost, network: NetworkName): boolean {
  return host.power && !host.hung && host.networks[network];
}

export function checksOf(host: WorldHost): HostChecks {
  return {
    storage: host.networks.storage ? "up" : "down",
    storageAgeMs: 500,
    business: host.networks.business ? "up" : "down",
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
    ...host.checks,
  };
}

/** Everything on it dies at once, as when its power fails. */
export function powerLoss(host: WorldHost): void {
  host.power = false;
  host.hung = false;
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
