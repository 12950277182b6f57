/**
 * Redfish BMCs over HTTP on a loopback port: one service for one or many simulated hosts, each as
 * a member of Systems, each with its own mood. Their power is that of the simulated hosts.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { sleep } from "../../shared/loop.ts";
import type { SimulatedHost } from "./simulated-host.ts";

export type BmcMode =
  | "normal"
  /** Accepts the off order and leaves the power on. */
  | "stuck"
  /** Answers 503 to everything after the log-in. */
  | "busy"
  /** Takes connections and never answers. */
  | "unreachable"
  /** Answers after `slowMs`. */
  | "slow"
  /** Shows another machine's UUID and serial number. */
  | "wrong-identity"
  /** Refuses to switch off what is off, and on what is on, as many real ones do. */
  | "strict";

export interface FakeBmcOptions {
  readonly hosts: readonly SimulatedHost[];
  readonly slowMs?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface FakeBmc {
  readonly url: string;
  readonly username: "admin";
  readonly password: "s3cret";
  /** Off orders received, by host, however they were answered. */
  readonly offOrders: readonly string[];
  readonly openSessions: number;
  setMode(host: string, mode: BmcMode): void;
  close(): Promise<void>;
}

const sessions = "/redfish/v1/SessionService/Sessions";
const systems = "/redfish/v1/Systems";

export async function startFakeBmc(options: FakeBmcOptions): Promise<FakeBmc> {
  const modes = new Map<string, BmcMode>();
  const tokens = new Set<string>();
  const offOrders: string[] = [];

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  };
  const server: Server =
    options.tls === undefined
      ? createServer(onRequest)
      : createTlsServer({ ...options.tls }, onRequest);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  function modeOf(path: string): BmcMode {
    const host = hostAt(path) ?? (options.hosts.length === 1 ? options.hosts[0] : undefined);
    return modes.get(host?.name ?? "") ?? "normal";
  }

  function hostAt(path: string): SimulatedHost | undefined {
    const id = path.startsWith(`${systems}/`) ? path.split("/")[4] : undefined;
    return options.hosts.find((host) => host.name === id);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const path = (request.url ?? "/").replace(/\/$/, "");
    const mode = modeOf(path);
    if (mode === "unreachable") return;
    if (mode === "slow") await sleep(options.slowMs ?? 500);
    if (path === sessions && request.method === "POST") return openSession(response, text);
    const token = request.headers["x-auth-token"];
    const basic = `Basic ${Buffer.from("admin:s3cret").toString("base64")}`;
    if (
      !(typeof token === "string" && tokens.has(token)) &&
      request.headers.authorization !== basic
    ) {
      return json(response, 401, fault("Base.1.0.NoValidSession", "There is no valid session."));
    }
    if (path.startsWith(sessions)) {
      tokens.delete(String(token));
      return json(response, 204);
    }
    if (mode === "busy")
      return json(
        response,
        503,
        fault("Base.1.0.ServiceTemporarilyUnavailable", "Try again in 5 seconds."),
      );
    if (path === systems) {
      const Members = options.hosts.map((host) => ({ "@odata.id": `${systems}/${host.name}` }));
      return json(response, 200, { Members });
    }
    const host = hostAt(path);
    if (host === undefined)
      return json(response, 404, fault("Base.1.0.ResourceMissing", "No such resource."));
    if (path.endsWith("/Actions/ComputerSystem.Reset")) return reset(response, host, mode, text);
    return json(response, 200, systemRecord(host, mode));
  }

  function openSession(response: ServerResponse, text: string): void {
    const login = JSON.parse(text) as { readonly UserName?: string; readonly Password?: string };
    if (login.UserName !== "admin" || login.Password !== "s3cret") {
      return json(response, 401, fault("Base.1.0.InsufficientPrivilege", "Log-in failed."));
    }
    const token = randomUUID();
    tokens.add(token);
    return json(response, 201, {}, { "x-auth-token": token, location: `${sessions}/${token}` });
  }

  function reset(response: ServerResponse, host: SimulatedHost, mode: BmcMode, text: string): void {
    const type = (JSON.parse(text) as { readonly ResetType?: string }).ResetType;
    if (type === "ForceOff") {
      offOrders.push(host.name);
      if (mode === "strict" && host.power === "off") {
        return json(
          response,
          409,
          fault("IPMI.1.0.PowerState", "The system is already powered off."),
        );
      }
      if (mode !== "stuck" && host.power === "on") host.powerLoss();
      return json(response, 204);
    }
    if (type === "On") {
      if (mode === "strict" && host.power === "on") {
        const words = "The system is already powered on.";
        return json(response, 409, fault("IPMI.1.0.PowerState", words));
      }
      if (mode === "stuck") return json(response, 400, fault("Base.1.0.GeneralError", "No."));
      host.powerOn();
      return json(response, 204);
    }
    return json(response, 400, fault("Base.1.0.ActionParameterNotSupported", "No such ResetType."));
  }

  return {
    url: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    username: "admin",
    password: "s3cret",
    offOrders,
    get openSessions() {
      return tokens.size;
    },
    setMode: (host, mode) => void modes.set(host, mode),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function systemRecord(host: SimulatedHost, mode: BmcMode): unknown {
  const path = `${systems}/${host.name}`;
  const wrong = mode === "wrong-identity";
  return {
    "@odata.id": path,
    Id: host.name,
    PowerState: host.power === "on" ? "On" : "Off",
    UUID: wrong ? "deadbeef-0000-4000-8000-00000000beef" : host.uuid.toUpperCase(),
    ...(host.restore === undefined ? {} : { PowerRestorePolicy: host.restore }),
    SerialNumber: wrong ? "SN-OTHER" : host.serial,
    Actions: {
      "#ComputerSystem.Reset": {
        target: `${path}/Actions/ComputerSystem.Reset`,
        "ResetType@Redfish.AllowableValues": ["On", "ForceOff"],
      },
    },
  };
}

function fault(code: string, message: string): unknown {
  return {
    error: { code, message, "@Message.ExtendedInfo": [{ MessageId: code, Message: message }] },
  };
}

function json(
  response: ServerResponse,
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body === undefined ? "" : JSON.stringify(body));
}
