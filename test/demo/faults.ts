/** What people break on the demo's page, and how it is mended. The simulated cloud is broken, never the guardian. */
import { describeError } from "../../shared/errors.ts";
import { sleep } from "../../shared/loop.ts";
import type { DemoCloud } from "./cloud.ts";

export const faultKinds = [
  "power-loss",
  "storage-cut",
  "read-only",
  "rack-switch",
  "glitch",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Broken {
  readonly fault: FaultKind;
  /** A host, or a rack. */
  readonly target: string;
  readonly sinceMs: number;
}

export interface Faults {
  readonly broken: readonly Broken[];
  readonly targetsOf: (fault: FaultKind) => readonly string[];
  /** Why not; undefined when it is done. */
  break(fault: string, target: string): string | undefined;
  mend(fault: string, target: string): string | undefined;
}

export interface FaultsOptions {
  readonly cloud: DemoCloud;
  /** Tells whoever reads the terminal. */
  readonly say: (actor: "world" | "operator", text: string) => void;
  /** The verdict on a host, as the guardian gives it. */
  readonly verdictOf: (host: string) => Promise<string>;
  readonly release: (host: string) => Promise<void>;
  readonly signal: AbortSignal;
}

const glitchMs = 60_000;
const lookEveryMs = 250;
const looksMax = 60;

export function createFaults(options: FaultsOptions): Faults {
  const { cloud, say, signal } = options;
  const broken: Broken[] = [];
  const hosts = cloud.hosts.map(({ simulated }) => String(simulated.name));
  const racks = [...new Set(hosts.map((host) => cloud.rackOf(host)))];

  function targetsOf(fault: FaultKind): readonly string[] {
    return fault === "rack-switch" ? racks : hosts;
  }

  function hostsOf({ fault, target }: Broken): readonly string[] {
    return fault === "rack-switch"
      ? hosts.filter((host) => cloud.rackOf(host) === target)
      : [target];
  }

  function end(one: Broken): void {
    const at = broken.indexOf(one);
    if (at < 0) return;
    broken.splice(at, 1);
    undo(options, one, hostsOf(one)).catch((error: unknown) =>
      say("operator", `${one.target} is not mended: ${describeError(error)}`),
    );
  }

  return {
    broken,
    targetsOf,
    break(fault, target) {
      const kind = faultKinds.find((known) => known === fault);
      if (kind === undefined) return `no such fault: ${fault}; known: ${faultKinds.join(", ")}`;
      if (!targetsOf(kind).includes(target)) {
        return `${kind} has no target ${target}; known: ${targetsOf(kind).join(", ")}`;
      }
      const one: Broken = { fault: kind, target, sinceMs: Date.now() };
      const touched = hostsOf(one);
      const other = broken.find((before) => hostsOf(before).some((host) => touched.includes(host)));
      if (other !== undefined) return `${other.target} is broken already: mend it first`;
      broken.push(one);
      say("world", doTo(cloud, one, touched));
      if (kind === "glitch")
        void sleep(glitchMs, signal).then(() => (signal.aborted ? undefined : end(one)));
      return undefined;
    },
    mend(fault, target) {
      const one = broken.find((known) => known.fault === fault && known.target === target);
      if (one === undefined) return `${target} has no ${fault} to mend`;
      end(one);
      return undefined;
    },
  };
}

/** Breaks it; says what was broken. */
function doTo(cloud: DemoCloud, { fault, target }: Broken, hosts: readonly string[]): string {
  const simulated = hosts.map((host) => cloud.host(host).simulated);
  switch (fault) {
    case "power-loss":
      for (const host of simulated) host.powerLoss();
      return `${target} loses power`;
    case "storage-cut":
      for (const host of simulated) host.cutNetwork("storage");
      return `the storage network of ${target} is cut`;
    case "read-only":
      for (const host of hosts) cloud.readOnly.add(host);
      return `the instances directory of ${target} can only be read`;
    case "rack-switch":
      for (const host of simulated) {
        host.cutNetwork("management");
        host.cutNetwork("storage");
      }
      return `the switch of rack ${target} fails: ${hosts.join(", ")}`;
    case "glitch":
      for (const host of simulated) host.cutNetwork("management");
      return `the management network of ${target} fails for ${glitchMs / 1000} s`;
    default:
      return fault satisfies never;
  }
}

async function undo(
  { cloud, say, verdictOf, release, signal }: FaultsOptions,
  { fault, target }: Broken,
  hosts: readonly string[],
): Promise<void> {
  for (const host of hosts) {
    const { simulated } = cloud.host(host);
    cloud.readOnly.delete(host);
    simulated.healNetwork("management");
    simulated.healNetwork("storage");
    simulated.powerOn();
  }
  say("operator", `${target} is mended${fault === "power-loss" ? " and switched on" : ""}`);
  if (fault === "glitch" || fault === "storage-cut" || fault === "read-only") return;
  for (const host of hosts) {
    for (let looks = 0; looks < looksMax && !signal.aborted; looks += 1) {
      if ((await verdictOf(host)) !== "dead") break;
      await sleep(lookEveryMs, signal);
    }
    // One that was not fenced needs no release: the guardian says so.
    await release(host).catch(() => undefined);
    giveBack(cloud, host);
  }
}

/** What an operator does in Nova after a repair. */
function giveBack(cloud: DemoCloud, host: string): void {
  const { nova } = cloud.openstack;
  const service = nova.service(host);
  nova.updateService(service, { forced_down: false });
  nova.updateService(service, { status: "enabled" });
}
