/**
 * A web server that imitates a provider of messages: the imitation decides each answer from what it
 * keeps, and a test may put a fault in its way (silence, reset, garbage, a status) for a while.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TestCertificate } from "./test-certificate.ts";

export interface ProviderRequest {
  readonly method: string;
  /** With its query. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly atMs: number;
}

export interface ProviderReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `huge` is an answer of a megabyte, which nobody should read to its end. */
export type Fault = "silence" | "reset" | "half" | "garbage" | "huge" | ProviderReply;

export interface ProviderServer {
  /** http://127.0.0.1:<port>, without a path. */
  readonly origin: string;
  /** Every request, refused ones included. */
  readonly requests: readonly ProviderRequest[];
  /** What happens to requests from now on; undefined: the imitation answers again. */
  fault(fault: Fault | undefined): void;
  close(): Promise<void>;
}

/** With a certificate it speaks HTTPS alone. */
export async function startProvider(
  answer: (request: ProviderRequest) => ProviderReply,
  certificate?: TestCertificate,
): Promise<ProviderServer> {
  const requests: ProviderRequest[] = [];
  let fault: Fault | undefined;
  const take: RequestListener = (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request: ProviderRequest = {
        method: incoming.method ?? "",
        url: new URL(incoming.url ?? "/", "http://127.0.0.1"),
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString("utf8"),
        atMs: Date.now(),
      };
      requests.push(request);
      if (fault === undefined) write(response, answer(request));
      else breakOff(response, fault);
    });
  };
  const server =
    certificate === undefined ? createServer(take) : createSecureServer({ ...certificate }, take);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http${certificate === undefined ? "" : "s"}://127.0.0.1:${port}`,
    requests,
    fault: (next) => void (fault = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function write(response: ServerResponse, { status, headers, body }: ProviderReply): void {
  // Its clock is the test's: what it dates stands in `headers`.
  response.sendDate = false;
  response.writeHead(status, { ...headers }).end(body);
}

function breakOff(response: ServerResponse, fault: Fault): void {
  if (typeof fault !== "string") return write(response, fault);
  switch (fault) {
    case "silence":
      return;
    case "reset":
      return void response.socket?.resetAndDestroy();
    case "half":
      response.writeHead(200, { "content-length": "1000" }).write("{");
      return void setTimeout(() => response.socket?.destroy(), 20);
    case "garbage":
      return write(response, { status: 200, body: "<html>Sign in to the guest network</html>" });
    case "huge":
      return write(response, { status: 200, body: "x".repeat(1024 * 1024) });
    default:
      return fault satisfies never;
  }
}

/** A provider's limit over the last minute; `take` counts and says whether one more is allowed. */
export class MinuteLimit {
  readonly #perMinute: number;
  #at: number[] = [];

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  take(nowMs: number): boolean {
    this.#at = this.#at.filter((atMs) => nowMs - atMs < 60_000);
    if (this.#at.length >= this.#perMinute) return false;
    this.#at.push(nowMs);
    return true;
  }
}

export function jsonReply(status: number, body: unknown, headers = {}): ProviderReply {
  const type = { "content-type": "application/json" };
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(body) };
}

export function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
