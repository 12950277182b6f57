/** What people do at the wrong moment, and what they do afterwards. */
import type { HostName } from "../../shared/names.ts";
import type { WorldHost } from "../support/world-host.ts";
import type { FaultKind } from "./fault.ts";
import { startProbe } from "./faults-host.ts";
import {
  answer,
  arm,
  confirmOff,
  maintain,
  rehearse,
  release,
  vouch,
  undo,
  type Scene,
} from "./scene.ts";

/** A host that starts more slowly than this may show no life while moves begin. */
const bootSeenMs = 1000;

/** A device that says off while its host starts and shows nothing yet: nobody could tell. */
function startsUnseen({ lying, world }: Scene, host: WorldHost): boolean {
  return lying.has(host.name) && world.bootMs > bootSeenMs;
}

export const peopleFaults: readonly FaultKind[] = [
  {
    name: "technician-turns-host-on",
    weight: 5,
    inject: (scene, { host }) => {
      if (host.power || startsUnseen(scene, host)) return false;
      return scene.switchOn(host.name);
    },
  },
  {
    name: "technician-repairs-host",
    weight: 5,
    inject: (scene, { host }) => {
      if ((host.power && !host.hung) || startsUnseen(scene, host)) return false;
      repair(scene, host);
      return true;
    },
  },
  {
    name: "disarmed-by-file",
    weight: 2,
    inject: (scene, { lastsMs }) => {
      scene.world.disarmedFile = true;
      scene.later(lastsMs, () => void (scene.world.disarmedFile = false));
      return true;
    },
  },
  {
    name: "disarmed-by-person",
    weight: 1,
    inject: (scene, { lastsMs }) => {
      if (!scene.world.guardian.up) return false;
      arm(scene.world, false);
      scene.later(lastsMs, () => arm(scene.world, true));
      return true;
    },
  },
  {
    name: "armed-by-person",
    weight: 1,
    inject: (scene) => {
      if (!scene.world.guardian.up) return false;
      arm(scene.world, true);
      return true;
    },
  },
  {
    name: "disabled-by-another",
    weight: 3,
    inject: (scene, { host, luck }) => {
      const mark = luck[0] < 0.5 ? "bob: new disks" : "guardian g2 epoch 7 incident i3-x";
      scene.world.nova.disable(`service-${host.name}`, mark);
      return true;
    },
  },
  {
    name: "all-others-disabled",
    weight: 1,
    inject: (scene, { host, lastsMs }) => {
      const { nova } = scene.world;
      const others = scene.names.filter((name) => name !== host.name);
      for (const name of others) {
        if (nova.services.get(name)?.status === "enabled") {
          nova.disable(`service-${name}`, "bob: upgrade");
        }
      }
      scene.later(lastsMs, () => {
        for (const name of others) {
          const service = nova.services.get(name);
          if (service?.reason === "bob: upgrade") nova.enable(`service-${name}`);
        }
      });
      return true;
    },
  },
  {
    name: "forced-down-by-another",
    weight: 2,
    inject: (scene, { host }) => {
      scene.world.nova.forceDown(`service-${host.name}`);
      return true;
    },
  },
  {
    name: "held-by-person",
    weight: 2,
    inject: (scene, { lastsMs, luck }) => answers(scene, "held", luck[0], lastsMs),
  },
  {
    name: "approved-by-person",
    weight: 2,
    inject: (scene, { luck }) => answers(scene, "approved", luck[0], undefined),
  },
  {
    name: "dismissed-by-person",
    weight: 2,
    inject: (scene, { lastsMs, luck }) => answers(scene, "dismissed", luck[0], lastsMs),
  },
  {
    name: "put-in-maintenance",
    weight: 1,
    inject: (scene, { host, lastsMs, luck }) => {
      if (!scene.world.guardian.up) return false;
      maintain(scene.world, host.name, lastsMs);
      if (luck[0] < 0.5)
        scene.later(lastsMs / 2, () => maintain(scene.world, host.name, undefined));
      return true;
    },
  },
  {
    name: "released",
    weight: 2,
    inject: (scene, { host }) => {
      if (!scene.world.guardian.up) return false;
      release(scene.world, host.name);
      return true;
    },
  },
  {
    name: "undone-by-person",
    weight: 5,
    inject: (scene, { luck, lastsMs }) => {
      const fenced = scene.names.filter((name) => {
        const kind = scene.world.guardian.journaled.incidents.get(name)?.phase.kind;
        return kind === "evacuating" || kind === "ended";
      });
      const name = fenced[Math.floor(luck[0] * fenced.length)];
      // Who has locked a chassis does not call its fence off.
      if (name === undefined || scene.lockedOut.has(name) || !undo(scene.world, name)) return false;
      // Where the way home has come to its end, somebody mends it and asks again.
      if (luck[1] < 0.5) scene.later(lastsMs, () => void undo(scene.world, name));
      return true;
    },
  },
  {
    name: "starts-what-was-moved",
    weight: 1,
    inject: (scene, { luck }) => {
      // Its libvirt starts a domain that Nova knows nothing of: as its probe counts, one that runs twice.
      const home = scene.names.filter((name) => {
        const phase = scene.world.guardian.journaled.incidents.get(name)?.phase;
        return phase?.kind === "ended" && phase.home !== undefined && scene.world.host(name).power;
      });
      const name = home[Math.floor(luck[0] * home.length)];
      if (name === undefined) return false;
      const host = scene.world.host(name);
      const count = host.running.size + 1;
      host.checks = { ...host.checks, serversTotal: count, serversRunning: count };
      return true;
    },
  },
  {
    name: "confirmed-by-person",
    weight: 4,
    inject: (scene, { luck }) => {
      const open = scene.world.guardian.journaled.incidents;
      const off = scene.names.filter((name) => {
        const phase = open.get(name)?.phase.kind;
        return phase !== undefined && phase !== "ended" && !scene.world.host(name).power;
      });
      const name = off[Math.floor(luck[0] * off.length)];
      if (name === undefined) return false;
      confirmWhenTaken(scene, name, 1000);
      if (luck[1] < 0.8) scene.later(luck[1] * 60_000, () => confirmWhenTaken(scene, name, 1001));
      return true;
    },
  },
  {
    name: "confirmed-by-person-wrongly",
    weight: 3,
    inject: (scene, { luck }) => {
      if (!scene.world.guardian.up) return false;
      // A host that lives and can be heard: what nobody can see, nobody can be stopped about. One that
      // is in some trouble, if there is one.
      const heard = scene.names.map((name) => scene.world.host(name)).filter(isHeard);
      const open = scene.world.guardian.journaled.incidents;
      const troubled = heard.filter(({ name }) => open.has(name));
      const from = troubled.length > 0 ? troubled : heard;
      const host = from[Math.floor(luck[0] * from.length)];
      if (host === undefined) return false;
      for (const uid of [1000, 1001]) {
        for (const ms of [0, 4000, 8000, 16_000]) {
          scene.later(ms, () => {
            if (isHeard(host)) confirmOff(scene.world, host.name, uid);
          });
        }
      }
      return true;

      function isHeard(one: WorldHost): boolean {
        return isHeardLiving(scene, one);
      }
    },
  },
  {
    name: "rehearsed-by-person",
    weight: 1,
    inject: (scene, { luck }) => {
      const { world } = scene;
      const service = (name: HostName) => world.nova.services.get(name);
      const empty = scene.names.filter(
        (name) =>
          world.nova.serversOn(name).length === 0 &&
          world.host(name).power &&
          service(name)?.status === "enabled",
      );
      const name = empty[Math.floor(luck[0] * empty.length)];
      if (name === undefined || !world.guardian.up) return false;
      takeOut(scene, name, luck[1]);
      for (const ms of [8000, 20_000, 45_000]) scene.later(ms, () => rehearse(world, name));
      // A server that somebody puts there all the same: by name, past the scheduler.
      if (luck[1] > 0.9) scene.later(luck[0] * 40_000, () => world.addServers(name, 1));
      return true;
    },
  },
  {
    name: "vouched-for",
    weight: 1,
    inject: (scene, { host }) => {
      const device = scene.device(host);
      // A person who vouches has looked; the other case has a fault of its own.
      if (!scene.world.guardian.up || device?.chassis !== host.name) return false;
      if (scene.lying.has(host.name)) return false;
      vouch(scene.world, host.name);
      return true;
    },
  },
];

