/**
 * The socket that reports arrive on, and answers leave by. `caughtUp` proves that everything that reached the socket
 * before it was called has been handled: it sends a random marker through the same queue. Without
 * that proof a collector whose loop had stalled would, on waking, write "everything that reached me
 * is stored" before it read the waiting datagrams, and every host would look silent.
 */
import { randomBytes } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Logger } from "../../shared/log.ts";
import { withDeadline } from "../../shared/loop.ts";

export interface UdpServer {
  readonly address: string;
  readonly port: number;
  readonly receiveBufferBytes: number;
  /** Hands a datagram to the kernel; what becomes of it nobody learns. */
  send(bytes: Uint8Array, to: Sender): void;
  /** True once a marker sent now has come back; false when it has not within the deadline. */
  caughtUp(deadlineMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Where a datagram came from. */
export type Sender = Pick<RemoteInfo, "address" | "port">;

const markerBytes = 20;
/** Less loses datagrams in the bursts of a thousand hosts, or when our loop stalls for a moment. */
const receiveBufferBytesMin = 4_194_304;

export async function openUdpServer(options: {
  readonly address: string;
  readonly port: number;
  readonly receiveBufferBytes: number;
  readonly onDatagram: (bytes: Uint8Array, from: Sender) => void;
  readonly log: Logger;
}): Promise<UdpServer> {
  const socket = createSocket({
    type: isIPv6(options.address) ? "udp6" : "udp4",
    recvBufferSize: options.receiveBufferBytes,
    lookup: (host, _options, callback) => callback(null, host, isIPv6(host) ? 6 : 4),
  });
  let expected: { readonly marker: Buffer; readonly seen: () => void } | undefined;
  socket.on("message", (bytes: Buffer, from: RemoteInfo) => {
    if (expected !== undefined && bytes.length === markerBytes && bytes.equals(expected.marker)) {
      expected.seen();
      return;
    }
    options.onDatagram(bytes, from);
  });
  await bind(socket, options.address, options.port);
  socket.on("error", (error) => {
    options.log.error({ event: "socket-error", reason: error.message }, "socket failed");
  });
  const granted = socket.getRecvBufferSize();
  warnAboutBuffer(granted, options);
  const { address, port } = socket.address();
  const selfAddress = selfAddressOf(address);

  return {
    address,
    port,
    receiveBufferBytes: granted,
    send(bytes, to) {
      // Port 0 can be forged, and is none that anybody listens on: sending to it throws.
      if (to.port > 0) socket.send(bytes, to.port, to.address, () => undefined);
    },
    async caughtUp(deadlineMs) {
      const marker = randomBytes(markerBytes);
      const returned = new Promise<boolean>((resolve) => {
        expected = { marker, seen: () => resolve(true) };
        socket.send(marker, port, selfAddress, (error) => {
          if (error !== null) resolve(false);
        });
      });
      const seen = await withDeadline(returned, deadlineMs, () => false);
      expected = undefined;
      return seen;
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Linux grants twice of what was asked for, unless net.core.rmem_max caps it. */
function warnAboutBuffer(
  granted: number,
  options: { readonly receiveBufferBytes: number; readonly log: Logger },
): void {
  const wanted = 2 * Math.max(options.receiveBufferBytes, receiveBufferBytesMin);
  if (granted >= wanted) return;
  const fields = { event: "small-receive-buffer", granted, wanted };
  options.log.warn(
    fields,
    "receive buffer is small: bursts are lost; raise net.core.rmem_max, or receiveBufferBytes",
  );
}

function bind(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", reject);
      resolve();
    });
  });
}

function selfAddressOf(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}
