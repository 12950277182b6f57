/** Hosts that die, hang, restart, or lose what their servers need. */
import type { NetworkName } from "../../shared/telemetry.ts";
import { badDirectories } from "../../guardian/core/self-checks.ts";
import { powerLoss, type WorldHost } from "../support/world-host.ts";
import { byLuck, type FaultKind } from "./fault.ts";
import type { Scene } from "./scene.ts";

export const hostFaults: readonly FaultKind[] = [
  { name: "power-loss", weight: 3, inject: (_scene, { host }) => losesPower(host) },
  {
    name: "rack-power-loss",
    weight: 1,
    inject: (scene, { host, luck }) => {
      for (const other of scene.inRack(host.rack)) losesPower(other);
      // Power strips lose their own power with the rack, some racks' BMCs too.
      for (const other of luck[0] < 0.5 ? scene.inRack(host.rack) : []) {
        for (const device of scene.world.devicesOf(other.name)) device.diesWithHost = true;
      }
      return true;
    },
  },
  {
    name: "neighbour-dies",
    weight: 1,
    inject: (scene, { host, luck }) => {
      const neighbours = scene.inRack(host.rack).filter((other) => other !== host && other.power);
      const neighbour = neighbours[Math.floor(luck[0] * neighbours.length)];
      return neighbour !== undefined && losesPower(neighbour);
    },
  },
  { name: "hang", weight: 3, inject: (scene, { host }) => hangs(scene, host) },
  {
    name: "hang-and-thaw",
    weight: 2,
    inject: (scene, { host, lastsMs }) => {
      if (!hangs(scene, host)) return false;
      scene.later(lastsMs / 3, () => {
        host.hung = false;
        scene.mended(host);
      });
      return true;
    },
  },
  {
    name: "reboot-unannounced",
    weight: 2,
    inject: (scene, { host, luck }) => {
      // Off and on again behind a device that says off: nobody could tell.
      if (scene.lying.has(host.name) || !losesPower(host)) return false;
      scene.later(1000 + luck[0] * 60_000, () => void scene.switchOn(host.name));
      return true;
    },
  },
  {
    name: "reboot-announced",
    weight: 3,
    inject: (scene, { host, lastsMs, luck }) => {
      if (!host.power || host.hung || !host.probe || scene.lying.has(host.name)) return false;
      host.checks = { ...host.checks, notice: luck[0] < 0.6 ? "rebooting" : "powering-off" };
      scene.later(3000, () => losesPower(host));
      if (luck[1] < 0.4) scene.later(5000 + lastsMs, () => void scene.switchOn(host.name));
      return true;
    },
  },
  {
    name: "probe-stops",
    weight: 2,
    inject: (scene, { host, lastsMs }) => {
      if (!host.power || host.hung || !host.probe) return false;
      host.checks = { ...host.checks, notice: "stopping" };
      scene.later(2000, () => void (host.probe = false));
      scene.later(2000 + lastsMs, () => {
        host.checks = { ...host.checks, notice: "none" };
        startProbe(host);
      });
      return true;
    },
  },
  {
    name: "probe-dies",
    weight: 1,
    inject: (scene, { host, lastsMs }) => {
      if (!host.probe) return false;
      host.probe = false;
      scene.later(lastsMs, () => startProbe(host));
      return true;
    },
  },
  {
    name: "compute-dies",
    weight: 1,
    inject: (scene, { host, lastsMs }) => {
      host.compute = false;
      scene.later(lastsMs + 60_000, () => void (host.compute = true));
      return true;
    },
  },
  {
    name: "probe-and-compute-die",
    weight: 2,
    inject: (_scene, { host }) => {
      if (!host.probe) return false;
      host.probe = false;
      host.compute = false;
      return true;
    },
  },
  {
    name: "libvirt-down",
    weight: 1,
    inject: (scene, { host, lastsMs }) => {
      host.checks = { ...host.checks, libvirt: "down" };
      scene.later(lastsMs + 60_000, () => {
        host.checks = { ...host.checks, libvirt: "up" };
      });
      return true;
    },
  },
  {
    name: "shared-directory-fails",
    weight: 4,
    inject: (scene, { host, lastsMs }) => {
      for (const other of scene.inRack(host.rack)) {
        other.checks = { ...other.checks, directory: "io-error" };
        // Not all at once: the last one is alone with it for a while.
        const ends = lastsMs + 90_000 + (other === host ? 60_000 : 0);
        scene.later(ends, () => void (other.checks = { ...other.checks, directory: "ok" }));
      }
      return true;
    },
  },
  {
    name: "directory-fails",
    weight: 2,
    inject: (scene, { host, lastsMs, luck }) => {
      host.checks = { ...host.checks, directory: byLuck(luck[0], badDirectories) };
      scene.later(lastsMs + 60_000, () => {
        host.checks = { ...host.checks, directory: "ok" };
      });
      return true;
    },
  },
  {
    name: "probe-clock-wrong",
    weight: 1,
    inject: (_scene, { host, luck }) => {
      host.wallSkewMs = (luck[0] - 0.5) * 2 ** (luck[1] * 50);
      return true;
    },
  },
  {
    name: "switch-flaps",
    weight: 2,
    inject: (scene, { host, luck }) => {
      const { networks } = host.rack;
      const which: NetworkName = byLuck(luck[0], ["management", "storage", "business"]);
      if (isUnfairToCut(scene, host)) return false;
      for (let flap = 0; flap < 4; flap += 1) {
        const atMs = flap * (3000 + luck[1] * 12_000);
        scene.later(atMs, () => void (networks[which] = false));
        scene.later(atMs + 1000 + luck[1] * 8000, () => switchBack(scene, host, [which]));
      }
      return true;
    },
  },
  {
    name: "switch-dies",
    weight: 1,
    inject: (scene, { host, lastsMs }) => {
      if (isUnfairToCut(scene, host)) return false;
      const { networks } = host.rack;
      for (const name of ["management", "storage", "business"] as const) networks[name] = false;
      scene.later(lastsMs, () => switchBack(scene, host, ["management", "storage", "business"]));
      return true;
    },
  },
];

function losesPower(host: WorldHost): boolean {
  if (!host.power) return false;
  powerLoss(host);
  return true;
}

function hangs(scene: Scene, host: WorldHost): boolean {
  // Its device would say "off" of a chassis that is on, and nothing else would say otherwise.
  if (!host.power || host.hung || scene.lying.has(host.name)) return false;
  host.hung = true;
  return true;
}

export function startProbe(host: WorldHost): void {
  if (host.probe) return;
  host.probe = true;
  host.probeEpoch += 1;
  host.sequence = 0;
}

function switchBack(scene: Scene, host: WorldHost, networks: readonly NetworkName[]): void {
  for (const name of networks) host.rack.networks[name] = true;
  for (const other of scene.inRack(host.rack)) scene.mended(other);
}

/** One of its hosts has a device that lies: cut off as well, nothing would tell that it lives. */
function isUnfairToCut(scene: Scene, host: WorldHost): boolean {
  return scene.inRack(host.rack).some((other) => scene.lying.has(other.name));
}
