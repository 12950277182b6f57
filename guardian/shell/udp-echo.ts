/**
 * Pings the simulated hosts of the demo: a UDP datagram with a random nonce to a loopback address,
 * where test/support/udp-echo-server.ts answers. Never for real hosts: it is a program that answers
 * here, not a kernel.
 */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { describeError } from "../../shared/errors.ts";
import type { Pinger, PingResult } from "../ports.ts";
import { silence } from "./net-ping.ts";

/** A pinger of 127.0.0.0/8 only, on one UDP port for all addresses. */
export function createUdpEchoPinger(port: number): Pinger {
  return {
    name: "udp-echo",
    ping: (target, timeoutMs) =>
      target.address.startsWith("127.")
        ? pingOnce(target.address, port, timeoutMs)
        : Promise.resolve({ kind: "local-fault", reason: "udp-echo pings 127.0.0.0/8 only" }),
    close: () => Promise.resolve(),
  };
}

function pingOnce(address: string, port: number, timeoutMs: number): Promise<PingResult> {
  return new Promise((resolve) => {
    const nonce = randomBytes(16);
    const socket = createSocket("udp4");
    const startedMs = performance.now();
    let settled = false;
    const settle = (result: PingResult): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.close();
      resolve(result);
    };
    const timer = setTimeout(
      () => settle(silence(performance.now() - startedMs, timeoutMs)),
      timeoutMs,
    );
    socket.on("error", (error) => settle({ kind: "local-fault", reason: describeError(error) }));
    socket.on("message", (payload, from) => {
      if (from.address !== address || from.port !== port || !payload.equals(nonce)) return;
      settle({ kind: "echo", rttMs: performance.now() - startedMs });
    });
    socket.send(nonce, port, address, (error) => {
      if (error !== null) settle({ kind: "local-fault", reason: describeError(error) });
    });
  });
}
