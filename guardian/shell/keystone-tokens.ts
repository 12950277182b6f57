/** Other people's Keystone tokens: whose they are, and which role that is here. Asked once, kept for a short while. */
import { createHash } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { roles, type Role } from "../api/route.ts";
import type { CloudAccess } from "./cloud-access.ts";
import { sendHttp } from "./http-request.ts";
import { asList, asRecord, parseJson, textOf } from "./json.ts";
import { versionedUrl, type Keystone } from "./keystone.ts";

export interface KeystoneMapping {
  /** Ids of the projects whose tokens count; "system" stands for system scope. */
  readonly scopes: readonly string[];
  /** Keystone's role to ours. */
  readonly roles: Readonly<Record<string, Role>>;
  readonly cacheForMs: number;
}

export type KeystoneChecked =
  | { readonly kind: "known"; readonly by: string; readonly role: Role }
  | { readonly kind: "unknown"; readonly reason: string }
  /** Keystone did not say. */
  | { readonly kind: "failed"; readonly reason: string };

export interface KeystoneTokens {
  check(token: string): Promise<KeystoneChecked>;
}

const deadlineMs = 5000;
const keptMax = 1000;
const askedAtOnceMax = 16;
const answerBytesMax = 1_000_000;

export function createKeystoneTokens(
  cloud: CloudAccess,
  keystone: Keystone,
  clock: Clock,
  mapping: KeystoneMapping,
): KeystoneTokens {
  const kept = new Map<string, { readonly answer: KeystoneChecked; readonly untilMs: number }>();
  let asking = 0;
  return {
    async check(token) {
      if (!/^[\x21-\x7e]{1,4096}$/.test(token)) {
        return { kind: "unknown", reason: "this is no Keystone token" };
      }
      const name = createHash("sha256").update(token).digest("hex");
      const known = kept.get(name);
      if (known !== undefined && clock.monoMs() < known.untilMs) return known.answer;
      if (asking >= askedAtOnceMax) return { kind: "failed", reason: "too many ask Keystone" };
      asking += 1;
      const answer = await ask(cloud, keystone, clock, mapping, token).finally(() => (asking -= 1));
      if (answer.kind === "known") {
        if (kept.size >= keptMax) kept.clear();
        const lifeMs = Math.min(mapping.cacheForMs, answer.endsInMs);
        kept.set(name, { answer, untilMs: clock.monoMs() + lifeMs });
      }
      return answer;
    },
  };
}

async function ask(
  cloud: CloudAccess,
  keystone: Keystone,
  clock: Clock,
  mapping: KeystoneMapping,
  token: string,
): Promise<
  | (Extract<KeystoneChecked, { kind: "known" }> & { readonly endsInMs: number })
  | Exclude<KeystoneChecked, { kind: "known" }>
> {
  const access = await keystone.access(deadlineMs);
  if (access.kind === "failed") return access;
  const outcome = await sendHttp({
    method: "GET",
    url: `${versionedUrl(cloud.authUrl)}/auth/tokens?nocatalog`,
    headers: {
      accept: "application/json",
      "x-auth-token": access.token.reveal(),
      "x-subject-token": token,
    },
    deadlineMs,
    tls: cloud.tls,
    answerBytesMax,
  });
  if (outcome.kind !== "answer") {
    return { kind: "failed", reason: `Keystone did not answer: ${outcome.reason}` };
  }
  const { status } = outcome;
  if (status === 404) return { kind: "unknown", reason: "Keystone does not know this token" };
  if (status === 401) keystone.reject(access.token);
  if (status !== 200) return { kind: "failed", reason: `Keystone answered ${status}` };
  const body = asRecord(asRecord(parseJson(outcome.body))["token"]);
  const endsInMs = Date.parse(textOf(body["expires_at"]) ?? "") - clock.wallMs();
  if (!(endsInMs > 0)) return { kind: "unknown", reason: "this Keystone token has expired" };
  const user = asRecord(body["user"]);
  const domain = textOf(asRecord(user["domain"])["name"]) ?? "?";
  const by = `keystone ${textOf(user["name"]) ?? "?"}@${domain}`;
  const scope =
    asRecord(body["system"])["all"] === true ? "system" : textOf(asRecord(body["project"])["id"]);
  if (scope === undefined || !mapping.scopes.includes(scope)) {
    const reason = `${by}: its token's scope is none of api.keystone.scopes`;
    return { kind: "unknown", reason };
  }
  const given = asList(body["roles"]).map((role) => textOf(asRecord(role)["name"]) ?? "");
  const ours = given.flatMap((name) =>
    Object.hasOwn(mapping.roles, name) ? [mapping.roles[name]] : [],
  );
  const role = roles.findLast((one) => ours.includes(one));
  if (role === undefined) {
    return { kind: "unknown", reason: `${by}: none of its roles is in api.keystone.roles` };
  }
  return { kind: "known", by, role, endsInMs };
}
