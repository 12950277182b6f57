/** Power devices that hang, lie, answer late, die with their host or belong to another one. */
import { startProbe } from "./faults-host.ts";
import type { BmcMode } from "../support/world-power.ts";
import { byLuck, type FaultKind } from "./fault.ts";
import { vouch, type Scene } from "./scene.ts";
import type { WorldHost } from "../support/world-host.ts";

export const powerFaults: readonly FaultKind[] = [
  inMode("bmc-hangs", "unreachable", 2),
  inMode("bmc-refuses", "refuses", 1),
  inMode("bmc-does-nothing", "stuck", 1),
  inMode("bmc-always-says-on", "lies-on", 1),
  inMode("bmc-answer-lost", "answer-lost", 2),
  inMode("bmc-switches-late", "slow-off", 2),
  {
    name: "bmc-always-says-off",
    weight: 2,
    inject: (scene, { host, lastsMs }) => liesOff(scene, host, lastsMs * 3),
  },
  {
    name: "bmc-always-says-off-of-a-flapping-host",
    weight: 3,
    inject: (scene, { host, lastsMs }) => {
      if (!host.probe || !liesOff(scene, host, lastsMs + 60_000)) return false;
      // Its reports stop for a moment, so that its device is read, and come again.
      for (let flap = 0; flap < 4; flap += 1) {
        scene.later(flap * 12_000, () => void (host.probe = false));
        scene.later(flap * 12_000 + 4500, () => startProbe(host));
      }
      return true;
    },
  },
  {
    name: "bmc-says-off-once-ordered",
    weight: 1,
    inject: (scene, { host, lastsMs }) => liesOff(scene, host, lastsMs + 180_000, "lies-after-off"),
  },
  {
    name: "bmc-answers-late",
    weight: 2,
    inject: (scene, { host, lastsMs, luck }) => {
      const device = scene.device(host);
      if (device === undefined) return false;
      device.latencyMs = 1000 + luck[0] * 5500;
      device.looksEarly = luck[1] < 0.6;
      scene.later(lastsMs, () => {
        device.latencyMs = scene.plan.cloud.bmcLatencyMs;
        device.looksEarly = false;
      });
      return true;
    },
  },
  {
    name: "bmc-dies-with-host",
    weight: 1,
    inject: (scene, { host }) => {
      const device = scene.device(host);
      if (device === undefined) return false;
      device.diesWithHost = true;
      return true;
    },
  },
  {
    name: "bmc-gone-for-good",
    weight: 3,
    inject: (scene, { host }) => {
      const device = scene.device(host);
      if (device === undefined || scene.lying.has(host.name)) return false;
      device.gone = true;
      return true;
    },
  },
  {
    name: "outlet-fails",
    weight: 3,
    inject: (scene, { lastsMs, luck }) => {
      const outlets = [...scene.world.further.values()].flat();
      const outlet = outlets[Math.floor(luck[0] * outlets.length)];
      if (outlet === undefined) return false;
      const mode = byLuck<BmcMode>(luck[1], [
        "unreachable",
        "refuses",
        "stuck",
        "answer-lost",
        "slow-off",
      ]);
      outlet.mode = mode;
      scene.later(lastsMs, () => {
        if (outlet.mode === mode) outlet.mode = "normal";
      });
      return true;
    },
  },
  {
    name: "bmc-of-another-host",
    weight: 2,
    inject: (scene, { host, other }) => swap(scene, host, other),
  },
  {
    name: "bmc-of-another-host-vouched-for",
    weight: 3,
    inject: (scene, { host, other }) => {
      // Not while its servers move: an off command given again is not checked against the others.
      const phase = scene.world.state.memory.incidents.get(host.name)?.phase.kind;
      if (!scene.world.guardian.up || phase === "evacuating") return false;
      if (!swap(scene, host, other)) return false;
      scene.vouchedWrongly.add(host.name);
      // Read once with what it shows now, and then vouched for.
      scene.later(8000, () => vouch(scene.world, host.name));
      return true;
    },
  },
];

/** Together with a host that is cut off, hangs or boots this is more than anybody could see through. */
function liesOff(
  scene: Scene,
  host: WorldHost,
  lastsMs: number,
  mode: BmcMode = "lies-off",
): boolean {
  const device = scene.device(host);
  if (device === undefined || host.hung || !host.power || !scene.isReachable(host)) return false;
  const announced = host.checks.notice === "rebooting" || host.checks.notice === "powering-off";
  if (host.booting || announced) return false;
  device.mode = mode;
  scene.lying.add(host.name);
  scene.later(lastsMs, () => {
    device.mode = "normal";
    scene.lying.delete(host.name);
  });
  return true;
}

function inMode(name: string, mode: BmcMode, weight: number): FaultKind {
  return {
    name,
    weight,
    inject: (scene, { host, lastsMs }) => {
      const device = scene.device(host);
      if (device === undefined || scene.lying.has(host.name)) return false;
      device.mode = mode;
      scene.later(lastsMs, () => {
        if (device.mode === mode) device.mode = "normal";
      });
      return true;
    },
  };
}

/** Cables of two chassis changed places; an outlet shows nothing by which anybody could notice. */
function swap(scene: Scene, host: WorldHost, other: WorldHost): boolean {
  const one = scene.device(host);
  const two = scene.device(other);
  if (one === undefined || two === undefined || host === other) return false;
  if (one.outlet !== undefined || two.outlet !== undefined) return false;
  // A BMC's own power is its host's outlets': rewired, it would be fed by another's.
  if (one.fedBy.length + two.fedBy.length > 0) return false;
  if (scene.lying.has(host.name) || scene.lying.has(other.name)) return false;
  [one.chassis, two.chassis] = [two.chassis, one.chassis];
  return true;
}
