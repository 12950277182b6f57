/**
 * The gates that ask again, at the moment of acting, for what a death rests on: a third witness of
 * another kind, and pings that failed on every network seen. The verdict table asks too; a table
 * that an operator changed must not talk anybody out of them.
 */
import type { Assessment, GateResult } from "./assessment.ts";
import { pingCount, seenNetworksOf } from "./reverse-ping.ts";
import type { GuardianState, HostState } from "./state.ts";

export function thirdWitnessGate({ signals }: Assessment): GateResult {
  const quiet = signals.nova === "quiet" || signals.nova === "quiet-long";
  const pass = signals.power === "off" || quiet;
  return {
    gate: "third witness",
    pass,
    value: `power ${signals.power}, Nova's record ${signals.nova}`,
    operator: "=",
    limit: "power off, or Nova's record quiet",
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
  const counts = seen.map((network) => {
    const { echoes, sent } = pingCount(state, host, network);
    return {
      text: `${echoes} of ${sent} on ${network}`,
      failed: echoes === 0 && sent >= pingsToFail,
    };
  });
  return {
    gate: "reverse ping",
    pass:
      hung ||
      (signals.ping === "none" && counts.length > 0 && counts.every(({ failed }) => failed)),
    value:
      (counts.map(({ text }) => text).join(", ") || "no network is seen") +
      (hung ? "; a hung host is fenced by configuration" : ""),
    operator: "=",
    limit: `0 of ${pingsToFail} on every network seen`,
  };
}
