/**
 * ICMP echo through the fping program: a process of its own, which our event loop cannot starve,
 * and the way to ping from a chosen source address. One child, one echo request.
 */
import { isIP } from "node:net";
import type { Pinger, PingResult, PingTarget } from "../ports.ts";
import { runChild } from "./child.ts";
import type { PingerLoad } from "./net-ping.ts";

/** Whether fping is here and may ping, tried on our own loopback address. */
export async function loadFping(command = "fping"): Promise<PingerLoad> {
  const pinger = createFping(command);
  const own = { network: "management", address: "127.0.0.1", sourceAddress: undefined } as const;
  const result = await pinger.ping(own, 500);
  if (result.kind === "echo") return { kind: "pinger", pinger };
  const reason = result.kind === "local-fault" ? result.reason : "127.0.0.1 does not answer it";
  return { kind: "failed", reason: `fping cannot be used: ${reason}` };
}

/** A pinger over `command`. */
export function createFping(command = "fping"): Pinger {
  return {
    name: "fping",
    async ping(target, timeoutMs) {
      if (isIP(target.address) === 0) return { kind: "local-fault", reason: "not an IP address" };
      const result = await runChild({
        command,
        args: fpingArguments(target, timeoutMs),
        deadlineMs: timeoutMs + 90,
      });
      if (result.kind === "not-started") return { kind: "local-fault", reason: result.reason };
      return resultOf(target.address, result.output, result.kind === "late");
    },
    close: () => Promise.resolve(),
  };
}

function fpingArguments(target: PingTarget, timeoutMs: number): readonly string[] {
  const version = isIP(target.address) === 6 ? "-6" : "-4";
  const source = target.sourceAddress === undefined ? [] : ["-S", target.sourceAddress];
  return [version, "-C1", `-t${Math.round(timeoutMs)}`, ...source, target.address];
}

/**
 * fping prints "ADDRESS : [0], 64 bytes, 0.033 ms …" for an answer and "ADDRESS : [0], timed out …"
 * for none. A request that could not leave (no route, link down) has no such line; that is why `-q`
 * is not used, under which both look alike.
 */
function resultOf(address: string, output: string, late: boolean): PingResult {
  const line = output.split("\n").find((text) => text.startsWith(`${address} : [0],`)) ?? "";
  const rtt = /, ([0-9.]+) ms\b/.exec(line)?.[1];
  if (rtt !== undefined) return { kind: "echo", rttMs: Number(rtt) };
  if (line.includes("timed out")) return { kind: "no-echo" };
  if (late) return { kind: "local-fault", reason: "fping did not end in time" };
  const said = output.split("\n").find((text) => text.startsWith("fping:"));
  return { kind: "local-fault", reason: said ?? `fping could not send to ${address}` };
}
