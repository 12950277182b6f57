/**
 * Answers UDP echoes for simulated hosts: one socket per address (127.x.y.z) and network, silent
 * while the host's power is off or that network is cut.
 */
import { createSocket, type Socket } from "node:dgram";
import type { NetworkName } from "../../shared/telemetry.ts";
import type { SimulatedHost } from "./simulated-host.ts";

export interface UdpEchoServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Binds every address of the hosts on one port; 0 takes a free one. */
export async function startUdpEchoServer(
  hosts: readonly SimulatedHost[],
  port = 0,
): Promise<UdpEchoServer> {
  const sockets: Socket[] = [];
  let chosen = port;
  for (const host of hosts) {
    for (const [network, address] of Object.entries(host.addresses)) {
      const socket = createSocket("udp4");
      socket.on("message", (payload, from) => {
        if (host.answersOn(network as NetworkName)) socket.send(payload, from.port, from.address);
      });
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind(chosen, address, resolve);
      });
      chosen = socket.address().port;
      sockets.push(socket);
    }
  }
  return {
    port: chosen,
    close: async () => {
      await Promise.all(
        sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
      );
    },
  };
}
