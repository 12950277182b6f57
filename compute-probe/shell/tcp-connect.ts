/** Whether a TCP port can be connected to, from an address of ours. Literal addresses: no name service. */
import { connect } from "node:net";
import { isIPv6 } from "node:net";
import type { Clock } from "../../shared/clock.ts";
import { withDeadline } from "../../shared/loop.ts";

export interface TcpTarget {
  readonly address: string;
  readonly port: number;
}

export type TcpResult =
  | { readonly kind: "connected"; readonly rttMs: number }
  | { readonly kind: "failed"; readonly reason: string; readonly ownFault: boolean };

/** Codes that tell of our own host: no way there, or not our address any more. */
const ownFaults = ["ENETUNREACH", "EADDRNOTAVAIL", "ENETDOWN"];

export async function connectOnce(
  { address, port }: TcpTarget,
  options: {
    readonly sourceAddress: string | undefined;
    readonly timeoutMs: number;
    readonly clock: Clock;
  },
): Promise<TcpResult> {
  const startedMs = options.clock.monoMs();
  const { sourceAddress } = options;
  const family = isIPv6(address) ? 6 : 4;
  const socket = connect({
    host: address,
    port,
    ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
    lookup: (host, _options, callback) => callback(null, host, family),
  });
  const settled = new Promise<TcpResult>((resolve) => {
    socket.once("connect", () => {
      resolve({ kind: "connected", rttMs: options.clock.monoMs() - startedMs });
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code ?? error.message;
      resolve({ kind: "failed", reason, ownFault: ownFaults.includes(reason) });
    });
  });
  const late: TcpResult = { kind: "failed", reason: "no answer", ownFault: false };
  const result = await withDeadline(settled, options.timeoutMs, () => late);
  socket.destroy();
  return result;
}
