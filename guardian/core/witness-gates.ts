/**
 * The gates that ask again, at the moment of acting, for what a death rests on: a third witness of
 * another kind, and pings that failed on every network seen. The verdict table asks too; a table
 * that an operator changed must not talk anybody out of them.
 */
import type { Assessment, GateResult } from "./assessment.ts";
import { echoesElsewhere, pingCount, seenNetworksOf } from "./reverse-ping.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words } from "./words.ts";

export function thirdWitnessGate({ signals }: Assessment): GateResult {
  const quiet = signals.nova === "quiet" || signals.nova === "quiet-long";
  const pass = signals.power === "off" || quiet;
  return {
    gate: "third witness",
    pass,
    value: words("value.witness", { power: signals.power, nova: signals.nova }),
    operator: "=",
    limit: words("limit.witness"),
  };
}

export function reversePingGate(
  state: GuardianState,
  host: HostState,
  { signals, verdict, action }: Assessment,
): GateResult {
  // An operator had hung hosts fenced: they answer pings, that is how they are known.
  const hung = verdict === "hung" && action === "fence";
  const { pingsToFail } = state.settings.limits;
  const seen = seenNetworksOf(state, host, state.round.seen);
  const counts = [...seen, ...echoesElsewhere(state, host, seen)].map((network) => {
    const { echoes, sent } = pingCount(state, host, network);
    return {
      said: words("value.pings-on", { echoes, sent, network }),
      failed: echoes === 0 && sent >= pingsToFail,
    };
  });
  const pings =
    counts.length === 0
      ? words("value.pings-unseen")
      : words("value.pings", { counts: counts.map(({ said }) => said) });
  return {
    gate: "reverse ping",
    pass:
      hung ||
      (signals.ping === "none" && counts.length > 0 && counts.every(({ failed }) => failed)),
    value: hung ? words("value.pings-of-hung", { pings }) : pings,
    operator: "=",
    limit: words("limit.pings", { pings: pingsToFail }),
  };
}
