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
  return [version, "-C1", "-q", `-t${Math.round(timeoutMs)}`, ...source, target.address];
}

/** fping prints "ADDRESS : 0.05" for an answer and "ADDRESS : -" for none. */
function resultOf(address: string, output: string, late: boolean): PingResult {
  const line = output.split("\n").find((text) => text.startsWith(`${address} `));
  const shown = /: ([0-9.]+|-)\s*$/.exec(line ?? "")?.[1];
  if (shown !== undefined && shown !== "-") return { kind: "echo", rttMs: Number(shown) };
  const fault =
    /(unreachable|can't (?:create|bind)[^\n]*|not permitted|Invalid argument|Cannot assign[^\n]*|usage:)/i.exec(
      output,
    )?.[0];
  // "Host Unreachable from 10.0.0.9" comes from somebody on the way; a send error is our own.
  const fromOther = /ICMP (Host|Network) Unreachable from/i.test(output);
  if (fault !== undefined && !fromOther) {
    return { kind: "local-fault", reason: output.trim().split("\n")[0] ?? fault };
  }
  if (shown === "-") return { kind: "no-echo" };
  const reason = late ? "fping did not end in time" : `fping said: ${output.trim().slice(0, 200)}`;
  return { kind: "local-fault", reason };
}
