/** One cloud's record, as clouds.yaml or OS_* variables hold it, into what our adapters need. */
import { readFileSync } from "node:fs";
import { describeError } from "../../shared/errors.ts";
import { Secret } from "../../shared/secret.ts";
import type { TlsCheck } from "./http-request.ts";
import { asList, asRecord, type JsonRecord } from "./json.ts";

/** A user, project or domain as Keystone takes it: by id, or by name inside a domain. */
export type IdentityName = Readonly<Record<string, unknown>>;

export type CloudAuth =
  | {
      readonly kind: "password";
      readonly user: IdentityName;
      /** For messages: who we tried to be. */
      readonly who: string;
      readonly password: Secret;
      /** Keystone's `scope` object; undefined leaves it to the user's default project. */
      readonly scope: IdentityName | undefined;
    }
  | {
      readonly kind: "application-credential";
      readonly credential: IdentityName;
      readonly who: string;
      readonly secret: Secret;
    };

/** Everything needed to reach Keystone and Nova. */
export interface CloudAccess {
  readonly name: string;
  readonly authUrl: string;
  readonly auth: CloudAuth;
  /** Undefined takes the catalog's first. */
  readonly region: string | undefined;
  readonly interface: "public" | "internal" | "admin";
  readonly tls: TlsCheck;
  /** Used instead of the catalog's compute endpoint. */
  readonly computeEndpoint: string | undefined;
  /** The same for Placement. */
  readonly placementEndpoint?: string | undefined;
}

export type CloudRead =
  | { readonly kind: "cloud"; readonly cloud: CloudAccess }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

/** Looks a key up under `auth` first, then beside it, under each of its names. */
type Lookup = (...names: readonly string[]) => string | undefined;

/** Reads one cloud's record; lists all problems at once. */
export function readCloud(name: string, record: JsonRecord, home: string): CloudRead {
  const problems: string[] = [];
  const auth = asRecord(record["auth"]);
  const find: Lookup = (...names) =>
    names
      .map((key) => scalar(auth[key]) ?? scalar(record[key]))
      .find((value) => value !== undefined);
  if (record["profile"] !== undefined || record["cloud"] !== undefined) {
    problems.push("vendor profiles are not supported: write auth_url into the cloud itself");
  }
  const authUrl = find("auth_url");
  if (authUrl === undefined) problems.push("auth_url is missing");
  const tls = readTls(record, home, problems);
  const access = readAuth(find, problems);
  const chosenInterface = readInterface(record, problems);
  if (problems.length > 0 || authUrl === undefined || access === undefined) {
    return { kind: "problems", problems: problems.map((text) => `cloud "${name}": ${text}`) };
  }
  const cloud: CloudAccess = {
    name,
    authUrl,
    auth: access,
    region: readRegion(record),
    interface: chosenInterface,
    tls,
    computeEndpoint: scalar(record["compute_endpoint_override"] ?? record["compute_endpoint"]),
    placementEndpoint: scalar(
      record["placement_endpoint_override"] ?? record["placement_endpoint"],
    ),
  };
  return { kind: "cloud", cloud };
}

function scalar(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function flag(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  const text = scalar(value)?.toLowerCase();
  if (text === undefined) return undefined;
  return ["true", "1", "yes", "on"].includes(text);
}

function readRegion(record: JsonRecord): string | undefined {
  const own = scalar(record["compute_region_name"]) ?? scalar(record["region_name"]);
  if (own !== undefined) return own;
  const first = asList(record["regions"])[0];
  return scalar(first) ?? scalar(asRecord(first)["name"]);
}

function readInterface(record: JsonRecord, problems: string[]): CloudAccess["interface"] {
  const text = (
    scalar(record["compute_interface"] ?? record["interface"] ?? record["endpoint_type"]) ??
    "public"
  ).replace(/URL$/, "");
  if (text === "public" || text === "internal" || text === "admin") return text;
  problems.push(`interface is "${text}"; it must be public, internal or admin`);
  return "public";
}

function readTls(record: JsonRecord, home: string, problems: string[]): TlsCheck {
  const read = (key: string): string | undefined => {
    const path = scalar(record[key])?.replace(/^~(?=\/)/, home);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      problems.push(`${key}: ${describeError(error)}`);
      return undefined;
    }
  };
  // As in openstacksdk, `verify: false` wins over a CA file that is given as well.
  const verify = flag(record["insecure"]) !== true && flag(record["verify"]) !== false;
  return {
    verify,
    ca: verify ? read("cacert") : undefined,
    cert: read("cert"),
    key: read("key"),
  };
}

function readAuth(find: Lookup, problems: string[]): CloudAuth | undefined {
  const type = find("auth_type", "auth_plugin") ?? "password";
  if (type === "password" || type === "v3password") return readPassword(find, problems);
  if (type === "v3applicationcredential") return readCredential(find, problems);
  problems.push(`auth_type "${type}" is not supported: use password or v3applicationcredential`);
  return undefined;
}

function readPassword(find: Lookup, problems: string[]): CloudAuth | undefined {
  const user = readUser(find, problems);
  const password = find("password");
  if (password === undefined) problems.push("password is missing");
  const scope = readScope(find, problems);
  if (user === undefined || password === undefined) return undefined;
  const who = find("username", "user_name", "user_id") ?? "";
  return { kind: "password", user, who: `user "${who}"`, password: new Secret(password), scope };
}

function readCredential(find: Lookup, problems: string[]): CloudAuth | undefined {
  const id = find("application_credential_id");
  const name = find("application_credential_name");
  const secret = find("application_credential_secret");
  if (secret === undefined) problems.push("application_credential_secret is missing");
  let credential: IdentityName | undefined;
  if (id !== undefined) {
    credential = { id };
  } else if (name === undefined) {
    problems.push("application_credential_id (or application_credential_name) is missing");
  } else {
    const user = readUser(find, problems);
    if (user !== undefined) credential = { name, user };
  }
  if (credential === undefined || secret === undefined) return undefined;
  const who = `application credential "${id ?? name ?? ""}"`;
  return { kind: "application-credential", credential, who, secret: new Secret(secret) };
}

function readUser(find: Lookup, problems: string[]): IdentityName | undefined {
  const id = find("user_id");
  if (id !== undefined) return { id };
  const name = find("username", "user_name");
  const domain = readDomain(find, "user_domain");
  if (name === undefined) problems.push("username (or user_id) is missing");
  else if (domain === undefined) problems.push("user_domain_name (or user_domain_id) is missing");
  else return { name, domain };
  return undefined;
}

function readDomain(find: Lookup, prefix: string): IdentityName | undefined {
  const id = find(`${prefix}_id`) ?? find("default_domain_id", "default_domain");
  const name = find(`${prefix}_name`) ?? find("default_domain_name");
  // A name given for this very domain is more exact than a default id.
  if (find(`${prefix}_id`) === undefined && name !== undefined) return { name };
  return id === undefined ? undefined : { id };
}

function readScope(find: Lookup, problems: string[]): IdentityName | undefined {
  if (find("system_scope") !== undefined) return { system: { all: true } };
  const id = find("project_id", "tenant_id");
  if (id !== undefined) return { project: { id } };
  const name = find("project_name", "tenant_name");
  if (name === undefined) return undefined;
  const domain = readDomain(find, "project_domain");
  if (domain !== undefined) return { project: { name, domain } };
  problems.push("project_domain_name (or project_domain_id) is missing");
  return undefined;
}