/** Disabled in Nova for three minutes; some think that maintenance is enough, or end it too early. */
function takeOut(scene: Scene, name: HostName, luck: number): void {
  const { world } = scene;
  if (luck > 0.5) maintain(world, name, 40_000);
  if (luck > 0.8 && luck < 0.9) return;
  const reason = "bob: a rehearsal";
  world.nova.disable(`service-${name}`, reason);
  scene.later(180_000, () => {
    const service = world.nova.services.get(name);
    if (service?.reason === reason) world.nova.enable(`service-${name}`);
  });
}

/** About one of the open incidents; what was stopped is approved some time later. */
function answers(
  scene: Scene,
  said: "approved" | "held" | "dismissed",
  luck: number,
  approvedAfterMs: number | undefined,
): boolean {
  const { world } = scene;
  const open = [...world.guardian.journaled.incidents.values()];
  const incident = open[Math.floor(luck * open.length)];
  if (incident === undefined) return false;
  const { host, phase } = incident;
  // Nobody keeps the guardian from switching off what is on while its servers move.
  if (said === "held" && phase.kind === "evacuating" && world.host(host).power) return false;
  if (!answer(world, host, said)) return false;
  if (approvedAfterMs !== undefined) {
    scene.later(approvedAfterMs, () => void answer(world, host, "approved"));
  }
  return true;
}

/** Whoever wants to confirm asks again until it is taken, as long as the host is off. */
export function confirmWhenTaken(scene: Scene, name: HostName, uid: number, tries = 12): void {
  const { world } = scene;
  if (world.host(name).power || tries === 0) return;
  if (confirmOff(world, name, uid)) scene.lockedOut.add(name);
  else world.queue.in(15_000, () => confirmWhenTaken(scene, name, uid, tries - 1));
}

/** On, answering on a network of ours, and has been for long enough to be known. */
function isHeardLiving(scene: Scene, host: WorldHost): boolean {
  const { legs, queue } = scene.world;
  const since = Math.max(host.mendedAt, host.onAt + scene.plan.cloud.bootMs);
  const known = queue.now - since > 20_000 && !host.hung && !host.booting && host.power;
  return known && scene.isReachable(host) && legs.management && legs.storage;
}

/** As the workflow says: on again, its moves ended, up, enabled, released. */
function repair(scene: Scene, host: WorldHost): void {
  const { world } = scene;
  if (!host.power && !scene.switchOn(host.name)) return;
  host.hung = false;
  scene.mended(host);
  world.boot(host.name);
  startProbe(host);
  host.compute = true;
  scene.later(20_000, () => {
    // They look first: while its servers move it stays as it is.
    const phase = world.guardian.journaled.incidents.get(host.name)?.phase.kind;
    if (phase === "evacuating" || phase === "fencing" || world.nova.isMovingOff(host.name)) return;
    world.nova.setUp(`service-${host.name}`);
    world.nova.enable(`service-${host.name}`);
    release(world, host.name);
  });
}
