/** The end of all faults: everything is mended but the dead hosts, which stay as they are. */
import { arm, type Scene, allNetworks } from "./scene.ts";
import { startProbe } from "./faults-host.ts";
import { giveLimitsBack } from "./faults-limits.ts";
import { confirmWhenTaken } from "./faults-people.ts";

export function heal(scene: Scene): void {
  const { world, plan } = scene;
  scene.closeFaults();
  world.say("world", "healed: only dead hosts stay dead");
  healOurOwn(scene);
  world.novaUp = true;
  world.novaAnswerMs = 80;
  world.nova.mend();
  world.nova.standsStill = false;
  for (const bmc of [...world.bmcs.values(), ...[...world.further.values()].flat()]) {
    bmc.mode = "normal";
    bmc.latencyMs = plan.cloud.bmcLatencyMs;
    bmc.looksEarly = false;
    bmc.diesWithHost = false;
  }
  scene.lying.clear();
  confirmTheOff(scene);
  for (const rack of world.racks) for (const name of allNetworks) rack.networks[name] = true;
  for (const [index, name] of scene.names.entries()) {
    const host = world.host(name);
    scene.mended(host);
    for (const network of allNetworks) host.networks[network] = true;
    host.link = undefined;
    host.echoLost = false;
    host.checks = {};
    host.compute = true;
    if (index !== plan.cloud.odd.unprobed && host.power && !host.hung) startProbe(host);
  }
}

/** Whoever was paged about a host that nothing can prove off has looked by now, more often than not. */
function confirmTheOff(scene: Scene): void {
  if (scene.plan.seed % 3 === 0) return;
  for (const name of scene.names) {
    if (scene.world.host(name).power) continue;
    for (const uid of [1000, 1001]) {
      scene.world.queue.in(uid * 30, () => confirmWhenTaken(scene, name, uid));
    }
  }
}

/** The guardian, its legs, its store and its collectors. */
function healOurOwn(scene: Scene): void {
  const { world } = scene;
  const { guardian, collectors } = world;
  collectors.storeUp = true;
  collectors.storeLagMs = 0;
  collectors.staleShare = 0;
  world.liveUp = true;
  for (const name of allNetworks) world.legs[name] = true;
  world.silentAnchors.clear();
  for (const collector of collectors.all) {
    collector.storeStuck = false;
    if (collector.waiting !== undefined) collectors.resume(collector);
    if (!collector.up) collectors.restart(collector);
  }
  world.disarmedFile = false;
  guardian.journalWritable = true;
  guardian.answerLossShare = 0;
  guardian.answerDuplicateShare = 0;
  guardian.pausedUntil = Math.min(guardian.pausedUntil, world.queue.now + 5000);
  guardian.crash = undefined;
  if (!guardian.up) guardian.start();
  giveLimitsBack(world);
  // Whoever was paged about a disarmed guardian has looked by now, more often than not.
  if (scene.plan.seed % 4 !== 0) world.queue.in(10_000, () => arm(world, true));
}
