/**
 * Whether a network of this host works: echoes of its targets by a ping program of its own, TCP connections, its links;
 * and what this host sees of its peers there. Nothing of it can stall our loop.
 */
import { existsSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import type { Logger } from "../../shared/log.ts";
import type { HostName } from "../../shared/names.ts";
import type { NetworkName, NetworkState } from "../../shared/telemetry.ts";
import type { RingPeer } from "../../shared/wire-ack.ts";
import type { WireSighting } from "../../shared/wire-samples.ts";
import type { Link } from "../core/link-state.ts";
import {
  noNetworkMemory,
  pingArguments,
  readPingExit,
  rememberRound,
  roundOfReach,
  type PingProgram,
  type PingRound,
} from "../core/network-result.ts";
import { summarizeNetwork } from "../core/network-summary.ts";
import { streamArguments } from "../core/ping-line.ts";
import type { Finding } from "../core/report.ts";
import type { Summary } from "../core/standing.ts";
import { reachOf, withOutcome, type TargetWindow } from "../core/target-window.ts";
import { createWitness, peersOn } from "../core/witness.ts";
import { startChild } from "./child.ts";
import { lookAtLink, type LinkFolders } from "./link-files.ts";
import { createPingStream, type PingStream } from "./ping-stream.ts";
import { connectOnce, type TcpTarget } from "./tcp-connect.ts";

/** Where ping programs are looked for, best first: fping asks all targets with one process. */
const programs: readonly (readonly [PingProgram, string])[] = [
  ["fping", "/usr/bin/fping"],
  ["fping", "/usr/sbin/fping"],
  ["ping", "/usr/bin/ping"],
  ["ping", "/bin/ping"],
];

export interface NetworkCheckOptions {
  readonly name: NetworkName;
  readonly self: HostName;
  readonly targets: readonly string[];
  readonly tcp: readonly TcpTarget[];
  readonly links: readonly string[];
  readonly anchor: string | undefined;
  readonly sourceAddress: string | undefined;
  readonly interface: string | undefined;
  /** As the collectors set it meanwhile. */
  readonly everyMs: () => number;
  readonly timeoutMs: number;
  readonly roundsToDown: number;
  readonly quorum: number;
  /** Of the configuration: these and no others, where there are any. */
  readonly peers: readonly RingPeer[];
  readonly peersMax: number;
  /** Those that the collectors hand out. */
  readonly ring: () => readonly RingPeer[];
  readonly linkFolders?: LinkFolders;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface NetworkCheck {
  round(): Promise<void>;
  latest(): Finding<NetworkState> | undefined;
  summary(): Summary | undefined;
  /** What was seen of the peers since the last call. */
  takeSightings(): readonly WireSighting[];
  close(): void;
}

export function createNetworkCheck(options: NetworkCheckOptions): NetworkCheck {
  const { name, clock, log } = options;
  const validFor = (): number => options.everyMs() + options.timeoutMs + 1500;
  const found = programs.find(([, path]) => existsSync(path));
  const windows = new Map<string, TargetWindow>();
  const beganMs = clock.monoMs();
  const witness = createWitness(name, beganMs);
  let links: readonly Link[] = [];
  let peers: readonly RingPeer[] = [];
  let trouble = "";
  let ownFault = "";
  let countedMs = 0;

  const take = (target: string, rttMs: number | undefined): void => {
    const outcome = { atMs: clock.monoMs(), rttMs };
    windows.set(target, withOutcome(windows.get(target) ?? [], outcome));
    if (target === options.anchor) witness.noteAnchor(rttMs !== undefined);
    if (peers.some(({ address }) => address === target)) witness.note(target, rttMs !== undefined);
  };
  const sayTrouble = (reason: string): void => {
    if (reason === trouble || reason === "") return;
    trouble = reason;
    log.warn({ event: "network-not-checked", network: name, reason }, "ping program in trouble");
  };
  const stream =
    found?.[0] === "fping"
      ? createPingStream(found[1], (echo) => take(echo.address, echo.rttMs), sayTrouble)
      : undefined;

  const memory = createMemory(options, sayTrouble);
  const pingAgain = createSingleRounds({ found, options, take, sayTrouble });
  const icmp = [...new Set(options.targets)];
  const keysOfTcp = options.tcp.map(({ address, port }) => `${address}:${port}`);

  return {
    latest: () => memory.finding(),
    takeSightings() {
      return witness.take({ peers, nowMs: clock.monoMs(), ownFault: ownFault !== "" });
    },
    summary() {
      const finding = memory.finding();
      if (finding === undefined) return undefined;
      const [nowMs, validForMs] = [clock.monoMs(), validFor()];
      const { quorum, anchor } = options;
      const asked = { name, quorum, anchor, icmp, tcp: keysOfTcp, peers };
      return summarizeNetwork({ ...asked, finding, windows, links, ownFault, nowMs, validForMs });
    },
    async round() {
      const { self, peers: configured, peersMax: countMax } = options;
      peers = peersOn({ network: name, self, configured, ring: options.ring(), countMax });
      const asked = new Set([...icmp, ...peers.map(({ address }) => address)]);
      if (options.anchor !== undefined) asked.add(options.anchor);
      const everyMs = options.everyMs();
      stream?.keep(streamArguments({ ...options, everyMs, targets: [...asked] }), asked.size > 0);
      const validForMs = validFor();
      const [faults] = await Promise.all([
        connectAll(options, take),
        pingAgain(icmp, [...asked], stream, windows, validForMs),
      ]);
      links = options.links.map((link) => lookAtLink(link, options.linkFolders));
      ownFault = faultOf(links, faults);
      const nowMs = clock.monoMs();
      const targets = [...icmp, ...keysOfTcp];
      const reach = targets.map((one) => reachOf(windows.get(one) ?? [], nowMs, validForMs));
      // The first echoes are on their way.
      if (nowMs - beganMs < validForMs && reach.includes("nothing")) return;
      const newestMs = Math.max(0, ...targets.map((one) => windows.get(one)?.at(-1)?.atMs ?? 0));
      // One lost echo that two rounds look at is lost once.
      if (newestMs <= countedMs && nowMs - countedMs < validForMs) return;
      countedMs = newestMs <= countedMs ? nowMs : newestMs;
      memory.note(roundOfReach(reach, options.quorum), ownFault);
    },
    close: () => stream?.close(),
  };
}

/** The network's state over its rounds; a change of it is a line in the log. */
function createMemory(
  { name, roundsToDown, clock, log }: NetworkCheckOptions,
  sayTrouble: (reason: string) => void,
): {
  readonly note: (round: PingRound, ownFault: string) => void;
  readonly finding: () => Finding<NetworkState> | undefined;
} {
  let memory = noNetworkMemory;
  let finding: Finding<NetworkState> | undefined;
  return {
    finding: () => finding,
    note(round, ownFault) {
      const former = memory.state;
      memory = rememberRound(memory, round, roundsToDown);
      // Before the first verdict there is nothing to report; a later "cannot check" is a finding.
      if (memory.state !== "unknown" || finding !== undefined) {
        finding = { state: memory.state, atMs: clock.monoMs() };
      }
      if (memory.state !== former) {
        const fields = { event: "network-state", network: name, from: former, to: memory.state };
        log.info({ ...fields, ownFault }, "network changed");
      }
      if (round.kind === "not-checked") sayTrouble(round.reason);
    },
  };
}

type Take = (target: string, rttMs: number | undefined) => void;

/** What is wrong with ourselves, in a word; "" for nothing that we know. */
function faultOf(links: readonly Link[], faults: readonly string[] | undefined): string {
  const dark = links.find(({ state }) => state === "down" || state === "missing");
  return dark === undefined ? (faults?.[0] ?? "") : `${dark.name}: ${dark.text}`;
}

/** Connects to each TCP target; tells the faults that are our own. */
async function connectAll(options: NetworkCheckOptions, take: Take): Promise<readonly string[]> {
  const { sourceAddress, timeoutMs, clock } = options;
  const results = await Promise.all(
    options.tcp.map(async (target) => {
      const result = await connectOnce(target, { sourceAddress, timeoutMs, clock });
      const key = `${target.address}:${target.port}`;
      take(key, result.kind === "connected" ? result.rttMs : undefined);
      return result.kind === "failed" && result.ownFault ? [result.reason] : [];
    }),
  );
  return results.flat();
}

/**
 * One echo request to each target that the stream says nothing of: fping is mute about a target that there is no way
 * to, and `ping` has no stream at all.
 */
function createSingleRounds(parts: {
  readonly found: readonly [PingProgram, string] | undefined;
  readonly options: NetworkCheckOptions;
  readonly take: Take;
  readonly sayTrouble: (reason: string) => void;
}): (
  icmp: readonly string[],
  asked: readonly string[],
  stream: PingStream | undefined,
  windows: ReadonlyMap<string, TargetWindow>,
  validForMs: number,
) => Promise<void> {
  const { found, options, take, sayTrouble } = parts;
  const beganMs = options.clock.monoMs();
  return async (icmp, asked, stream, windows, validForMs) => {
    if (found === undefined) {
      sayTrouble("neither fping nor ping is installed");
      return;
    }
    const nowMs = options.clock.monoMs();
    const isMute = (target: string): boolean =>
      reachOf(windows.get(target) ?? [], nowMs, validForMs) === "nothing";
    const isStarting = stream !== undefined && nowMs - beganMs < validForMs;
    const mute = stream === undefined ? asked : icmp.filter(isMute);
    if (isStarting || mute.length === 0) return;
    await Promise.all(
      mute.map(async (target) => {
        const round = await pingOnce(found, target, options);
        if (round.kind === "not-checked") sayTrouble(round.reason);
        else take(target, round.kind === "answered" ? round.tookMs : undefined);
      }),
    );
  };
}

async function pingOnce(
  [program, path]: readonly [PingProgram, string],
  target: string,
  options: NetworkCheckOptions,
): Promise<Exclude<PingRound, { kind: "answered" }> | { kind: "answered"; tookMs: number }> {
  const { sourceAddress, interface: device, timeoutMs, clock } = options;
  const asked = { program, targets: [target], sourceAddress, interface: device, timeoutMs };
  const startedMs = clock.monoMs();
  const result = await startChild(path, pingArguments(asked), timeoutMs + 1000).settled;
  if (result.kind !== "exited") {
    const reason = result.kind === "deadline" ? `${path} did not end` : result.reason;
    return { kind: "not-checked", reason };
  }
  const round = readPingExit(program, result);
  return round.kind === "answered" ? { ...round, tookMs: clock.monoMs() - startedMs } : round;
}
