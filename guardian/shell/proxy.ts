/**
 * The way out through a proxy: as a channel's configuration says, never as the environment does. HTTPS goes through a
 * tunnel (CONNECT), so the proxy sees a name and a port and nothing else; plain HTTP is asked of the proxy itself.
 */
import { connect as netConnect, type LookupFunction, type Socket } from "node:net";
import type { Secret } from "../../shared/secret.ts";
import type { ProxyConfig } from "../config-parts.ts";
import { basic, type SecretReader } from "./channel-secrets.ts";

export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** The value of Proxy-Authorization. */
  readonly authorization?: Secret | undefined;
  /** The password by itself, to be hidden wherever it is repeated. */
  readonly password?: Secret | undefined;
}

const headBytesMax = 16 * 1024;

/** The proxy of a part of the configuration; undefined: calls go out directly. */
export function proxyOf(
  read: Pick<SecretReader, "optional">,
  config: ProxyConfig,
): Proxy | undefined {
  if (config.proxy === undefined) return undefined;
  const { hostname, port } = new URL(config.proxy);
  const password = read.optional("proxyPasswordFile", config.proxyPasswordFile);
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? 80 : Number(port),
    password,
    authorization: password === undefined ? undefined : basic(config.proxyUsername ?? "", password),
  };
}

/** What must not be seen of it. */
export function secretsOf(proxy: Proxy | undefined): readonly Secret[] {
  return [proxy?.authorization, proxy?.password].filter((secret) => secret !== undefined);
}

/** What the proxy wants to hear with each request. */
export function proxyHeaders({ authorization }: Proxy): Readonly<Record<string, string>> {
  return authorization === undefined ? {} : { "proxy-authorization": authorization.reveal() };
}

/** Why a status of the proxy itself is none of the provider's. */
export function loginProblem({ host, port, authorization }: Proxy): string {
  return authorization === undefined
    ? `proxy ${host}:${port} asks for a login: set proxyUsername and proxyPasswordFile`
    : `proxy ${host}:${port} refuses the login: look at proxyUsername and proxyPasswordFile`;
}

/**
 * A connection to the other side through the proxy, on which nothing was said yet. `begun` is handed the socket at
 * once, so that a deadline can end it.
 */
export async function openTunnel(
  proxy: Proxy,
  target: { readonly host: string; readonly port: number },
  begun: (socket: Socket) => void,
  lookup?: LookupFunction,
): Promise<Socket> {
  const socket = netConnect({ host: proxy.host, port: proxy.port, lookup });
  begun(socket);
  const name = target.host.includes(":") ? `[${target.host}]` : target.host;
  const to = `${name}:${target.port}`;
  const login = Object.entries(proxyHeaders(proxy)).map(([key, value]) => `${key}: ${value}\r\n`);
  const head = await new Promise<string>((resolve, reject) => {
    let read = "";
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the proxy closed the connection")));
    socket.once("connect", () =>
      socket.write(`CONNECT ${to} HTTP/1.1\r\nhost: ${to}\r\n${login.join("")}\r\n`),
    );
    const onData = (chunk: Buffer): void => {
      read += chunk.toString("latin1");
      const end = read.indexOf("\r\n\r\n");
      if (end < 0 && read.length < headBytesMax) return;
      socket.off("data", onData).pause();
      if (end < 0) reject(new Error(`the proxy's answer is above ${headBytesMax} bytes`));
      // The other side waits for us to begin: whatever stands here is none of its words.
      else if (read.length > end + 4) reject(new Error("the proxy said more than it was asked"));
      else resolve(read.slice(0, end));
    };
    socket.on("data", onData);
  });
  socket.removeAllListeners("error").removeAllListeners("close");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
  if (status >= 200 && status < 300) return socket;
  socket.on("error", () => undefined).destroy();
  const where = `proxy ${proxy.host}:${proxy.port}`;
  if (status === 407) throw new Error(loginProblem(proxy));
  if (status === 0) throw new Error(`${where} does not speak HTTP`);
  throw new Error(`${where} answered ${status} to CONNECT ${to}`);
}
