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

/** A port that is free on one address may be taken on another: so often a new one is tried. */
const anyPort = [0, 0, 0, 0, 0];

/** Binds every address of the hosts on one port, the first of `ports` that is free (0: any). */
export async function startUdpEchoServer(
  hosts: readonly SimulatedHost[],
  ports: readonly number[] = anyPort,
): Promise<UdpEchoServer> {
  const [port = 0, ...others] = ports;
  const sockets: Socket[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(
      sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
    );
  };
  try {
    return { port: await bindAll(hosts, port, sockets), close };
  } catch (error) {
    await close();
    const taken = String(Reflect.get(Object(error), "code")) === "EADDRINUSE";
    if (taken && others.length > 0) return startUdpEchoServer(hosts, others);
    throw error;
  }
}

async function bindAll(
  hosts: readonly SimulatedHost[],
  port: number,
  sockets: Socket[],
): Promise<number> {
  let chosen = port;
  for (const host of hosts) {
    for (const [network, address] of Object.entries(host.addresses)) {
      const socket = createSocket("udp4");
      sockets.push(socket);
      socket.on("message", (payload, from) => {
        if (host.answersOn(network as NetworkName)) socket.send(payload, from.port, from.address);
      });
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind(chosen, address, resolve);
      });
      chosen = socket.address().port;
    }
  }
  return chosen;
}
