/**
 * Creates what the collector writes to, for `guardian-collector store init`: database and retention policy of InfluxDB 1
 * (InfluxQL), two buckets of InfluxDB 2, two databases of InfluxDB 3 (each by its own API). Versions 2 and 3 map
 * "database/policy" back for InfluxQL by themselves. What is there already is left as it is.
 */
import { describeError } from "../../shared/errors.ts";
import type { Secret } from "../../shared/secret.ts";

export interface InfluxSetupOptions {
  readonly url: string;
  readonly version: 1 | 2 | 3;
  /** InfluxDB 2. */
  readonly organization: string;
  readonly database: string;
  readonly serversRetentionPolicy: string | undefined;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly timeoutMs: number;
}

export interface InfluxSetup {
  /** What was done, one line each. */
  readonly done: readonly string[];
  /** Undefined when all went well. */
  readonly failure: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Place {
  readonly name: string;
  readonly days: number;
}

type Names = Pick<InfluxSetupOptions, "database" | "serversRetentionPolicy">;

/** Of versions 2 and 3: each with a retention of its own. */
function placesOf({ database, serversRetentionPolicy: policy }: Names): readonly Place[] {
  const main = { name: database, days: 7 };
  return policy === undefined ? [main] : [main, { name: `${database}/${policy}`, days: 1 }];
}

/** What a person may run instead: for `influx -execute`, or a shell. */
export function commandsByHand(
  options: Names & Pick<InfluxSetupOptions, "version" | "organization">,
): readonly string[] {
  const { version, organization } = options;
  if (version === 1) return statementsOf(options);
  return placesOf(options).map(({ name, days }) =>
    version === 2
      ? `influx bucket create --org ${organization} --name ${name} --retention ${days}d`
      : `influxdb3 create database --retention-period ${days}d ${name}`,
  );
}

function statementsOf({ database, serversRetentionPolicy: policy }: Names): readonly string[] {
  const quote = (name: string): string => `"${name.replaceAll('"', '\\"')}"`;
  const name = quote(database);
  const create = `CREATE DATABASE ${name} WITH DURATION 7d REPLICATION 1`;
  if (policy === undefined) return [create];
  return [create, `CREATE RETENTION POLICY ${quote(policy)} ON ${name} DURATION 24h REPLICATION 1`];
}

/** Runs them. Never throws; stops at the first that fails. */
export async function setUpInflux(options: InfluxSetupOptions): Promise<InfluxSetup> {
  const done: string[] = [];
  try {
    for await (const line of stepsOf(options)) done.push(line);
    return { done, failure: undefined };
  } catch (error) {
    return { done, failure: describeError(error) };
  }
}

/** Each step as it is done, in words. */
async function* stepsOf(options: InfluxSetupOptions): AsyncGenerator<string> {
  if (options.version === 1) {
    for (const statement of statementsOf(options)) {
      const answer = await ask(options, "/query", new URLSearchParams({ q: statement }));
      if (answer.status !== 200 || answer.text.includes('"error"'))
        throw refusal(statement, answer);
      yield statement;
    }
    return;
  }
  const organizationId = options.version === 2 ? await organizationIdOf(options) : "";
  for (const place of placesOf(options)) {
    const what = options.version === 2 ? `bucket ${place.name}` : `database ${place.name}`;
    const answer = await create(options, place, organizationId);
    if (isThere(options.version, answer)) {
      yield `${what}: was there already; its retention is left as it is (${place.days}d is meant)`;
    } else if (answer.status >= 200 && answer.status < 300) {
      yield `${what}: created, retention ${place.days}d`;
    } else {
      throw refusal(what, answer);
    }
  }
}

function create(
  options: InfluxSetupOptions,
  { name, days }: Place,
  orgID: string,
): Promise<Answer> {
  if (options.version === 3) {
    const body = { db: name, retention_period: `${days}d` };
    return ask(options, "/api/v3/configure/database", body);
  }
  const retentionRules = [{ type: "expire", everySeconds: days * 86_400 }];
  return ask(options, "/api/v2/buckets", { orgID, name, retentionRules });
}

function isThere(version: 2 | 3, { status, text }: Answer): boolean {
  return version === 3 ? status === 409 : status === 422 && text.includes("conflict");
}

async function organizationIdOf(options: InfluxSetupOptions): Promise<string> {
  const { organization } = options;
  const path = `/api/v2/orgs?org=${encodeURIComponent(organization)}`;
  const answer = await ask(options, path, undefined);
  if (answer.status !== 200) throw refusal(`organization ${organization}`, answer);
  const { orgs } = JSON.parse(answer.text) as { readonly orgs?: readonly { id?: unknown }[] };
  const id = orgs?.[0]?.id;
  if (typeof id === "string") return id;
  throw new Error(
    `organization ${organization}: InfluxDB knows none; set store.influx.organization`,
  );
}

/** GET without a body, POST with one: a form, or JSON. */
async function ask(options: InfluxSetupOptions, path: string, body: unknown): Promise<Answer> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(options.headers)) headers.set(name, value.reveal());
  const isForm = body instanceof URLSearchParams;
  if (body !== undefined && !isForm) headers.set("content-type", "application/json");
  const response = await fetch(new URL(path, options.url), {
    method: body === undefined ? "GET" : "POST",
    headers,
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(options.timeoutMs),
  });
  return { status: response.status, text: await response.text() };
}

function refusal(what: string, { status, text }: Answer): Error {
  return new Error(`${what}: answered ${status}: ${text.trim().slice(0, 300)}`);
}
