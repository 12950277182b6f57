/** A person makes brakes stricter while the guardian runs, and gives them back to the configuration later. */
import {
  limitNames,
  limitProblems,
  type LimitName,
  type LimitWish,
} from "../../guardian/core/changed-limits.ts";
import type { Limits } from "../../guardian/core/settings.ts";
import type { World } from "../support/world.ts";
import { byLuck, type FaultKind } from "./fault.ts";

type Stricter = (limits: Limits) => Partial<Record<LimitName, number>>;

/** What people change in a bad hour: how many, how fast, how soon, how much at once. */
const changes: readonly [Stricter, ...Stricter[]] = [
  () => ({ "limits.fencesPerHour": 1, "limits.fencesPerHourInDomain": 1 }),
  ({ stormShare, stormCooldownMs }) => ({
    "limits.stormShare": stormShare / 2,
    "limits.stormCooldown": stormCooldownMs * 2,
  }),
  ({ graceFreshMs, graceUnseenMs }) => ({
    "limits.graceFresh": graceFreshMs * 2,
    "limits.graceUnseen": graceUnseenMs * 2,
  }),
  ({ silentAfterMs }) => ({ "limits.silentAfter": silentAfterMs + 10_000 }),
  () => ({ "limits.movesAtOnce": 1, "limits.movesAtFirst": 1 }),
];

export const limitFaults: readonly FaultKind[] = [
  {
    name: "limits-set-by-person",
    weight: 3,
    inject: (scene, { lastsMs, luck }) => {
      const { world } = scene;
      const wished = Object.entries(byLuck(luck[0], changes)(world.settings.limits));
      const wishes = wished.map(([name, value]) => ({ name: name as LimitName, value }));
      if (!setLimits(world, wishes)) return false;
      scene.later(lastsMs, () => void giveLimitsBack(world));
      return true;
    },
  },
];

/** To what the configuration says, all of them; does nothing while the guardian is down. */
export function giveLimitsBack(world: World): boolean {
  return setLimits(
    world,
    limitNames.map((name) => ({ name, value: undefined })),
  );
}

/** As the daemon does it: all of it, or nothing. */
function setLimits(world: World, wishes: readonly LimitWish[]): boolean {
  const { guardian } = world;
  if (!guardian.up || limitProblems(world.state, wishes).length > 0) return false;
  guardian.hear(() => ({
    kind: "limits-set",
    at: guardian.mono(),
    wall: guardian.wall(),
    wishes,
    by: "alice",
    reason: "a bad hour",
  }));
  return true;
}
