/** Simulated power devices, honest and otherwise. */
import type { PowerOffAnswer, PowerReading } from "../../guardian/ports.ts";
import type { HostName } from "../../shared/names.ts";
import { powerLoss, type WorldHost } from "./world-host.ts";

export type BmcMode = "normal" | "stuck" | "unreachable" | "refuses" | "lies-off";

export interface WorldBmc {
  mode: BmcMode;
  /** Whose chassis it really is. */
  chassis: HostName;
  latencyMs: number;
}

/** What a device says of the chassis it is wired to. */
export function readBmc(bmc: WorldBmc | undefined, chassis: WorldHost): PowerReading {
  if (bmc === undefined || bmc.mode === "unreachable") {
    return { power: "unknown", reason: "no answer within 5 s" };
  }
  const identity = { guid: chassis.uuid, uuid: undefined, serial: undefined };
  if (bmc.mode === "lies-off") return { power: "off", identity };
  return { power: chassis.power ? "on" : "off", identity };
}

/** Carries out an off command as the device's mode has it, and answers it. */
export function switchOff(bmc: WorldBmc | undefined, chassis: WorldHost): PowerOffAnswer {
  if (bmc === undefined || bmc.mode === "unreachable") {
    return { kind: "no-answer", reason: "no answer within 5 s" };
  }
  if (bmc.mode === "refuses") return { kind: "refused", reason: "node busy" };
  if (bmc.mode !== "normal") return { kind: "done" };
  if (!chassis.power) return { kind: "already-off" };
  powerLoss(chassis);
  return { kind: "done" };
}
