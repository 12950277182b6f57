/**
 * Power over Redfish. One session per reading or order, with an own connection for each call; the
 * certificate is checked unless an operator wrote otherwise, because whoever answers gets the
 * password. A reading that is neither "On" nor "Off" is unknown: "PoweringOff" is not off.
 */
import { readFileSync } from "node:fs";
import { describeError } from "../../shared/errors.ts";
import type { Secret } from "../../shared/secret.ts";
import type {
  Objection,
  DeviceIdentity,
  PowerController,
  PowerOffAnswer,
  PowerOnAnswer,
  PowerRestore,
} from "../ports.ts";
import { sendHttp, type HttpOutcome, type TlsCheck } from "./http-request.ts";
import { asList, asRecord, parseJson, textOf, type JsonRecord } from "./json.ts";
import { identityProblem, plainIdentity } from "./power-identity.ts";

export interface RedfishOptions {
  /** https://bmc.example or, on loopback or with `insecureHttp`, http://… */
  readonly url: string;
  readonly username: string;
  readonly password: Secret;
  /** Which member of Systems; needed only where a BMC serves more than one. */
  readonly systemId?: string | undefined;
  /** "session" (default) sends the password once per use, "basic" with each call. */
  readonly auth?: "session" | "basic" | undefined;
  readonly caFile?: string | undefined;
  /** SHA-256 of the device's certificate, hex; for self-signed ones. */
  readonly fingerprint?: string | undefined;
  /** False accepts any certificate. */
  readonly verify?: boolean | undefined;
  /** Allows plain HTTP to another machine. */
  readonly insecureHttp?: boolean | undefined;
}

/** Why these options cannot be used; undefined when they can. Read once, at start. */
export function redfishProblem(options: RedfishOptions): string | undefined {
  let url: URL;
  try {
    url = new URL(options.url);
  } catch {
    return `not a URL: ${options.url}`;
  }
  if (url.username !== "" || url.password !== "") {
    return `the URL of ${url.host} holds a user name or password: write them as username and passwordFile`;
  }
  const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && !loopback && options.insecureHttp !== true) {
    return `${options.url} would send the password in the clear: use https, or insecureHttp: true`;
  }
  return url.protocol === "http:" || url.protocol === "https:"
    ? undefined
    : `not HTTP: ${options.url}`;
}

export function createRedfish(options: RedfishOptions): PowerController {
  const name = `redfish ${options.url.replace(/^https?:\/\//, "").replace(/\/+$/, "")}`;
  return {
    name,
    async read(deadlineMs) {
      return await inSession(
        options,
        deadlineMs,
        async (session) => {
          const system = await session.system();
          const power = textOf(system.record["PowerState"]);
          const identity = identityOf(system.record);
          if (power === "On" || power === "Off") {
            const restore = restores[textOf(system.record["PowerRestorePolicy"]) ?? ""];
            const reading = {
              power: power === "On" ? ("on" as const) : ("off" as const),
              identity,
            };
            return restore === undefined ? reading : { ...reading, restore };
          }
          return { power: "unknown", reason: `${name} says PowerState ${power ?? "nothing"}` };
        },
        (reason) => ({ power: "unknown", reason: `${name}: ${reason}` }),
      );
    },
    async powerOff(expected, deadlineMs, objection) {
      return await inSession<PowerOffAnswer>(
        options,
        deadlineMs,
        (session) => switchOff(session, name, expected, objection),
        (reason) => ({ kind: "no-answer", reason: `${name}: ${reason}` }),
      );
    },
    async powerOn(expected, deadlineMs) {
      return await inSession<PowerOnAnswer>(
        options,
        deadlineMs,
        (session) => switchOn(session, name, expected),
        (reason) => ({ kind: "no-answer", reason: `${name}: ${reason}` }),
      );
    },
  };
}

/** By the words of ComputerSystem. */
const restores: Readonly<Record<string, PowerRestore>> = {
  AlwaysOn: "always-on",
  AlwaysOff: "always-off",
  LastState: "last-state",
};

