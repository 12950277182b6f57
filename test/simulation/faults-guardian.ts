/** The guardian crashes, at any moment and at any effect, stands still, or sees its clock step. */
import type { CrashPlan } from "../support/world-guardian.ts";
import { byLuck, type FaultKind } from "./fault.ts";
import type { Scene } from "./scene.ts";

/** Where it dies; the effects that change the world more often than the looks. */
const crashPoints: readonly [CrashPlan["at"], ...CrashPlan["at"][]] = [
  "journal",
  "power-off",
  "power-off",
  "force-down",
  "disable",
  "evacuate",
  "evacuate",
  "list-servers",
  "read-moves",
  "read-power",
  "alert",
  "line",
];

export const guardianFaults: readonly FaultKind[] = [
  {
    name: "guardian-crashes",
    weight: 3,
    inject: (scene, { luck }) => {
      if (!scene.world.guardian.up) return false;
      scene.world.guardian.kill();
      restart(scene, luck[0] ** 2 * 60_000);
      return true;
    },
  },
  {
    name: "guardian-crashes-at-effect",
    weight: 9,
    inject: (scene, { luck, lastsMs }) => {
      const { guardian } = scene.world;
      if (!guardian.up || guardian.crash !== undefined) return false;
      const at = byLuck(luck[0], crashPoints);
      guardian.crash = {
        at,
        after: luck[1] < 0.5,
        skip: Math.floor(luck[1] * 8) % 4,
        crashed: () => {
          scene.world.say("world", `guardian crashed at ${at}`);
          restart(scene, lastsMs / 8);
        },
      };
      return true;
    },
  },
  {
    name: "guardian-crashes-often",
    weight: 1,
    inject: (scene, { luck }) => {
      const { guardian } = scene.world;
      if (!guardian.up) return false;
      for (let time = 0; time < 3; time += 1) {
        scene.later(time * (2000 + luck[0] * 60_000), () => {
          if (!guardian.up) return;
          guardian.kill();
          restart(scene, 1000 * luck[1]);
        });
      }
      return true;
    },
  },
  {
    name: "guardian-stands-still",
    weight: 2,
    inject: (scene, { luck }) => {
      const { world } = scene;
      world.guardian.pausedUntil = world.queue.now + 2500 + luck[0] ** 3 * 240_000;
      return true;
    },
  },
  {
    name: "guardian-clock-steps",
    weight: 2,
    inject: (scene, { luck }) => {
      const sign = luck[0] < 0.5 ? -1 : 1;
      scene.world.guardian.wallOffsetMs += sign * (500 + luck[1] ** 4 * 7_200_000);
      return true;
    },
  },
  {
    name: "journal-read-only",
    weight: 2,
    inject: (scene, { lastsMs }) => {
      const { guardian } = scene.world;
      guardian.journalWritable = false;
      scene.later(lastsMs / 2, () => void (guardian.journalWritable = true));
      return true;
    },
  },
  {
    name: "answers-lost",
    weight: 1,
    inject: (scene, { lastsMs, luck }) => {
      const { guardian } = scene.world;
      guardian.answerLossShare = 0.05 + 0.6 * luck[0];
      scene.later(lastsMs / 2, () => void (guardian.answerLossShare = 0));
      return true;
    },
  },
  {
    name: "answers-doubled",
    weight: 1,
    inject: (scene, { lastsMs, luck }) => {
      const { guardian } = scene.world;
      guardian.answerDuplicateShare = luck[0];
      scene.later(lastsMs, () => void (guardian.answerDuplicateShare = 0));
      return true;
    },
  },
];

/** Its supervisor starts it again; so does healing. */
function restart(scene: Scene, afterMs: number): void {
  scene.later(afterMs, () => {
    const { guardian } = scene.world;
    if (!guardian.up) guardian.start();
  });
}
