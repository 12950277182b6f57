/** Simulated power devices, honest and otherwise. */
import type {
  DeviceIdentity,
  PowerOffAnswer,
  PowerOnAnswer,
  PowerReading,
  PowerRestore,
} from "../../guardian/ports.ts";
import type { HostName } from "../../shared/names.ts";
import type { WorldHost } from "./world-host.ts";
import type { World } from "./world.ts";

export type BmcMode =
  | "normal"
  /** Says done, and does nothing. */
  | "stuck"
  | "unreachable"
  | "refuses"
  | "lies-off"
  | "lies-on"
  /** Says done to an off order and does nothing, but reads off from then on. */
  | "lies-after-off"
  /** Does it, and its answer is lost. */
  | "answer-lost"
  /** Says done, and the chassis goes off some seconds later. */
  | "slow-off";

export interface WorldBmc {
  mode: BmcMode;
  /** Whose chassis it really is. */
  chassis: HostName;
  latencyMs: number;
  /** It looks when it is asked, and answers what was true then. */
  looksEarly: boolean;
  /** Out of reach for good: nothing mends it. */
  gone: boolean;
  /** It has no power of its own. */
  diesWithHost: boolean;
  /** An outlet of a power strip: the host is off when all of its outlets are; it shows nothing. */
  outlet: { on: boolean } | undefined;
  /** A GUID of its own, that no host knows. */
  shows: string | undefined;
  /** What it says it does when the mains come back. */
  restore: PowerRestore | undefined;
  /** Outlets that it has its own power from; none: it always has some. */
  fedBy: readonly WorldBmc[];
  offDelayMs: number;
}

export function newBmc(chassis: HostName): WorldBmc {
  return {
    mode: "normal",
    chassis,
    latencyMs: 60,
    looksEarly: false,
    gone: false,
    diesWithHost: false,
    outlet: undefined,
    shows: undefined,
    restore: undefined,
    fedBy: [],
    offDelayMs: 4000,
  };
}

export function newOutlet(chassis: HostName): WorldBmc {
  return { ...newBmc(chassis), outlet: { on: true } };
}

/** A host's BMC, fed by as many outlets as it has power supplies. */
export function furnishLevels(world: World, host: HostName, outlets: number): void {
  const further = Array.from({ length: outlets }, () => newOutlet(host));
  const bmc = world.bmcs.get(host);
  if (bmc !== undefined) bmc.fedBy = further;
  world.further.set(host, further);
}

const showsNothing: DeviceIdentity = { guid: undefined, uuid: undefined, serial: undefined };

export function isReachable(bmc: WorldBmc | undefined, chassis: WorldHost): bmc is WorldBmc {
  if (bmc === undefined || bmc.mode === "unreachable" || bmc.gone) return false;
  if (bmc.fedBy.length > 0 && bmc.fedBy.every(({ outlet }) => outlet?.on === false)) return false;
  return chassis.power || !bmc.diesWithHost;
}

function identityOf(bmc: WorldBmc, chassis: WorldHost): DeviceIdentity {
  if (bmc.outlet !== undefined) return showsNothing;
  return { guid: bmc.shows ?? chassis.uuid, uuid: undefined, serial: undefined };
}

/** What a device says of the chassis it is wired to. */
export function readBmc(bmc: WorldBmc | undefined, chassis: WorldHost): PowerReading {
  if (!isReachable(bmc, chassis)) return { power: "unknown", reason: "no answer within 5 s" };
  const identity = identityOf(bmc, chassis);
  if (bmc.mode === "lies-off") return { power: "off", identity };
  if (bmc.mode === "lies-on") return { power: "on", identity };
  const on = bmc.outlet === undefined ? chassis.power : bmc.outlet.on;
  const reading = { power: on ? ("on" as const) : ("off" as const), identity };
  return bmc.restore === undefined ? reading : { ...reading, restore: bmc.restore };
}

/** What a device answers to an off command, and whether it carries it out, and when. */
export interface SwitchOff {
  readonly answer: PowerOffAnswer;
  readonly carriedOutAfterMs: number | undefined;
}

export function switchOff(
  bmc: WorldBmc | undefined,
  chassis: WorldHost,
  expected: DeviceIdentity,
): SwitchOff {
  const never = undefined;
  if (!isReachable(bmc, chassis)) {
    const answer = { kind: "no-answer", reason: "no answer within 5 s" } as const;
    return { answer, carriedOutAfterMs: never };
  }
  if (bmc.mode === "refuses") {
    return { answer: { kind: "refused", reason: "node busy" }, carriedOutAfterMs: never };
  }
  if (identityOf(bmc, chassis).guid !== expected.guid) {
    const reason = "it shows another identity than expected";
    return { answer: { kind: "refused", reason }, carriedOutAfterMs: never };
  }
  if (bmc.mode === "answer-lost") {
    const answer = { kind: "no-answer", reason: "no answer within 5 s" } as const;
    return { answer, carriedOutAfterMs: 0 };
  }
  if (bmc.mode === "slow-off") {
    return { answer: { kind: "done" }, carriedOutAfterMs: bmc.offDelayMs };
  }
  if (bmc.mode === "lies-after-off") bmc.mode = "lies-off";
  if (bmc.mode === "stuck" || bmc.mode === "lies-off") {
    return { answer: { kind: "done" }, carriedOutAfterMs: never };
  }
  if (bmc.mode === "lies-on") return { answer: { kind: "done" }, carriedOutAfterMs: 0 };
  const on = bmc.outlet === undefined ? chassis.power : bmc.outlet.on;
  if (!on) return { answer: { kind: "already-off" }, carriedOutAfterMs: never };
  return { answer: { kind: "done" }, carriedOutAfterMs: 0 };
}

/** What a device answers to an on command, and whether it carries it out. */
export function switchOn(
  bmc: WorldBmc | undefined,
  chassis: WorldHost,
  expected: DeviceIdentity | undefined,
): { readonly answer: PowerOnAnswer; readonly isCarriedOut: boolean } {
  if (!isReachable(bmc, chassis)) {
    const answer = { kind: "no-answer", reason: "no answer within 5 s" } as const;
    return { answer, isCarriedOut: false };
  }
  if (bmc.mode === "refuses") {
    return { answer: { kind: "refused", reason: "node busy" }, isCarriedOut: false };
  }
  if (expected !== undefined && identityOf(bmc, chassis).guid !== expected.guid) {
    const reason = "it shows another identity than expected";
    return { answer: { kind: "refused", reason }, isCarriedOut: false };
  }
  const isCarriedOut = bmc.mode !== "stuck";
  if (bmc.mode !== "answer-lost") return { answer: { kind: "done" }, isCarriedOut };
  return { answer: { kind: "no-answer", reason: "no answer within 5 s" }, isCarriedOut };
}
