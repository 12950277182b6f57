/** Which way of pinging this machine allows: net-ping, else fping, else a reason for both. */
import { loadFping } from "./fping.ts";
import { loadNetPing, type PingerLoad } from "./net-ping.ts";

export interface PingerChoice {
  /** True when targets name a source address, which only fping can use. */
  readonly needsSourceAddress?: boolean;
  /** For tests. */
  readonly netPingModule?: string;
  readonly fpingCommand?: string;
}

/** Tries both, each with one real packet or socket. */
export async function choosePinger(choice: PingerChoice = {}): Promise<PingerLoad> {
  const { needsSourceAddress = false, netPingModule, fpingCommand } = choice;
  const first = needsSourceAddress ? undefined : await loadNetPing(netPingModule);
  if (first?.kind === "pinger") return first;
  const second = await loadFping(fpingCommand);
  if (second.kind === "pinger") return second;
  const why = first === undefined ? "net-ping has no source address" : first.reason;
  return {
    kind: "failed",
    reason: `no way to ping: ${why}; ${second.reason}. Install Debian's fping, or run as root or with CAP_NET_RAW`,
  };
}
