/**
 * What no guardian can prevent: somebody switches a host on while Nova is moving its servers, and from then on the
 * guardian stands still, or the host's power device does not work. What starts twice then is kept from it by a start
 * guard on the host alone (test/lab has it), which the simulated hosts do not have.
 */
import type { WorldHost } from "../support/world-host.ts";
import type { World } from "../support/world.ts";

/** From its return a guardian needs so long to read a device, to switch it off, and to read that. */
const returnMs = 15_000;
/** It stands still when its last round is longer ago. */
const roundMsMax = 2000;

/** `turnedOnAt`: when somebody switched it on while its servers were moved; undefined when nobody did. */
export function isBeyondReach(
  world: World,
  host: WorldHost,
  turnedOnAt: number | undefined,
): boolean {
  if (turnedOnAt === undefined || host.onAt < turnedOnAt) return false;
  const { guardian, queue } = world;
  const returnedAt = Math.max(guardian.startedAt, guardian.pausedUntil);
  const standsStill = !guardian.up || guardian.mono() - world.state.now > roundMsMax;
  if (standsStill || queue.now < returnedAt + returnMs) return true;
  return world.devicesOf(host.name).some(({ mode, gone }) => gone === true || mode !== "normal");
}
