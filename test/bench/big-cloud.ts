/** A cloud of any size around the real reducer, with no simulation: rows made once a second. */
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { initialState, step } from "../../guardian/core/guardian.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { ComputeService } from "../../guardian/ports.ts";
import { collectorId, hostName, type HostName } from "../../shared/names.ts";
import { noLedger, type LivenessRow } from "../../shared/telemetry.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { healthyChecks } from "../support/sample-report.ts";
import { worldSettings } from "../support/world-settings.ts";

const collector = collectorId("c1");
const wallStart = 1_780_000_000_000;

export class BigCloud {
  state: GuardianState;
  readonly names: readonly HostName[];
  /** Hosts that say nothing and answer nothing any more. */
  silent: ReadonlySet<HostName> = new Set();
  #now = 100_000;
  #effects: readonly Effect[] = [];
  readonly #rows = new Map<HostName, LivenessRow>();

  constructor(hosts: number) {
    this.names = Array.from({ length: hosts }, (_, index) => hostName(`compute-${index + 1}`));
    const settings = { ...worldSettings(this.names, {}), mode: "observe" as const };
    this.state = initialState(settings, monoMs(this.#now), wallMs(wallStart));
    const at = monoMs(this.#now);
    const wall = wallMs(wallStart);
    this.#take({ kind: "started", at, wall, epoch: 1, memory: undefined, starts: [wall] });
    for (const [index, host] of this.names.entries()) this.#pin(host, index);
  }

  /** Each device was read and is its host's own: a state that a real start reaches in a minute. */
  #pin(host: HostName, index: number): void {
    const at = monoMs(this.#now);
    const guid = index.toString(16).padStart(32, "a");
    const reading = {
      power: "on" as const,
      identity: { guid, uuid: undefined, serial: undefined },
    };
    if (index > 200) return; // pinning copies the list of devices: the rest are as a start has them
    this.#take({ kind: "power-read", at, askedAt: at, host, device: "bmc", reading });
  }

  #take(event: GuardianEvent): void {
    const result = step(this.state, event);
    this.state = result.state;
    this.#effects = result.effects;
  }

  /** One second: reports, Nova's list, echoes of the anchors, four rounds. Milliseconds of each. */
  second(): {
    readonly tickMs: readonly number[];
    readonly telemetryMs: number;
    readonly answerMs: number;
  } {
    const ticks: number[] = [];
    const telemetryMs = timed(() => this.#report());
    let answerMs = 0;
    for (let round = 0; round < 4; round += 1) {
      this.#now += 250;
      const at = monoMs(this.#now);
      const wall = wallMs(wallStart + this.#now);
      ticks.push(timed(() => this.#take({ kind: "tick", at, wall, disarmed: false })));
      const asked = this.#effects;
      answerMs += timed(() => {
        for (const effect of asked) this.#answer(effect);
      });
    }
    return { tickMs: ticks, telemetryMs, answerMs };
  }

  #answer(effect: Effect): void {
    const at = monoMs(this.#now + 1);
    if (effect.kind === "ping-anchor") {
      const { network, address } = effect;
      const result = { kind: "echo", rttMs: 1 } as const;
      this.#take({ kind: "anchor-pinged", at, sentAt: at, network, address, result });
    } else if (effect.kind === "ping") {
      const { host, network } = effect;
      this.#take({
        kind: "pinged",
        at,
        sentAt: at,
        host,
        network,
        result: { kind: "no-echo" },
      });
    }
  }

  #report(): void {
    const at = monoMs(this.#now);
    for (const host of this.names)
      if (!this.silent.has(host)) this.#rows.set(host, this.#row(host));
    const watermarks = [
      { collector, epoch: 1, monoMs: monoMs(this.#now - 3000), ledger: { ...noLedger } },
    ];
    const liveness = [...this.#rows.values()];
    this.#take({ kind: "telemetry", at, source: "live", watermarks, liveness });
    this.#take({ kind: "services", at, askedAt: at, services: this.#services(), unreadable: [] });
  }

  #services(): readonly ComputeService[] {
    return this.names.map((host) => ({
      serviceId: `service-${host}`,
      zone: "nova",
      host,
      status: "enabled",
      state: "up",
      forcedDown: false,
      disabledReason: undefined,
      updatedAt: this.silent.has(host) ? "0" : String(Math.floor(this.#now / 10_000)),
    }));
  }

  #row(host: HostName): LivenessRow {
    return {
      collector,
      collectorEpoch: 1,
      host,
      path: "management",
      arrivalMs: monoMs(this.#now - 3000),
      bootId: "b0070000000000a1",
      probeEpoch: 1,
      sequence: this.#now,
      sentWallMs: wallStart + this.#now,
      sent: 1,
      sendErrors: 0,
      checks: { ...healthyChecks },
    };
  }
}

function timed(work: () => void): number {
  const from = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - from) / 1e6;
}
