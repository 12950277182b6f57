/**
 * One simulated compute host: the single truth about its power, boots and networks that the fake
 * BMC, the fake Nova and the echo responders share.
 */
import { randomBytes } from "node:crypto";
import { hostName, type HostName } from "../../shared/names.ts";
import type { NetworkName } from "../../shared/telemetry.ts";

export interface SimulatedHostOptions {
  readonly name: string;
  readonly uuid: string;
  readonly serial?: string;
  /** A loopback address per network, 127.x.y.z. */
  readonly addresses?: Partial<Readonly<Record<NetworkName, string>>>;
}

export class SimulatedHost {
  readonly name: HostName;
  readonly uuid: string;
  readonly serial: string;
  readonly addresses: Partial<Readonly<Record<NetworkName, string>>>;
  /** What its BMC says it does when the mains come back, in Redfish's words. */
  restore: string | undefined;
  #power: "on" | "off" = "on";
  #bootId = newBootId();
  #novaComputeRuns = true;
  readonly #cut = new Set<NetworkName>();
  readonly #listeners: (() => void)[] = [];

  constructor(options: SimulatedHostOptions) {
    this.name = hostName(options.name);
    this.uuid = options.uuid;
    this.serial = options.serial ?? `SN-${options.name}`;
    this.addresses = options.addresses ?? {};
  }

  get power(): "on" | "off" {
    return this.#power;
  }

  /** 16 hex digits, new at each power-on. */
  get bootId(): string {
    return this.#bootId;
  }

  /** Whether its nova-compute can report to Nova. */
  get reportsToNova(): boolean {
    return this.#power === "on" && this.#novaComputeRuns && !this.#cut.has("management");
  }

  /** Whether a packet to this network's address is answered. */
  answersOn(network: NetworkName): boolean {
    return this.#power === "on" && !this.#cut.has(network);
  }

  /** Power is gone, by a fault or by a power button. */
  powerLoss(): void {
    this.#power = "off";
    this.#changed();
  }

  powerOn(): void {
    if (this.#power === "off") this.#bootId = newBootId();
    this.#power = "on";
    this.#changed();
  }

  cutNetwork(network: NetworkName): void {
    this.#cut.add(network);
    this.#changed();
  }

  healNetwork(network: NetworkName): void {
    this.#cut.delete(network);
    this.#changed();
  }

  /** Its nova-compute process dies; everything else goes on. */
  stopNovaCompute(): void {
    this.#novaComputeRuns = false;
    this.#changed();
  }

  startNovaCompute(): void {
    this.#novaComputeRuns = true;
    this.#changed();
  }

  /** Calls `listener` after each change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function newBootId(): string {
  return randomBytes(8).toString("hex");
}
