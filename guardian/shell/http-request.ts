/**
 * One HTTP or HTTPS request with a deadline. It tells apart what an order needs to know: whether
 * the request can have reached the other side (`broken`) or cannot have (`not-sent`). Built on
 * node:http rather than fetch, because a CA file, a pinned certificate and that distinction are
 * out of fetch's reach. Every request has a connection of its own: servers behind uwsgi or a proxy
 * close idle ones, and an order that met such a close would count as "may have been done".
 */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect as netConnect, isIP, type Socket } from "node:net";
import { connect as tlsConnect, type ConnectionOptions } from "node:tls";
import { describeError } from "../../shared/errors.ts";
import type { ChannelLookup } from "./channel-lookup.ts";
import { loginProblem, openTunnel, proxyHeaders, type Proxy } from "./proxy.ts";

/** How a server's certificate is checked. */
export interface TlsCheck {
  /** False accepts any certificate; only where an operator wrote so. */
  readonly verify: boolean;
  /** PEM text of the certificate authorities that count, instead of the system's. */
  readonly ca?: string | undefined;
  /** SHA-256 of the one certificate that counts, in hex; authority and name are then not looked at. */
  readonly fingerprint?: string | undefined;
  /** PEM text of our own certificate and key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface HttpCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly deadlineMs: number;
  readonly tls?: TlsCheck | undefined;
  /** Undefined: no proxy, whatever the environment says. */
  readonly proxy?: Proxy | undefined;
  /** For calls that tell people: their lookups hold up nobody else's. Undefined: the system's. */
  readonly lookup?: ChannelLookup | undefined;
  /** A longer answer counts as broken. */
  readonly answerBytesMax?: number | undefined;
  /** Asked once the connection stands, which may take as long as the deadline: with a reason nothing is sent. */
  readonly objection?: (() => string | undefined) | undefined;
}

export type HttpOutcome =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: IncomingMessage["headers"];
      readonly body: string;
    }
  /** No byte of the request left us: refused, no route, certificate not accepted. */
  | { readonly kind: "not-sent"; readonly reason: string }
  /** The request may have been read and acted on. */
  | { readonly kind: "broken"; readonly reason: string };

const bodyBytesMax = 32 * 1024 * 1024;

/** Sends one request. Never throws and settles within the deadline. */
export async function sendHttp(call: HttpCall): Promise<HttpOutcome> {
  const startedMs = performance.now();
  let url: URL;
  try {
    url = new URL(call.url);
  } catch {
    return { kind: "not-sent", reason: `not a URL: ${call.url}` };
  }
  try {
    const socket = await openSocket(url, call);
    const objected = call.objection?.();
    if (objected !== undefined) {
      socket.destroy();
      return { kind: "not-sent", reason: objected };
    }
    const leftMs = Math.max(1, call.deadlineMs - (performance.now() - startedMs));
    return await exchange(socket, url, call, leftMs);
  } catch (error) {
    return { kind: "not-sent", reason: `${url.host}: ${describeError(error)}` };
  }
}

async function openSocket(url: URL, call: HttpCall): Promise<Socket> {
  const { tls: check = { verify: true }, proxy, deadlineMs } = call;
  const secure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const untilMs = performance.now() + deadlineMs;
  const tunnel = proxy && secure ? await tunnelTo({ host, port }, proxy, call) : undefined;
  const lookup = call.lookup?.(untilMs - performance.now());
  return new Promise((resolve, reject) => {
    const socket = secure
      ? tlsConnect({
          host,
          port,
          ...(tunnel === undefined ? {} : { socket: tunnel }),
          ...tlsOptions(host, check),
          lookup,
        })
      : netConnect({ host: proxy?.host ?? host, port: proxy?.port ?? port, lookup });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${deadlineMs} ms`)),
      Math.max(1, untilMs - performance.now()),
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    socket.once("error", fail);
    socket.once(secure ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      const problem = fingerprintProblem(socket, check);
      if (problem !== undefined) return fail(new Error(problem));
      socket.off("error", fail);
      resolve(socket);
    });
  });
}

async function tunnelTo(
  target: { readonly host: string; readonly port: number },
  proxy: Proxy,
  { deadlineMs, lookup }: HttpCall,
): Promise<Socket> {
  let begun: Socket | undefined;
  const late = new Error(`proxy ${proxy.host}:${proxy.port}: no tunnel within ${deadlineMs} ms`);
  const timer = setTimeout(() => begun?.destroy(late), deadlineMs);
  try {
    const begin = (socket: Socket): void => void (begun = socket);
    return await openTunnel(proxy, target, begin, lookup?.(deadlineMs));
  } catch (error) {
    begun?.on("error", () => undefined).destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function tlsOptions(host: string, check: TlsCheck): ConnectionOptions {
  return {
    rejectUnauthorized: check.verify && check.fingerprint === undefined,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(check.ca === undefined ? {} : { ca: check.ca }),
    ...(check.cert === undefined ? {} : { cert: check.cert }),
    ...(check.key === undefined ? {} : { key: check.key }),
  };
}

/** Checked before the first byte is written, so that no password reaches the wrong device. */
function fingerprintProblem(socket: Socket, check: TlsCheck): string | undefined {
  if (check.fingerprint === undefined) return undefined;
  if (!("getPeerCertificate" in socket)) return "a certificate is pinned but this is plain HTTP";
  const seen = socket as Socket & { getPeerCertificate(): { fingerprint256?: string } };
  const shown = plainHex(seen.getPeerCertificate().fingerprint256 ?? "");
  if (shown === plainHex(check.fingerprint)) return undefined;
  return `the certificate shown (SHA-256 ${shown}) is not the pinned one`;
}

function plainHex(text: string): string {
  return text.replace(/[^0-9a-fA-F]/g, "").toLowerCase();
}

function exchange(
  socket: Socket,
  url: URL,
  call: HttpCall,
  deadlineMs: number,
): Promise<HttpOutcome> {
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const settle = (outcome: HttpOutcome): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(
      () =>
        settle({ kind: "broken", reason: `${url.host}: no answer within ${deadlineMs | 0} ms` }),
      deadlineMs,
    );
    const broken = (error: Error): void =>
      settle({ kind: "broken", reason: `${url.host}: ${describeError(error)}` });
    const body = call.body === undefined ? undefined : Buffer.from(call.body);
    const { answerBytesMax = bodyBytesMax } = call;
    // Over plain HTTP the proxy is asked for the whole address, and knows its own login by name.
    const asked = call.proxy !== undefined && url.protocol === "http:" ? call.proxy : undefined;
    const headers = {
      ...call.headers,
      ...(asked === undefined ? {} : proxyHeaders(asked)),
      ...(body === undefined ? {} : { "content-length": String(body.length) }),
    };
    const sent = request(url, {
      method: call.method,
      headers,
      createConnection: () => socket,
      ...(asked === undefined ? {} : { path: `${url.origin}${url.pathname}${url.search}` }),
    });
    sent.on("error", broken);
    sent.on("response", (response) => {
      if (asked !== undefined && response.statusCode === 407) {
        return settle({ kind: "not-sent", reason: `${url.host}: ${loginProblem(asked)}` });
      }
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) broken(new Error(`answer above ${answerBytesMax} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", broken);
      response.on("aborted", () =>
        broken(new Error("connection lost in the middle of the answer")),
      );
      response.on("end", () =>
        settle({
          kind: "answer",
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    sent.end(body);
  });
}
