/** The reception of a collector without socket and store. */
import { createReception, type Reception } from "../../collector/reception.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { collectorId } from "../../shared/names.ts";
import { benchMaster } from "./collector-sender.ts";

export function createBenchReception(acknowledgeEvery: number): Reception {
  return createReception({
    collector: collectorId("bench"),
    epoch: 1,
    masters: new Map([[1, benchMaster]]),
    restored: [],
    revokedHosts: [],
    serversMax: 100_000,
    acknowledgeEvery,
    inherited: 0,
    settings: () => undefined,
    guardians: undefined,
    clock: systemClock,
    log: silentLogger,
  });
}
