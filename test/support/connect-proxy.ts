/** A real HTTP proxy: tunnels by CONNECT, and asks for plain HTTP itself. */
import { createServer, request, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

export interface ConnectProxy {
  readonly port: number;
  /** "CONNECT host:port", "POST http://…", in order. */
  readonly asked: readonly string[];
  /** The Proxy-Authorization of each. */
  readonly logins: readonly (string | undefined)[];
  close(): Promise<void>;
}

export type ProxyMood = "open" | "silent" | "closed" | "chatty" | "other-protocol" | "forbidden";

/** With a login it answers 407 to everybody else. */
export async function startConnectProxy(
  login?: string,
  mood: () => ProxyMood = () => "open",
): Promise<ConnectProxy> {
  const asked: string[] = [];
  const logins: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const isKnown = ({ headers, method, url }: IncomingMessage): boolean => {
    asked.push(`${method} ${url}`);
    const given = headers["proxy-authorization"];
    logins.push(given);
    return login === undefined || given === `Basic ${Buffer.from(login).toString("base64")}`;
  };
  const server = createServer((incoming, response) => {
    if (!isKnown(incoming)) return void response.writeHead(407).end("who are you?");
    const { "proxy-authorization": _login, ...headers } = incoming.headers;
    const out = request(incoming.url ?? "", { method: incoming.method ?? "GET", headers });
    out.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    out.on("error", () => void response.writeHead(502).end());
    incoming.pipe(out);
  });
  server.on("connection", (socket) => void sockets.add(socket));
  server.on("connect", (incoming: IncomingMessage, socket: Socket) => {
    socket.on("error", () => undefined);
    if (!isKnown(incoming)) return void socket.end("HTTP/1.1 407 Who\r\n\r\n");
    switch (mood()) {
      case "silent":
        return;
      case "closed":
        return void socket.destroy();
      case "chatty":
        return void socket.write("HTTP/1.1 200 OK\r\n\r\nhello, I am no TLS");
      case "other-protocol":
        return void socket.write("SSH-2.0-OpenSSH_9.9\r\n\r\n");
      case "forbidden":
        return void socket.end("HTTP/1.1 403 No\r\n\r\n");
      case "open": {
        const target = new URL(`http://${incoming.url}`);
        const out = connect(Number(target.port), target.hostname.replace(/^\[|\]$/g, ""), () => {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
          out.pipe(socket).pipe(out);
        });
        sockets.add(out);
        return void out.on("error", () => void socket.destroy());
      }
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    logins,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
