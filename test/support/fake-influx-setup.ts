/** How InfluxDB 2 and 3 answer who creates a bucket or a database, as their documentation says. */

/** Retention by name: seconds for version 2, text for version 3. */
export type Buckets = Map<string, number | string>;

export interface SetupAnswer {
  readonly status: number;
  readonly body: unknown;
}

const organizationId = "0123456789abcdef";

/** Undefined: it is no request of that kind. */
export function answerSetup(
  version: 1 | 2 | 3,
  request: { readonly method: string; readonly url: URL; readonly body: string },
  { buckets, organization }: { readonly buckets: Buckets; readonly organization: string },
): SetupAnswer | undefined {
  const { method, url, body } = request;
  const asked = `${method} ${url.pathname}`;
  if (version === 2 && asked === "GET /api/v2/orgs") {
    const isKnown = url.searchParams.get("org") === organization;
    if (isKnown)
      return { status: 200, body: { orgs: [{ id: organizationId, name: organization }] } };
    return { status: 404, body: { code: "not found", message: "organization not found" } };
  }
  if (version === 2 && asked === "POST /api/v2/buckets") {
    const { orgID, name, retentionRules } = JSON.parse(body) as {
      readonly orgID: string;
      readonly name: string;
      readonly retentionRules: readonly { readonly type: string; readonly everySeconds: number }[];
    };
    if (orgID !== organizationId) return { status: 400, body: { code: "invalid" } };
    const message = `bucket with name ${name} already exists`;
    if (buckets.has(name)) return { status: 422, body: { code: "conflict", message } };
    buckets.set(name, retentionRules[0]?.everySeconds ?? 0);
    return { status: 201, body: { id: "fedcba9876543210", name } };
  }
  if (version === 3 && asked === "POST /api/v3/configure/database") {
    const { db, retention_period: retention } = JSON.parse(body) as Record<string, string>;
    if (db === undefined || buckets.has(db)) return { status: 409, body: { error: "exists" } };
    buckets.set(db, retention ?? "");
    return { status: 200, body: null };
  }
  return undefined;
}
