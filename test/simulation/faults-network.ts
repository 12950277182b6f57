/** Networks that are cut, lose, delay, double or replay, or work one way only. */
import type { NetworkName } from "../../shared/telemetry.ts";
import type { WorldHost } from "../support/world-host.ts";
import type { FaultKind } from "./fault.ts";
import { allNetworks, type Scene } from "./scene.ts";

export const networkFaults: readonly FaultKind[] = [
  cutOf("management", 7, 60_000),
  cutOf("storage", 1, 0),
  cutOf("business", 3, 50_000),
  {
    name: "cut-all",
    weight: 2,
    inject: (scene, { host, lastsMs }) => {
      if (scene.lying.has(host.name)) return false;
      for (const name of allNetworks) host.networks[name] = false;
      scene.later(lastsMs, () => {
        for (const name of allNetworks) mend(scene, host, name);
      });
      return true;
    },
  },
  {
    name: "reports-lost",
    weight: 1,
    inject: (scene, { host, lastsMs, luck }) => {
      if (scene.lying.has(host.name)) return false;
      const lossShare = luck[0] < 0.4 ? 1 : luck[1];
      host.link = { lossShare, delayMs: 0, duplicateShare: 0 };
      scene.later(lastsMs, () => perfect(scene, host));
      return true;
    },
  },
  {
    name: "reports-delayed",
    weight: 1,
    inject: (scene, { host, lastsMs, luck }) => {
      host.link = { lossShare: 0.1 * luck[0], delayMs: luck[1] * 1900, duplicateShare: 0 };
      scene.later(lastsMs, () => perfect(scene, host));
      return true;
    },
  },
  {
    name: "reports-doubled",
    weight: 2,
    inject: (scene, { host, lastsMs, luck }) => {
      host.link = { lossShare: 0, delayMs: 400 * luck[0], duplicateShare: luck[1] };
      scene.later(lastsMs, () => perfect(scene, host));
      return true;
    },
  },
  {
    name: "reports-replayed",
    weight: 2,
    inject: (scene, { host, lastsMs }) => {
      const { collectors, queue } = scene.world;
      // Somebody plays back what the host said before it died; nobody may fall for it.
      const heard = collectors.all.flatMap((collector) => collector.heard.get(host.name) ?? []);
      if (heard.length === 0) return false;
      const until = queue.now + Math.max(20_000, lastsMs);
      const replay = (): void => {
        if (queue.now > until) return;
        for (const collector of collectors.all) {
          for (const datagram of heard) collectors.deliver(collector, datagram);
        }
        scene.later(900, replay);
      };
      scene.later(2000, replay);
      return true;
    },
  },
  {
    name: "recording-played",
    weight: 2,
    inject: (scene, { host: drawn, lastsMs, luck }) => {
      const { collectors, queue, hosts } = scene.world;
      // Where one is dead already, its life is played; else reports are jammed while it lives.
      const dead = [...hosts.values()].find(({ power, hung }) => !power || hung);
      const host = dead ?? drawn;
      if (scene.lying.has(host.name)) return false;
      if (dead === undefined) host.link = { lossShare: 1, delayMs: 0, duplicateShare: 0 };
      const until = queue.now + 15_000 + lastsMs / 2;
      const gapMs = 500 + 1500 * luck[0];
      const play = (): void => {
        host.playedAt = queue.now;
        collectors.play(host);
        if (queue.now < until) scene.later(gapMs, play);
        else if (dead === undefined) perfect(scene, host);
      };
      play();
      return true;
    },
  },
  {
    name: "echo-lost",
    weight: 1,
    inject: (scene, { host, lastsMs }) => {
      if (scene.lying.has(host.name)) return false;
      host.echoLost = true;
      scene.later(lastsMs, () => {
        host.echoLost = false;
        scene.mended(host);
      });
      return true;
    },
  },
  {
    name: "anchor-silent",
    weight: 3,
    inject: (scene, { lastsMs, luck }) => {
      const { silentAnchors } = scene.world;
      const which = luck[0] < 0.5 ? "management" : "storage";
      silentAnchors.add(which);
      scene.later(lastsMs + 20_000, () => void silentAnchors.delete(which));
      return true;
    },
  },
  {
    name: "own-leg-cut",
    weight: 5,
    inject: (scene, { lastsMs, luck }) => {
      const { legs } = scene.world;
      const which: NetworkName = luck[0] < 0.5 ? "management" : "storage";
      legs[which] = false;
      scene.later(lastsMs, () => void (legs[which] = true));
      return true;
    },
  },
  {
    name: "own-legs-cut",
    weight: 1,
    inject: (scene, { lastsMs }) => {
      const { legs } = scene.world;
      for (const name of allNetworks) legs[name] = false;
      scene.later(lastsMs, () => {
        for (const name of allNetworks) legs[name] = true;
      });
      return true;
    },
  },
];

/** One network of one host, for long enough that what depends on it is noticed. */
function cutOf(which: NetworkName, weight: number, atLeastMs: number): FaultKind {
  return {
    name: `${which}-cut`,
    weight,
    inject: (scene, { host, lastsMs, luck }) => {
      if (scene.lying.has(host.name)) return false;
      host.networks[which] = false;
      scene.later(atLeastMs + lastsMs + luck[1] * 120_000, () => mend(scene, host, which));
      return true;
    },
  };
}

function mend(scene: Scene, host: WorldHost, network: NetworkName): void {
  host.networks[network] = true;
  scene.mended(host);
}

function perfect(scene: Scene, host: WorldHost): void {
  host.link = undefined;
  scene.mended(host);
}
