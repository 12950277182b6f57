/** What must be true of a host that reports, answers, and is ordered off all the same: a policy of row 4. */
import type { Order } from "../../guardian/core/effects.ts";
import type { HostName } from "../../shared/names.ts";
import { isWithoutDisks, type WorldHost } from "../support/world-host.ts";
import { isInScope } from "./scope.ts";
import { incidentOf, type Witness } from "./witness.ts";

/** From a report's arrival to the round that judges by it. */
const knownMs = 6000;

/** Why a living host must not be ordered off now; undefined where its policy allows it. */
export function fencedAliveProblem(
  witness: Witness,
  host: WorldHost,
  order: Order,
): string | undefined {
  const { world, now } = witness;
  const { settings } = world;
  const { name } = host;
  if (settings.rows.get("4") !== "fence") return `${name} answers, and was ordered off`;
  const { ailingSince, orderedIn } = witness.of(name);
  // Ordered again, or by another level: it may have fallen silent since.
  if (orderedIn === incidentOf(order)) return undefined;
  const forMs = ailingSince === undefined ? 0 : now - ailingSince;
  if (forMs < settings.limits.checkDownMs - knownMs) {
    return `${name} lives, and was ordered off after ${Math.round(forMs / 1000)} s of trouble`;
  }
  const alike = othersAilingLong(witness, name);
  if (alike !== undefined) return `${name} lives, and was ordered off while ${alike} says the same`;
  const migrating = [...world.nova.servers.values()].find(
    (server) => server.host === name && world.nova.live.isUnderWay(server.id),
  );
  return migrating === undefined
    ? undefined
    : `${name} lives, and was ordered off under the live migration of ${migrating.id}`;
}

function othersAilingLong(witness: Witness, except: HostName): HostName | undefined {
  if (witness.eyes.goodForMs() < 2 * knownMs) return undefined;
  for (const [name, { ailingSince, reportAt }] of witness.truths) {
    if (name === except || ailingSince === undefined) continue;
    // Well again since the last round: said by the report on which the order rests.
    if (isWithoutDisks(witness.world.host(name)) !== true) continue;
    // Nova's list is read every few seconds: whoever has just been enabled is in nobody's scope yet.
    const changedAt = witness.world.nova.services.get(name)?.changedAt ?? 0;
    const lately = Math.max(ailingSince, changedAt);
    const heard = witness.now - reportAt < 2000;
    const known = heard && witness.now - lately > 2 * knownMs;
    if (known && isInScope(witness, witness.world.host(name))) return name;
  }
  return undefined;
}
