/**
 * One call to Nova: token, microversion, deadline, what may be repeated and what may not.
 *
 * The microversion is at most 2.93 on purpose. From 2.95 on, Nova leaves evacuated servers stopped;
 * below it they come back as they were, running or stopped, which is what we promise.
 */
import type { Clock } from "../../shared/clock.ts";
import { sleep } from "../../shared/loop.ts";
import type { Random } from "../../shared/random.ts";
import type { ApiAnswer, Failure, Objection } from "../ports.ts";
import type { CloudAccess } from "./cloud-access.ts";
import { sendHttp, type HttpCall, type HttpOutcome } from "./http-request.ts";
import { asRecord, isRecord, parseJson, textOf } from "./json.ts";
import type { ComputeAccess, Keystone } from "./keystone.ts";

export interface NovaCallDependencies {
  readonly cloud: CloudAccess;
  readonly keystone: Keystone;
  readonly clock: Clock;
  readonly random: Random;
  readonly readDeadlineMs: number;
}

export interface NovaAnswer {
  readonly kind: "answer";
  readonly status: number;
  readonly requestId: string;
  readonly body: unknown;
}

/** `sent` says whether Nova may have received the request. */
export interface NovaSilence {
  readonly kind: "silence";
  readonly sent: boolean;
  readonly reason: string;
}

export interface NovaCalls {
  /** A read: repeated at most twice on a broken connection or a 5xx, within one deadline. */
  read(path: string, microversion?: string): Promise<NovaAnswer | Failure>;
  /**
   * An order: sent once. Only a 401, which is no execution, is answered with a new token. `objection` is asked in the
   * moment before it is sent: a token and a connection may take as long as a proof lasts.
   */
  order(
    method: "PUT" | "POST" | "DELETE",
    path: string,
    body: unknown,
    deadlineMs: number,
    objection?: Objection,
  ): Promise<NovaAnswer | NovaSilence>;
}

/** Lowest that has all we use: services by id (2.53), partial records (2.69), lock reasons (2.73). */
const microversionMin = 73;
const microversionMax = 93;
const readAttemptsMax = 3;

export function createNovaCalls(dependencies: NovaCallDependencies): NovaCalls {
  const { cloud, keystone, clock, random } = dependencies;
  const versions = new Map<string, string>();

  async function microversion(access: ComputeAccess, untilMs: number): Promise<string | Failure> {
    const known = versions.get(access.endpoint);
    if (known !== undefined) return known;
    const url = rootOf(access.endpoint);
    const outcome = await sendHttp(plainCall(cloud, "GET", `${url}/`, untilMs - clock.monoMs()));
    const chosen = chooseMicroversion(url, outcome);
    if (typeof chosen === "string") versions.set(access.endpoint, chosen);
    return chosen;
  }

  async function send(
    method: HttpCall["method"],
    path: string,
    body: unknown,
    untilMs: number,
    { wanted, objection }: { readonly wanted?: string; readonly objection?: Objection },
  ): Promise<NovaAnswer | NovaSilence> {
    for (let renewed = false; ; renewed = true) {
      const leftMs = untilMs - clock.monoMs();
      if (leftMs <= 0) return silence(false, "no time left for the call");
      const access = await keystone.access(leftMs);
      if (access.kind === "failed") return silence(false, access.reason);
      const version = wanted ?? (await microversion(access, untilMs));
      if (typeof version !== "string") return silence(false, version.reason);
      const call = novaCall(cloud, access, version, method, path, untilMs - clock.monoMs());
      const outcome = await sendHttp({
        ...call,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        objection,
      });
      if (outcome.kind !== "answer") return silence(outcome.kind === "broken", outcome.reason);
      // Neither was executed: an old token, and, in the middle of an upgrade, a version that this Nova does not know.
      const isOld = outcome.status === 406 && wanted === undefined;
      if ((outcome.status !== 401 && !isOld) || renewed) return answerOf(outcome);
      if (isOld) versions.delete(access.endpoint);
      else keystone.reject(access.token);
    }
  }

  return {
    async read(path, wanted) {
      const untilMs = clock.monoMs() + dependencies.readDeadlineMs;
      let reason = "";
      for (let attempt = 1; attempt <= readAttemptsMax; attempt += 1) {
        const answer = await send(
          "GET",
          path,
          undefined,
          untilMs,
          wanted === undefined ? {} : { wanted },
        );
        if (answer.kind === "answer" && answer.status < 500) return answer;
        reason =
          answer.kind === "answer" ? `${answer.status} ${messageOf(answer.body)}` : answer.reason;
        const waitMs = attempt * (100 + random.next() * 200);
        if (clock.monoMs() + waitMs >= untilMs) break;
        if (attempt < readAttemptsMax) await sleep(waitMs);
      }
      return { kind: "failed", reason: `Nova: GET ${path.replace(/\?.*/, "")}: ${reason}` };
    },
    order: (method, path, body, deadlineMs, objection) =>
      send(method, path, body, clock.monoMs() + deadlineMs, objection ? { objection } : {}),
  };
}

