/** Collectors that die, stick or lose datagrams; stores that go, lag or serve what is old. */
import type { WorldCollector } from "../support/world-collectors.ts";
import type { FaultKind } from "./fault.ts";
import type { Scene } from "./scene.ts";

export const telemetryFaults: readonly FaultKind[] = [
  {
    name: "collector-killed",
    weight: 2,
    inject: (scene, { lastsMs, luck }) => {
      const collector = collectorBy(scene, luck[0]);
      if (!collector.up) return false;
      collector.up = false;
      scene.later(lastsMs / 2, () => {
        if (!collector.up) scene.world.collectors.restart(collector);
      });
      return true;
    },
  },
  {
    name: "collector-stalls",
    weight: 2,
    inject: (scene, { luck }) => {
      const collector = collectorBy(scene, luck[0]);
      if (!collector.up) return false;
      scene.world.collectors.stall(collector);
      scene.later(1000 + 14_000 * luck[1], () => scene.world.collectors.resume(collector));
      return true;
    },
  },
  {
    name: "collector-sticks",
    weight: 1,
    inject: (scene, { lastsMs, luck }) => {
      const collector = collectorBy(scene, luck[0]);
      collector.storeStuck = true;
      scene.later(lastsMs, () => void (collector.storeStuck = false));
      return true;
    },
  },
  {
    name: "collector-drops",
    weight: 2,
    inject: (scene, { luck, lastsMs }) => {
      const collector = collectorBy(scene, luck[0]);
      const times = luck[1] < 0.5 ? 1 : Math.ceil(lastsMs / 10_000);
      for (let time = 0; time < times; time += 1) {
        scene.later(time * 10_000, () => void (collector.dropped += 50));
      }
      return true;
    },
  },
  {
    name: "store-down",
    weight: 2,
    inject: (scene, { lastsMs }) => {
      scene.world.collectors.storeUp = false;
      scene.later(lastsMs, () => void (scene.world.collectors.storeUp = true));
      return true;
    },
  },
  {
    name: "store-lags",
    weight: 2,
    inject: (scene, { lastsMs, luck }) => {
      const { collectors } = scene.world;
      collectors.storeLagMs = 200 + luck[0] ** 2 * 20_000;
      scene.later(lastsMs, () => void (collectors.storeLagMs = 0));
      return true;
    },
  },
  {
    name: "store-serves-old-rows",
    weight: 1,
    inject: (scene, { lastsMs, luck }) => {
      const { collectors } = scene.world;
      collectors.stale = collectors.stored();
      collectors.staleShare = luck[0] < 0.5 ? 1 : luck[1];
      scene.later(lastsMs, () => void (collectors.staleShare = 0));
      return true;
    },
  },
  {
    name: "store-jumps-back",
    weight: 2,
    inject: (scene, { lastsMs, luck }) => {
      const { collectors } = scene.world;
      collectors.stale = collectors.stored();
      // The live view goes first, and then the store answers from before that.
      scene.later(7000, () => void (scene.world.liveUp = false));
      scene.later(9000 + 3000 * luck[0], () => void (collectors.staleShare = 1));
      scene.later(13_000 + lastsMs / 4, () => {
        collectors.staleShare = 0;
        scene.world.liveUp = true;
      });
      return true;
    },
  },
  {
    name: "live-view-down",
    weight: 2,
    inject: (scene, { lastsMs }) => {
      scene.world.liveUp = false;
      scene.later(lastsMs, () => void (scene.world.liveUp = true));
      return true;
    },
  },
  {
    name: "store-and-live-view-down",
    weight: 1,
    inject: (scene, { lastsMs }) => {
      scene.world.liveUp = false;
      scene.world.collectors.storeUp = false;
      scene.later(lastsMs / 2, () => {
        scene.world.liveUp = true;
        scene.world.collectors.storeUp = true;
      });
      return true;
    },
  },
];

function collectorBy(scene: Scene, luck: number): WorldCollector {
  const { all } = scene.world.collectors;
  const found = all[Math.floor(luck * all.length)];
  if (found === undefined) throw new Error("a cloud has a collector");
  return found;
}
