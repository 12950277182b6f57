/**
 * Whether a network of this host works: pings its targets from the host's address on that network.
 * The ping runs in a child process, which needs no privilege of ours and cannot stall our loop.
 */
import { existsSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import type { Logger } from "../../shared/log.ts";
import type { NetworkState } from "../../shared/telemetry.ts";
import {
  noNetworkMemory,
  pingArguments,
  readPingExit,
  rememberRound,
  type PingProgram,
  type PingRound,
} from "../core/network-result.ts";
import type { Finding } from "../core/report.ts";
import { startChild } from "./child.ts";

/** Where ping programs are looked for, best first: fping asks all targets with one process. */
const programs: readonly (readonly [PingProgram, string])[] = [
  ["fping", "/usr/bin/fping"],
  ["fping", "/usr/sbin/fping"],
  ["ping", "/usr/bin/ping"],
  ["ping", "/bin/ping"],
];

export interface NetworkCheckOptions {
  readonly name: string;
  readonly targets: readonly string[];
  readonly sourceAddress: string | undefined;
  readonly timeoutMs: number;
  readonly roundsToDown: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface NetworkCheck {
  round(): Promise<void>;
  latest(): Finding<NetworkState> | undefined;
}

export function createNetworkCheck(options: NetworkCheckOptions): NetworkCheck {
  const found = programs.find(([, path]) => existsSync(path));
  let memory = noNetworkMemory;
  let finding: Finding<NetworkState> | undefined;
  let lastReason = "";

  function note(round: PingRound): void {
    const former = memory.state;
    memory = rememberRound(memory, round, options.roundsToDown);
    // Before the first verdict there is nothing to report; a later "cannot check" is a finding.
    if (memory.state !== "unknown" || finding !== undefined) {
      finding = { state: memory.state, atMs: options.clock.monoMs() };
    }
    const network = options.name;
    if (memory.state !== former) {
      options.log.info(
        { event: "network-state", network, from: former, to: memory.state },
        "network changed",
      );
    }
    const reason = round.kind === "not-checked" ? round.reason : "";
    if (reason !== lastReason && reason !== "") {
      options.log.warn(
        { event: "network-not-checked", network, reason },
        "network cannot be checked",
      );
    }
    lastReason = reason;
  }

  return {
    latest: () => finding,
    async round() {
      if (found === undefined) {
        note({ kind: "not-checked", reason: "neither fping nor ping is installed" });
        return;
      }
      note(await pingOnce(found, options));
    },
  };
}

async function pingOnce(
  [program, path]: readonly [PingProgram, string],
  options: NetworkCheckOptions,
): Promise<PingRound> {
  // `ping` takes one target, so each has its own process; fping asks all at once.
  const groups = program === "fping" ? [options.targets] : options.targets.map((one) => [one]);
  const rounds = await Promise.all(
    groups.map(async (targets): Promise<PingRound> => {
      const { sourceAddress, timeoutMs } = options;
      const args = pingArguments({ program, targets, sourceAddress, timeoutMs });
      const result = await startChild(path, args, timeoutMs + 1000).settled;
      if (result.kind === "exited") return readPingExit(program, result);
      const reason = result.kind === "deadline" ? `${path} did not end` : result.reason;
      return { kind: "not-checked", reason };
    }),
  );
  return (
    rounds.find(({ kind }) => kind === "answered") ??
    rounds.find(({ kind }) => kind === "not-checked") ?? { kind: "unanswered" }
  );
}
