/** Where a probe sends to: one collector on one path, over a socket that comes back when it fails. */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { NetworkName } from "../../shared/telemetry.ts";

export interface CollectorAddress {
  readonly path: NetworkName;
  readonly address: string;
  readonly port: number;
  /** Our own address on that path; undefined lets the kernel choose. */
  readonly sourceAddress: string | undefined;
}

/**
 * One collector on one path. Its socket is bound to the path's own address, which may not exist yet
 * at boot or may vanish: a socket that failed is replaced at the next report.
 */
export class CollectorEndpoint {
  readonly #target: CollectorAddress;
  readonly #onError: () => void;
  readonly #onMessage: (bytes: Uint8Array) => void;
  readonly #log: Logger;
  #socket: Socket | undefined;
  #ready = false;
  #closed = false;
  #lastError = "";

  constructor(options: {
    readonly target: CollectorAddress;
    readonly onError: () => void;
    readonly onMessage: (bytes: Uint8Array) => void;
    readonly log: Logger;
  }) {
    this.#target = options.target;
    this.#onError = options.onError;
    this.#onMessage = options.onMessage;
    this.#log = options.log;
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
    socket.on("message", this.#onMessage);
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
