/** What is true of a host of the core fixture, and how each begins. */
import type { PowerOffAnswer, PowerOnAnswer } from "../../guardian/ports.ts";
import type { HostChecks, LivenessRow, NetworkName } from "../../shared/telemetry.ts";
import { healthyChecks } from "./sample-report.ts";

export const both: readonly NetworkName[] = ["management", "storage"];

/** What is true of one host. */
export interface Facts {
  reports: boolean;
  /** Networks on which it answers pings. */
  echo: readonly NetworkName[];
  power: "on" | "off" | "unknown";
  guid: string;
  offAnswer: PowerOffAnswer;
  /** Whether an off command that the device answers turns it off. */
  turnsOff: boolean;
  onAnswer: PowerOnAnswer;
  /** Whether it comes up when it is switched on. */
  turnsOn: boolean;
  novaReports: boolean;
  checks: HostChecks;
  bootId: string;
  /** What else its reports say. */
  says: Partial<LivenessRow>;
}

/** A host that is well, and answers everything. */
export function healthyFacts(index: number): Facts {
  const guid = `${(0xc0ffee00 + index).toString(16)}112233445566778899aabbcc`;
  return {
    reports: true,
    echo: both,
    power: "on",
    guid,
    offAnswer: { kind: "done" },
    turnsOff: true,
    onAnswer: { kind: "done" },
    turnsOn: true,
    novaReports: true,
    checks: { ...healthyChecks, serversTotal: 0, serversRunning: 0, hardwareUuid: guid },
    bootId: "b0070000000000a1",
    says: {},
  };
}
