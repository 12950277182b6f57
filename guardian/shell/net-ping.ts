/**
 * ICMP echo through net-ping, hardened. By itself it takes any echo reply with the right small
 * numbers, from whatever address, as an answer: a live host then vouches for a dead one. Here each
 * request carries a random nonce, and the reply is read from the raw socket: type, nonce and source
 * must all be right. Time is our own monotonic clock, and a result that our own blocked event loop
 * may have caused is never held against the peer.
 */
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { describeError } from "../../shared/errors.ts";
import type { Pinger, PingResult, PingTarget } from "../ports.ts";

/** The part of net-ping that we use; the package has no types. */
interface NetPing {
  createSession(options: Readonly<Record<string, unknown>>): NetPingSession;
  readonly NetworkProtocol: { readonly IPv4: number; readonly IPv6: number };
}

interface NetPingSession {
  pingHost(target: string, done: (error: Error | null) => void): void;
  close(): void;
  getSocket(): RawSocket;
  toBuffer(request: { readonly id: number }): Buffer;
  nextId: number;
  on(event: "error" | "close", listener: (error: Error) => void): void;
}

interface RawSocket {
  on(event: "message", listener: (packet: Buffer, source: string) => void): void;
}

export type PingerLoad =
  | { readonly kind: "pinger"; readonly pinger: Pinger }
  | { readonly kind: "failed"; readonly reason: string };

const nonceBytes = 16;
const headerBytes = 8;

/** Loads net-ping and tries a raw socket; a reason when either does not work here. */
export async function loadNetPing(moduleName = "net-ping"): Promise<PingerLoad> {
  let netPing: NetPing;
  try {
    const loaded = (await import(moduleName)) as { readonly default: NetPing };
    netPing = loaded.default;
  } catch (error) {
    return { kind: "failed", reason: `net-ping cannot be loaded: ${firstLine(error)}` };
  }
  try {
    // Raw sockets need root or CAP_NET_RAW; better known at start than at the first silent host.
    netPing.createSession({}).close();
  } catch (error) {
    return { kind: "failed", reason: `net-ping cannot open a raw socket: ${firstLine(error)}` };
  }
  return { kind: "pinger", pinger: createNetPing(netPing) };
}

function firstLine(error: unknown): string {
  return describeError(error).split("\n")[0] ?? "";
}

function createNetPing(netPing: NetPing): Pinger {
  const open = new Set<NetPingSession>();
  return {
    name: "net-ping",
    ping(target, timeoutMs) {
      if (isIP(target.address) === 0) return Promise.resolve(localFault("not an IP address"));
      if (target.sourceAddress !== undefined) {
        // raw-socket cannot bind to an address; answering on another network would prove nothing.
        return Promise.resolve(localFault("net-ping cannot use a source address: use fping"));
      }
      return pingOnce(netPing, open, target, timeoutMs);
    },
    close() {
      for (const session of open) session.close();
      open.clear();
      return Promise.resolve();
    },
  };
}

function localFault(reason: string): PingResult {
  return { kind: "local-fault", reason };
}

/** A session for each ping: no other ping's reply, however late, is even looked at. */
function pingOnce(
  netPing: NetPing,
  open: Set<NetPingSession>,
  target: PingTarget,
  timeoutMs: number,
): Promise<PingResult> {
  return new Promise((resolve) => {
    const nonce = randomBytes(nonceBytes);
    const startedMs = performance.now();
    let session: NetPingSession;
    try {
      session = openSession(netPing, target, nonce);
    } catch (error) {
      resolve(localFault(firstLine(error)));
      return;
    }
    open.add(session);
    let settled = false;
    const settle = (result: PingResult): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      open.delete(session);
      // Not inside net-ping's own callback: it still touches the session after calling back.
      setImmediate(() => session.close());
      resolve(result);
    };
    const timer = setTimeout(
      () => settle(silence(performance.now() - startedMs, timeoutMs)),
      timeoutMs,
    );
    session.on("error", (error) => settle(localFault(firstLine(error))));
    session.getSocket().on("message", (packet, source) => {
      if (!isOurReply(packet, isIP(target.address) === 6, nonce)) return;
      if (!sameAddress(source, target.address)) return;
      settle({ kind: "echo", rttMs: performance.now() - startedMs });
    });
    session.pingHost(target.address, (error) => {
      if (error !== null && isOwnFault(error)) settle(localFault(firstLine(error)));
    });
  });
}

function openSession(netPing: NetPing, target: PingTarget, nonce: Buffer): NetPingSession {
  const version =
    isIP(target.address) === 6 ? netPing.NetworkProtocol.IPv6 : netPing.NetworkProtocol.IPv4;
  const session = netPing.createSession({
    networkProtocol: version,
    packetSize: headerBytes + nonceBytes,
    sessionId: 1 + (randomBytes(2).readUInt16BE(0) % 65_000),
    retries: 0,
    // Ours decides; theirs must not fire first.
    timeout: 3_600_000,
  });
  session.nextId = 1 + (randomBytes(2).readUInt16BE(0) % 65_000);
  const build = session.toBuffer.bind(session);
  session.toBuffer = (request) => {
    const packet = build(request);
    nonce.copy(packet, headerBytes);
    packet.writeUInt16BE(0, 2);
    packet.writeUInt16BE(checksum(packet), 2);
    return packet;
  };
  return session;
}

/** RFC 1071. For ICMPv6 the kernel writes its own. */
function checksum(packet: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 1 < packet.length; at += 2) sum += packet.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function isOurReply(packet: Buffer, version6: boolean, nonce: Buffer): boolean {
  // IPv4 raw sockets hand over the IP header as well.
  const at = version6 ? 0 : ((packet[0] ?? 0) & 0x0f) * 4;
  const echoReply = version6 ? 129 : 0;
  const payload = packet.subarray(at + headerBytes, at + headerBytes + nonceBytes);
  return packet[at] === echoReply && payload.equals(nonce);
}

function sameAddress(one: string, other: string): boolean {
  const plain = (text: string): string =>
    isIP(text) === 6 ? new URL(`http://[${text.replace(/%.*/, "")}]`).hostname : text;
  return plain(one) === plain(other);
}

/** No route or no link of our own. A router's or neighbour's "unreachable" is just no echo. */
function isOwnFault(error: Error): boolean {
  return /Network is unreachable|ENETUNREACH|ENETDOWN|Network is down|Invalid argument|not permitted|No buffer space/i.test(
    error.message,
  );
}

/**
 * Nothing came. If our own loop was blocked, the answer may lie unread in the socket: timers run
 * before sockets are read.
 */
export function silence(elapsedMs: number, timeoutMs: number): PingResult {
  const lateMs = elapsedMs - timeoutMs;
  if (lateMs <= timeoutMs / 2) return { kind: "no-echo" };
  return localFault(`our own event loop was blocked for ${Math.round(lateMs)} ms`);
}
