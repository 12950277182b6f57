/** Answers of Nova's that several parts may wait for: each knows its own. */
import { foldDegradedOrder } from "./degraded.ts";
import { foldDrainServers } from "./drain-answers.ts";
import type { Effect } from "./effects.ts";
import type { ServersSeen, ServiceOrderAnswered } from "./events.ts";
import { foldHomeList, foldHomeOrder } from "./home-answers.ts";
import { foldLookBack } from "./look-back.ts";
import { foldServers } from "./move-plan.ts";
import { foldRehearsalList } from "./rehearsal.ts";
import { foldReserveOrder } from "./reserves.ts";
import { foldServersOn } from "./servers-on.ts";
import { foldServiceOrder } from "./service-orders.ts";
import type { GuardianState } from "./state.ts";

/** An order about a nova-compute was answered: for whoever gave it. */
export function foldServiceAnswer(
  state: GuardianState,
  event: ServiceOrderAnswered,
  out: Effect[],
): GuardianState {
  const degraded = foldDegradedOrder(foldReserveOrder(state, event, out), event, out);
  return foldServiceOrder(foldHomeOrder(degraded, event, out), event, out);
}

/** A list of a host's servers is for whoever waits for one. */
export function foldList(state: GuardianState, event: ServersSeen, out: Effect[]): GuardianState {
  const seen = foldLookBack(foldServersOn(state, event), event);
  const home = foldHomeList(foldDrainServers(seen, event), event);
  return foldRehearsalList(foldServers(home, event, out), event, out);
}
