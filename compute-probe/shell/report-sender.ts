/**
 * Signs and sends reports: each datagram once per path to every collector of that path, under the
 * same sequence everywhere, so that loss of the same datagram can be compared between networks.
 */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { KeyObject } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { HostName } from "../../shared/names.ts";
import type { HostChecks, NetworkName } from "../../shared/telemetry.ts";
import type { WireServer } from "../../shared/wire.ts";
import { signDatagram } from "../../shared/wire-auth.ts";
import { planReport } from "../core/report.ts";

export interface CollectorAddress {
  readonly path: NetworkName;
  readonly address: string;
  readonly port: number;
  /** Our own address on that path; undefined lets the kernel choose. */
  readonly sourceAddress: string | undefined;
}

export interface SenderIdentity {
  readonly host: HostName;
  readonly keyId: number;
  readonly key: KeyObject;
  readonly bootId: string;
  readonly probeEpoch: number;
}

export interface ReportSender {
  /** Hands one report to the kernel. Never waits, never throws for what the network does. */
  send(checks: HostChecks, servers: readonly WireServer[] | undefined): void;
  close(): void;
}

interface PathState {
  readonly path: NetworkName;
  readonly endpoints: readonly Endpoint[];
  sent: number;
  sendErrors: number;
}

export function createReportSender(options: {
  readonly identity: SenderIdentity;
  readonly collectors: readonly CollectorAddress[];
  readonly clock: Clock;
  readonly log: Logger;
}): ReportSender {
  const { identity, clock } = options;
  const paths = groupByPath(options.collectors).map(([path, collectors]): PathState => {
    const state: PathState = {
      path,
      endpoints: collectors.map(
        (one) => new Endpoint(one, () => (state.sendErrors += 1), options.log),
      ),
      sent: 0,
      sendErrors: 0,
    };
    return state;
  });
  let sequence = 0;

  return {
    send(checks, servers) {
      const first = sequence + 1;
      for (const records of planReport({ host: identity.host, sequence: first, checks, servers })) {
        sequence += 1;
        for (const state of paths) {
          state.sent += 1;
          const header = {
            ...identity,
            path: state.path,
            sequence,
            sentWallMs: clock.wallMs(),
            sentMonoMs: clock.monoMs(),
            sent: state.sent,
            sendErrors: state.sendErrors,
          };
          const datagram = signDatagram(identity.key, header, records);
          for (const endpoint of state.endpoints) endpoint.send(datagram);
        }
      }
    },
    close() {
      for (const { endpoints } of paths) for (const endpoint of endpoints) endpoint.close();
    },
  };
}

function groupByPath(
  collectors: readonly CollectorAddress[],
): readonly (readonly [NetworkName, readonly CollectorAddress[]])[] {
  const names = [...new Set(collectors.map(({ path }) => path))];
  return names.map((name) => [name, collectors.filter(({ path }) => path === name)] as const);
}

/**
 * One collector on one path. Its socket is bound to the path's own address, which may not exist yet
 * at boot or may vanish: a socket that failed is replaced at the next report.
 */
class Endpoint {
  readonly #target: CollectorAddress;
  readonly #onError: () => void;
  readonly #log: Logger;
  #socket: Socket | undefined;
  #ready = false;
  #closed = false;
  #lastError = "";

  constructor(target: CollectorAddress, onError: () => void, log: Logger) {
    this.#target = target;
    this.#onError = onError;
    this.#log = log;
  }

  send(datagram: Uint8Array): void {
    if (this.#closed) return;
    const socket = this.#socket ?? this.#open();
    const { port, address } = this.#target;
    const transmit = (): void => {
      if (this.#socket !== socket) return;
      socket.send(datagram, port, address, (error) => {
        if (error === null) this.#lastError = "";
        else this.#note(error);
      });
    };
    if (this.#ready) transmit();
    else socket.once("listening", transmit);
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  #open(): Socket {
    const { address, sourceAddress } = this.#target;
    const family = isIPv6(address) ? 6 : 4;
    const socket = createSocket({
      type: family === 6 ? "udp6" : "udp4",
      // Addresses are literal; the default lookup would use the thread pool, where anything hangs.
      lookup: (host, _options, callback) => callback(null, host, family),
    });
    this.#socket = socket;
    this.#ready = false;
    socket.on("listening", () => (this.#ready = true));
    socket.on("error", (error) => {
      this.#note(error);
      if (this.#socket === socket) this.#drop();
    });
    socket.bind({ port: 0, ...(sourceAddress === undefined ? {} : { address: sourceAddress }) });
    return socket;
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#ready = false;
    try {
      socket?.close();
    } catch {
      // It closed itself when it failed.
    }
  }

  #note(error: Error): void {
    this.#onError();
    const reason = describeError(error);
    if (reason === this.#lastError) return;
    this.#lastError = reason;
    const { path, address, port } = this.#target;
    this.#log.warn({ event: "send-failed", path, address, port, reason }, "report not sent");
  }
}
