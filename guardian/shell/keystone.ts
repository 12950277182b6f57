/**
 * Keystone: a token and Nova's address, kept and renewed. A token in hand is used for as long as it
 * is valid, so a Keystone that fails in the middle of an incident stops nothing.
 */
import type { Clock } from "../../shared/clock.ts";
import { Secret } from "../../shared/secret.ts";
import type { Failure } from "../ports.ts";
import type { CloudAccess } from "./cloud-access.ts";
import { sendHttp } from "./http-request.ts";
import { asList, asRecord, parseJson, textIn, textOf } from "./json.ts";

/** What a call to Nova needs. */
export interface ComputeAccess {
  readonly kind: "access";
  readonly token: Secret;
  /** Nova's endpoint without a slash at its end. */
  readonly endpoint: string;
  /** Placement's; undefined where the catalog has none for this interface and region. */
  readonly placement: string | undefined;
  /** Of our login, by name. */
  readonly roles: readonly string[];
}

export interface Keystone {
  /** The token in hand, or a new one when it ends soon. Callers at the same time share one request. */
  access(deadlineMs: number): Promise<ComputeAccess | Failure>;
  /** Nova answered 401 to this token: the next `access` asks for a new one. */
  reject(token: Secret): void;
}

interface Held {
  readonly access: ComputeAccess;
  readonly renewMs: number;
  readonly endMs: number;
}

/**
 * After a refusal Keystone is left alone this long: many lock an account after a few wrong
 * passwords, and ours may be shared with people.
 */
const refusalPauseMs = 10_000;

interface Refusal extends Failure {
  readonly untilMs: number;
}

type Answer = Held | Failure | Refusal;

function isRefusal(answer: Answer): answer is Refusal {
  return "untilMs" in answer;
}

export function createKeystone(cloud: CloudAccess, clock: Clock): Keystone {
  let refused: Refusal | undefined;
  let held: Held | undefined;
  let asking: Promise<Answer> | undefined;

  async function renew(deadlineMs: number): Promise<Answer> {
    asking ??= askToken(cloud, clock, deadlineMs).finally(() => (asking = undefined));
    return asking;
  }

  return {
    async access(deadlineMs) {
      if (held !== undefined && clock.monoMs() < held.renewMs) return held.access;
      const paused = refused !== undefined && clock.monoMs() < refused.untilMs;
      const answer: Answer = paused && refused !== undefined ? refused : await renew(deadlineMs);
      if ("access" in answer) {
        refused = undefined;
        held = answer;
        return held.access;
      }
      if (isRefusal(answer)) refused = answer;
      // Renewal is asked for early; until the end the old token is as good as a new one.
      if (held !== undefined && clock.monoMs() < held.endMs) return held.access;
      return answer;
    },
    reject(token) {
      if (held?.access.token === token) held = undefined;
    },
  };
}

async function askToken(cloud: CloudAccess, clock: Clock, deadlineMs: number): Promise<Answer> {
  const url = `${versionedUrl(cloud.authUrl)}/auth/tokens`;
  const askedMs = clock.monoMs();
  const outcome = await sendHttp({
    method: "POST",
    url,
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ auth: authBody(cloud) }),
    deadlineMs,
    tls: cloud.tls,
  });
  if (outcome.kind !== "answer") {
    return failed(`Keystone did not answer at ${url}: ${outcome.reason}`);
  }
  const token = outcome.headers["x-subject-token"];
  if (outcome.status !== 201 || typeof token !== "string") {
    const failure = failed(refusal(cloud, url, outcome.status, outcome.body));
    if (outcome.status !== 401) return failure;
    return { ...failure, untilMs: clock.monoMs() + refusalPauseMs };
  }
  const body = asRecord(asRecord(parseJson(outcome.body))["token"]);
  const endpoint = cloud.computeEndpoint ?? endpointOf(cloud, body["catalog"], "compute");
  if (endpoint === undefined) return failed(noEndpoint(cloud, body["catalog"]));
  const placement = cloud.placementEndpoint ?? endpointOf(cloud, body["catalog"], "placement");
  const lifetimeMs = lifetime(body["issued_at"], body["expires_at"]);
  return {
    access: {
      kind: "access",
      token: new Secret(token),
      endpoint: endpoint.replace(/\/+$/, ""),
      placement: placement?.replace(/\/+$/, ""),
      roles: asList(body["roles"]).map((role) => textIn(asRecord(role)["name"])),
    },
    renewMs: askedMs + lifetimeMs - Math.min(120_000, lifetimeMs / 5),
    endMs: askedMs + lifetimeMs,
  };
}