/** Nova's own sentence in an error answer, whatever key it is wrapped in. */
export function messageOf(body: unknown): string {
  const inner = Object.values(asRecord(body)).find(isRecord);
  return textOf(inner?.["message"]) ?? "no message";
}

/** A failure in words. */
export function failed(reason: string): Failure {
  return { kind: "failed", reason };
}

/** The body of a good answer; everything else is a failure that says what was read. */
export function bodyOf(
  answer: NovaAnswer | Failure,
  what: string,
): { readonly kind: "body"; readonly body: Readonly<Record<string, unknown>> } | Failure {
  if (answer.kind === "failed") return answer;
  if (answer.status === 403) {
    return failed(
      `Nova does not let us read ${what} (403): the user needs the admin role, or a policy that allows it; ${messageOf(answer.body)}`,
    );
  }
  if (answer.status !== 200 || !isRecord(answer.body)) {
    return failed(`Nova: reading ${what} answered ${answer.status}: ${messageOf(answer.body)}`);
  }
  return { kind: "body", body: answer.body };
}

function silence(sent: boolean, reason: string): NovaSilence {
  return { kind: "silence", sent, reason };
}

function plainCall(
  cloud: CloudAccess,
  method: HttpCall["method"],
  url: string,
  leftMs: number,
): HttpCall {
  const headers = { accept: "application/json", "user-agent": "compute-guardian" };
  return { method, url, headers, deadlineMs: Math.max(1, leftMs), tls: cloud.tls };
}

function novaCall(
  cloud: CloudAccess,
  access: ComputeAccess,
  version: string,
  method: HttpCall["method"],
  path: string,
  leftMs: number,
): HttpCall {
  const call = plainCall(cloud, method, `${access.endpoint}${path}`, leftMs);
  return {
    ...call,
    headers: {
      ...call.headers,
      "content-type": "application/json",
      "openstack-api-version": `compute ${version}`,
      "x-auth-token": access.token.reveal(),
    },
  };
}

function answerOf(outcome: HttpOutcome & { kind: "answer" }): NovaAnswer {
  const id =
    outcome.headers["x-openstack-request-id"] ?? outcome.headers["x-compute-request-id"] ?? "";
  return {
    kind: "answer",
    status: outcome.status,
    requestId: String(id),
    body: parseJson(outcome.body),
  };
}

/** The endpoint up to its version: older catalogs add the project's id. */
function rootOf(endpoint: string): string {
  return endpoint.replace(/(\/v2(?:\.\d+)?)(?:\/.*)?$/, "$1");
}

function chooseMicroversion(url: string, outcome: HttpOutcome): string | Failure {
  if (outcome.kind !== "answer") return { kind: "failed", reason: `Nova: ${outcome.reason}` };
  const spoken = spokenIn(parseJson(outcome.body), `Nova at ${url}`, outcome.status);
  return spoken.kind === "failed" ? spoken : spoken.chosen;
}

/** Microversions, as "2.93". */
export interface Spoken {
  readonly kind: "spoken";
  readonly min: string;
  readonly max: string;
  /** The one that the guardian speaks with it. */
  readonly chosen: string;
}

/** What Nova's own page at the root of its endpoint says. */
export function microversionsOf(answer: NovaAnswer | Failure): Spoken | Failure {
  if (answer.kind === "failed") return answer;
  return spokenIn(answer.body, "Nova", answer.status);
}

function spokenIn(body: unknown, who: string, status: number): Spoken | Failure {
  const version = asRecord(asRecord(body)["version"]);
  const max = minorOf(version["version"]);
  const min = minorOf(version["min_version"]);
  if (max === undefined || min === undefined) {
    const reason = `${who} shows no microversions (status ${status}): is this the compute endpoint?`;
    return { kind: "failed", reason };
  }
  const chosen = Math.min(max, microversionMax);
  if (chosen >= microversionMin && chosen >= min) {
    return { kind: "spoken", min: `2.${min}`, max: `2.${max}`, chosen: `2.${chosen}` };
  }
  const reason = `${who} speaks microversions 2.${min} to 2.${max}; the guardian needs one of 2.${microversionMin} to 2.${microversionMax}`;
  return { kind: "failed", reason };
}

function minorOf(version: unknown): number | undefined {
  const match = /^2\.(\d+)$/.exec(textOf(version) ?? "");
  return match === null ? undefined : Number(match[1]);
}

/** What came of an order. */
export function orderAnswer(answer: NovaAnswer | NovaSilence): ApiAnswer {
  if (answer.kind === "silence") {
    const reason = answer.sent ? answer.reason : `not sent: ${answer.reason}`;
    return { kind: "unknown", reason };
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: "accepted", requestId: answer.requestId };
  const reason = messageOf(answer.body);
  // A gateway's 5xx or a request timeout says nothing about what happened behind it.
  if (status >= 500 || status === 408) return { kind: "unknown", reason: `${status}: ${reason}` };
  return { kind: "refused", status, reason };
}