async function switchOff(
  session: RedfishSession,
  name: string,
  expected: DeviceIdentity | undefined,
  objection: Objection | undefined,
): Promise<PowerOffAnswer> {
  const answer = await reset(session, name, expected, "ForceOff", objection);
  if (answer.kind !== "refused" || answer.mayBeSo !== true) return answer;
  // Many devices refuse to switch off what is off; only a reading afterwards may say so.
  const again = await session.system();
  return textOf(again.record["PowerState"]) === "Off" ? { kind: "already-off" } : answer;
}

async function switchOn(
  session: RedfishSession,
  name: string,
  expected: DeviceIdentity | undefined,
): Promise<PowerOnAnswer> {
  const answer = await reset(session, name, expected, "On");
  if (answer.kind !== "refused" || answer.mayBeSo !== true) return answer;
  // And many to switch on what is on.
  const again = await session.system();
  return textOf(again.record["PowerState"]) === "On" ? { kind: "done" } : answer;
}

type ResetAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "no-answer"; readonly reason: string }
  /** `mayBeSo`: the request itself was refused; perhaps the power is as it was asked for. */
  | { readonly kind: "refused"; readonly reason: string; readonly mayBeSo?: boolean };

async function reset(
  session: RedfishSession,
  name: string,
  expected: DeviceIdentity | undefined,
  type: "ForceOff" | "On",
  objection?: Objection,
): Promise<ResetAnswer> {
  const system = await session.system();
  const problem = identityProblem(expected, identityOf(system.record));
  if (problem !== undefined) return { kind: "refused", reason: `${name}: ${problem}` };
  const action = asRecord(asRecord(system.record["Actions"])["#ComputerSystem.Reset"]);
  const target = textOf(action["target"]) ?? `${system.path}/Actions/ComputerSystem.Reset`;
  // A loop that stood still hears its device before its own timers: what is late is not sent.
  const late = session.leftMs() <= 0 ? "no time is left for it" : undefined;
  const why = late ?? objection?.();
  if (why !== undefined) return { kind: "refused", reason: `${name}: not sent: ${why}` };
  const outcome = await session.call("POST", target, { ResetType: type });
  if (outcome.kind !== "answer") return { kind: "no-answer", reason: `${name}: ${outcome.reason}` };
  const { status } = outcome;
  if (status >= 200 && status < 300) return { kind: "done" };
  const reason = `${name}: ${type} answered ${status}: ${redfishMessage(outcome.body)}`;
  const transient = status >= 500 || status === 408 || status === 429;
  return transient ? { kind: "refused", reason } : { kind: "refused", reason, mayBeSo: true };
}

