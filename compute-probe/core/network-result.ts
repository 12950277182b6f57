/** From what a ping program said to the state of a network, without flicker. */
import type { NetworkState } from "../../shared/telemetry.ts";
import type { Level } from "./standing.ts";

/** One round of pings to all targets of a network. */
export type PingRound =
  | { readonly kind: "answered" }
  | { readonly kind: "unanswered" }
  /** The check itself could not be made; says nothing of the network. */
  | { readonly kind: "not-checked"; readonly reason: string };

export type PingProgram = "fping" | "ping";

/** The arguments for one echo request to each target; `ping` takes one target only. */
export function pingArguments(options: {
  readonly program: PingProgram;
  readonly targets: readonly string[];
  readonly sourceAddress: string | undefined;
  readonly interface?: string | undefined;
  readonly timeoutMs: number;
}): readonly string[] {
  const { program, targets, sourceAddress, timeoutMs } = options;
  const device = options.interface === undefined ? [] : ["-I", options.interface];
  if (program === "fping") {
    const source = sourceAddress === undefined ? [] : ["-S", sourceAddress];
    return ["-a", "-r", "0", "-t", String(timeoutMs), ...source, ...device, ...targets];
  }
  const source = sourceAddress === undefined ? [] : ["-I", sourceAddress];
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
  return [
    "-n",
    "-q",
    "-c",
    "1",
    "-W",
    String(seconds),
    ...source,
    ...device,
    ...targets.slice(0, 1),
  ];
}

/** What an exit of fping or ping means. One answering target is enough for the network to work. */
export function readPingExit(
  program: PingProgram,
  exit: { readonly code: number | undefined; readonly stdout: string; readonly stderr: string },
): PingRound {
  const answered = program === "fping" ? exit.stdout.trim() !== "" : exit.code === 0;
  if (answered) return { kind: "answered" };
  // No answer, or the host itself has lost the way or its address: for the host that is "down".
  const lostItsWay = /unreachable|cannot assign|can't assign|no such device|network is down/i;
  if (exit.code === 1 || lostItsWay.test(exit.stderr)) return { kind: "unanswered" };
  const reason = exit.stderr.trim().split("\n")[0] ?? "";
  return { kind: "not-checked", reason: `${program} ended with ${exit.code}: ${reason}` };
}

export interface NetworkMemory {
  readonly state: NetworkState;
  readonly unansweredRounds: number;
}

export const noNetworkMemory: NetworkMemory = { state: "unknown", unansweredRounds: 0 };

/** One answer makes a network up at once; only several rounds without one in a row make it down. */
export function rememberRound(
  memory: NetworkMemory,
  round: PingRound,
  roundsToDown: number,
): NetworkMemory {
  switch (round.kind) {
    case "answered":
      return { state: "up", unansweredRounds: 0 };
    case "unanswered": {
      const unansweredRounds = memory.unansweredRounds + 1;
      const state = unansweredRounds >= roundsToDown ? "down" : memory.state;
      return { state, unansweredRounds };
    }
    case "not-checked":
      return noNetworkMemory;
    default:
      return round satisfies never;
  }
}

/** What the targets of a network say together: so many of them must answer. */
export function roundOfReach(
  reach: readonly ("reached" | "lost" | "nothing")[],
  quorum: number,
): PingRound {
  const reached = reach.filter((one) => one === "reached").length;
  if (reached >= Math.min(quorum, reach.length)) return { kind: "answered" };
  // One that is not known yet could make the quorum whole.
  const unknown = reach.filter((one) => one === "nothing").length;
  if (unknown > 0 && reached + unknown >= quorum) {
    return { kind: "not-checked", reason: `nothing is known of ${unknown} of the targets` };
  }
  return { kind: "unanswered" };
}

export function levelOfNetwork(state: NetworkState): Level {
  return state === "up" ? "ok" : state === "down" ? "critical" : "unknown";
}
