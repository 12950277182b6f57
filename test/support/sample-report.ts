/** Ready-made facts about a healthy host, for tests and the demo. */
import { hostName } from "../../shared/names.ts";
import type { HostChecks } from "../../shared/telemetry.ts";
import type { DatagramHeader } from "../../shared/wire.ts";

export const healthyChecks: HostChecks = {
  storage: "up",
  storageAgeMs: 200,
  business: "up",
  businessAgeMs: 300,
  directory: "ok",
  directoryAgeMs: 1200,
  directoryLatencyMs: 7,
  libvirt: "up",
  libvirtAgeMs: 100,
  serversTotal: 3,
  serversRunning: 2,
  notice: "none",
  hardwareUuid: "a1b2c3d4e5f60718293a4b5c6d7e8f90",
  bmcGuid: "",
};

/** A header of host compute-1 on the management path, with what the test cares about changed. */
export function sampleHeader(changes: Partial<DatagramHeader> = {}): DatagramHeader {
  return {
    keyId: 1,
    path: "management",
    host: hostName("compute-1"),
    bootId: "0123456789abcdef",
    probeEpoch: 5000,
    sequence: 1,
    sentWallMs: 1_700_000_000_000,
    sentMonoMs: 5001.5,
    sent: 1,
    sendErrors: 0,
    ...changes,
  };
}