interface RedfishSession {
  /** The computer system: its path and record. Throws when it cannot be read. */
  system(): Promise<{ readonly path: string; readonly record: JsonRecord }>;
  call(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<HttpOutcome>;
  /** Until its deadline. */
  leftMs(): number;
}

/** Logs in, works, logs out; whatever goes wrong before an order becomes `otherwise(reason)`. */
async function inSession<T>(
  options: RedfishOptions,
  deadlineMs: number,
  work: (session: RedfishSession) => Promise<T>,
  otherwise: (reason: string) => T,
): Promise<T> {
  const untilMs = performance.now() + deadlineMs;
  try {
    const problem = redfishProblem(options);
    if (problem !== undefined) return otherwise(problem);
    const tls = tlsCheck(options);
    const login = await logIn(options, tls, untilMs);
    const call: RedfishSession["call"] = (method, path, body) =>
      send(options, tls, untilMs, method, path, login.headers, body);
    try {
      const leftMs = (): number => untilMs - performance.now();
      return await work({ call, leftMs, system: () => readSystem(call, options.systemId) });
    } finally {
      // Also after an error: BMCs have few session slots, and a busy one is asked again each second. Not waited for:
      // the answer in hand is what counts.
      if (login.location !== undefined) void logOut(options, tls, login.location, login.headers);
    }
  } catch (error) {
    return otherwise(describeError(error));
  }
}

function tlsCheck(options: RedfishOptions): TlsCheck {
  const { verify = true, caFile, fingerprint } = options;
  return {
    verify,
    fingerprint,
    ca: caFile === undefined ? undefined : readFileSync(caFile, "utf8"),
  };
}

interface Login {
  readonly headers: Readonly<Record<string, string>>;
  readonly location: string | undefined;
}

async function logIn(options: RedfishOptions, tls: TlsCheck, untilMs: number): Promise<Login> {
  const password = options.password.reveal();
  if (options.auth === "basic") {
    const encoded = Buffer.from(`${options.username}:${password}`).toString("base64");
    return { headers: { authorization: `Basic ${encoded}` }, location: undefined };
  }
  const path = "/redfish/v1/SessionService/Sessions";
  const body = { UserName: options.username, Password: password };
  const outcome = await send(options, tls, untilMs, "POST", path, {}, body);
  if (outcome.kind !== "answer") throw new Error(outcome.reason);
  const token = outcome.headers["x-auth-token"];
  if (typeof token === "string") {
    return { headers: { "x-auth-token": token }, location: pathOf(outcome.headers.location) };
  }
  throw new Error(statusSentence("log in", outcome.status, outcome.body, options.username));
}

const logOutMs = 5000;

/** In a time of its own: a session that used all of its time up is closed, too. */
function logOut(
  options: RedfishOptions,
  tls: TlsCheck,
  location: string,
  headers: Login["headers"],
): Promise<HttpOutcome> {
  return send(options, tls, performance.now() + logOutMs, "DELETE", location, headers);
}

/** A Location header may be a whole URL; only its path is used, so that no other host gets a token. */
function pathOf(location: string | undefined): string | undefined {
  return location?.replace(/^https?:\/\/[^/]+/, "");
}

async function send(
  options: RedfishOptions,
  tls: TlsCheck,
  untilMs: number,
  method: "GET" | "POST" | "DELETE",
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<HttpOutcome> {
  const base = options.url.replace(/\/+$/, "");
  const deadlineMs = Math.max(1, untilMs - performance.now());
  return await sendHttp({
    method,
    url: `${base}${pathOf(path) ?? ""}`,
    headers: { accept: "application/json", "content-type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    deadlineMs,
    tls,
  });
}

async function readSystem(
  call: RedfishSession["call"],
  systemId: string | undefined,
): Promise<{ readonly path: string; readonly record: JsonRecord }> {
  const list = await readRecord(call, "/redfish/v1/Systems");
  const members = asList(list["Members"])
    .map((member) => textOf(asRecord(member)["@odata.id"]))
    .filter((path) => path !== undefined);
  const chosen =
    systemId === undefined
      ? members
      : members.filter((path) => path.replace(/\/+$/, "").endsWith(`/${systemId}`));
  const path = chosen[0];
  if (path === undefined) {
    throw new Error(`no system ${systemId ?? ""}; it has: ${members.join(", ") || "none"}`);
  }
  // Guessing which of several chassis is the host's could switch off the wrong one.
  if (chosen.length > 1) {
    throw new Error(`several systems, name one as system_id: ${members.join(", ")}`);
  }
  return { path, record: await readRecord(call, path) };
}

async function readRecord(call: RedfishSession["call"], path: string): Promise<JsonRecord> {
  const outcome = await call("GET", path);
  if (outcome.kind !== "answer") throw new Error(outcome.reason);
  if (outcome.status !== 200) throw new Error(statusSentence(path, outcome.status, outcome.body));
  return asRecord(parseJson(outcome.body));
}

function statusSentence(what: string, status: number, body: string, user?: string): string {
  if (status === 401 || status === 403) {
    return `user ${user ?? ""} refused (${status}): wrong user name, password or role`;
  }
  if (status === 503) return `busy (503): ${redfishMessage(body)}`;
  return `${what} answered ${status}: ${redfishMessage(body)}`;
}

function redfishMessage(body: string): string {
  const error = asRecord(asRecord(parseJson(body))["error"]);
  const info = asRecord(asList(error["@Message.ExtendedInfo"])[0]);
  return textOf(info["Message"]) ?? textOf(error["message"]) ?? "no message";
}

function identityOf(record: JsonRecord): DeviceIdentity {
  return {
    guid: undefined,
    uuid: plainIdentity(textOf(record["UUID"])),
    serial: plainIdentity(textOf(record["SerialNumber"])),
  };
}