function failed(reason: string): Failure {
  return { kind: "failed", reason };
}

/** `auth_url` is written with and without the version in the wild. */
export function versionedUrl(authUrl: string): string {
  return `${authUrl.replace(/\/+$/, "").replace(/\/v(2\.0|3)$/, "")}/v3`;
}

function authBody(cloud: CloudAccess): Readonly<Record<string, unknown>> {
  const { auth } = cloud;
  if (auth.kind === "application-credential") {
    const credential = { ...auth.credential, secret: auth.secret.reveal() };
    return {
      identity: { methods: ["application_credential"], application_credential: credential },
    };
  }
  const user = { ...auth.user, password: auth.password.reveal() };
  const identity = { methods: ["password"], password: { user } };
  return auth.scope === undefined ? { identity } : { identity, scope: auth.scope };
}

function refusal(cloud: CloudAccess, url: string, status: number, body: string): string {
  const said = textOf(asRecord(asRecord(parseJson(body))["error"])["message"]);
  if (status === 401) {
    return `Keystone refused ${cloud.auth.who} of cloud "${cloud.name}" at ${url}: wrong name, password, secret or project (401)`;
  }
  if (status === 404) {
    return `no Keystone v3 at ${url} (404): check auth_url of cloud "${cloud.name}"`;
  }
  return `Keystone answered ${status} at ${url}: ${said ?? "no message"}`;
}

/**
 * The time a token lives, by the difference of Keystone's own two time stamps: our wall clock
 * may be off, and an hour's error must not make us use a dead token or ask for one at each call.
 */
function lifetime(issuedAt: unknown, expiresAt: unknown): number {
  const issuedMs = Date.parse(textOf(issuedAt) ?? "");
  const expiresMs = Date.parse(textOf(expiresAt) ?? "");
  const lifetimeMs = expiresMs - issuedMs;
  return Number.isFinite(lifetimeMs) && lifetimeMs > 0 ? lifetimeMs : 300_000;
}

interface CatalogEndpoint {
  readonly interface: string;
  readonly region: string;
  readonly url: string;
}

function endpointsOf(catalog: unknown, type: string): readonly CatalogEndpoint[] {
  return asList(catalog)
    .map(asRecord)
    .filter((service) => service["type"] === type)
    .flatMap((service) => asList(service["endpoints"]).map(asRecord))
    .map((endpoint) => ({
      interface: textOf(endpoint["interface"]) ?? "",
      region: textOf(endpoint["region_id"]) ?? textOf(endpoint["region"]) ?? "",
      url: textOf(endpoint["url"]) ?? "",
    }))
    .filter((endpoint) => endpoint.url !== "");
}

function endpointOf(cloud: CloudAccess, catalog: unknown, type: string): string | undefined {
  return endpointsOf(catalog, type).find(
    (endpoint) =>
      endpoint.interface === cloud.interface &&
      (cloud.region === undefined || endpoint.region === cloud.region),
  )?.url;
}

function noEndpoint(cloud: CloudAccess, catalog: unknown): string {
  const seen = endpointsOf(catalog, "compute").map(
    ({ interface: kind, region }) => `${kind} in ${region}`,
  );
  const wanted = `${cloud.interface} in ${cloud.region ?? "any region"}`;
  return `no compute endpoint "${wanted}" in the catalog of cloud "${cloud.name}"; it has: ${seen.join(", ") || "none"}`;
}
