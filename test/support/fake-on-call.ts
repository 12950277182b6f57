/**
 * PagerDuty, Flashduty and Alertmanager as far as alerts go: they check the key and the shape of an
 * event, keep each alert by its key or its labels, and show which fire.
 */
import {
  jsonReply,
  MinuteLimit,
  parseRecord,
  startProvider,
  type ProviderReply,
  type ProviderServer,
} from "./provider-server.ts";

type Fields = Readonly<Record<string, unknown>>;

export interface OnCallServer extends ProviderServer {
  /** Events that were taken. */
  readonly taken: readonly Fields[];
  /** By dedup key: triggered, acknowledged or resolved. */
  readonly states: ReadonlyMap<string, string>;
}

export const pagerDutyKey = "0123456789abcdef0123456789ABCDEF";

export async function startPagerDuty(): Promise<OnCallServer> {
  const taken: Fields[] = [];
  const states = new Map<string, string>();
  const limit = new MinuteLimit(120);
  const invalid = (errors: readonly string[]): ProviderReply =>
    jsonReply(400, { status: "invalid event", message: "Event object is invalid", errors });
  const server = await startProvider((request) => {
    if (Buffer.byteLength(request.body) > 512 * 1024) return jsonReply(413, {});
    const event = parseRecord(request.body);
    if (request.url.pathname !== "/v2/enqueue" || event === undefined) return jsonReply(404, {});
    if (event["routing_key"] !== pagerDutyKey) return invalid(["Invalid routing key"]);
    const [key, action] = [String(event["dedup_key"]), String(event["event_action"])];
    if (key.length > 255) return invalid(["Length of 'dedup_key' is incorrect"]);
    const problem = action === "trigger" ? payloadProblem(event["payload"]) : undefined;
    if (problem !== undefined) return invalid([problem]);
    if (!limit.take(request.atMs)) {
      return jsonReply(429, { status: "throttle exceeded" }, { "retry-after": "30" });
    }
    const next = nextState(action, states.get(key));
    if (next !== undefined) states.set(key, next);
    taken.push(event);
    return jsonReply(202, { status: "success", message: "Event processed", dedup_key: key });
  });
  return { ...server, taken, states };
}

function payloadProblem(payload: unknown): string | undefined {
  const { summary, source, severity } = Object(payload) as Fields;
  if (typeof summary !== "string" || summary === "" || summary.length > 1024) {
    return "'payload.summary' is missing or too long";
  }
  if (typeof source !== "string" || source === "") return "'payload.source' is missing or blank";
  const known = ["critical", "error", "warning", "info"].includes(String(severity));
  return known ? undefined : "'payload.severity' is invalid";
}

/** An acknowledgement or an end of what is not there changes nothing. */
function nextState(action: string, state: string | undefined): string | undefined {
  if (action === "trigger") return state === "acknowledged" ? state : "triggered";
  if (state === undefined || state === "resolved") return undefined;
  return action === "acknowledge" ? "acknowledged" : "resolved";
}

export const flashdutyKey = "flashduty-integration-key-1";

export async function startFlashduty(): Promise<OnCallServer> {
  const taken: Fields[] = [];
  const states = new Map<string, string>();
  let requests = 0;
  const server = await startProvider((request) => {
    requests += 1;
    const refuse = (status: number, code: string, message: string): ProviderReply =>
      jsonReply(status, { request_id: `r${requests}`, error: { code, message } });
    const key = request.url.searchParams.get("integration_key") ?? "";
    if (request.url.pathname !== "/event/push/alert/standard") {
      return refuse(404, "ResourceNotFound", "no such path");
    }
    if (key !== flashdutyKey) {
      // The body decides: some of its errors come with 200.
      return refuse(200, "InvalidParameter", `The integration_key ${key} is not valid`);
    }
    const event = parseRecord(request.body);
    const status = String(event?.["event_status"]);
    const labels = Object.entries(Object(event?.["labels"]) as Fields);
    if (!["Critical", "Warning", "Info", "Ok"].includes(status)) {
      return refuse(400, "InvalidParameter", "event_status is not valid");
    }
    if (labels.length > 50 || labels.some(([, value]) => typeof value !== "string")) {
      return refuse(400, "InvalidParameter", "labels are not valid");
    }
    const [alertKey, title] = [String(event?.["alert_key"]), String(event?.["title_rule"])];
    if (alertKey.length > 255 || title === "undefined" || event === undefined) {
      return refuse(400, "InvalidParameter", "alert_key or title_rule is not valid");
    }
    states.set(alertKey, status === "Ok" ? "resolved" : "triggered");
    taken.push(event);
    return jsonReply(200, { request_id: `r${requests}`, data: { alert_key: alertKey } });
  });
  return { ...server, taken, states };
}

export interface PeerAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

export interface AlertmanagerServer extends ProviderServer {
  /** What fires at this time, as its own list shows it. */
  active(atMs: number): readonly PeerAlert[];
  posts(): number;
}

/** One peer; `authorization` is the header that it asks for. */
export async function startAlertmanager(authorization?: string): Promise<AlertmanagerServer> {
  const alerts = new Map<string, PeerAlert>();
  let posts = 0;
  const server = await startProvider((request) => {
    if (authorization !== undefined && request.headers.authorization !== authorization) {
      return { status: 401, body: "Unauthorized\n" };
    }
    if (request.url.pathname !== "/api/v2/alerts")
      return { status: 404, body: "404 page not found" };
    let posted: readonly Fields[];
    try {
      posted = JSON.parse(request.body) as readonly Fields[];
    } catch {
      return jsonReply(400, { code: 400, message: "parsing alerts body failed" });
    }
    for (const one of posted) {
      const problem = take(alerts, one);
      if (problem !== undefined) return jsonReply(400, problem);
    }
    posts += 1;
    return { status: 200, body: "" };
  });
  return {
    ...server,
    posts: () => posts,
    active: (atMs) =>
      [...alerts.values()].filter((one) => one.startsAtMs <= atMs && one.endsAtMs > atMs),
  };
}

function take(alerts: Map<string, PeerAlert>, posted: Fields): string | undefined {
  const labels = Object(posted["labels"]) as Readonly<Record<string, string>>;
  const names = Object.keys(labels);
  if (names.length === 0) return "at least one label pair required";
  if (names.some((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))) return "invalid label set";
  const startsAtMs = Date.parse(String(posted["startsAt"]));
  const endsAtMs = Date.parse(String(posted["endsAt"]));
  if (!(startsAtMs <= endsAtMs)) return "start time must be before end time";
  const key = JSON.stringify(names.sort().map((name) => [name, labels[name]]));
  const known = alerts.get(key);
  // Overlapping posts of one alert are one alert, from the earlier beginning.
  const overlaps = known !== undefined && known.endsAtMs >= startsAtMs;
  const beganMs = overlaps ? Math.min(known.startsAtMs, startsAtMs) : startsAtMs;
  const annotations = Object(posted["annotations"]) as Readonly<Record<string, string>>;
  alerts.set(key, { labels, annotations, startsAtMs: beganMs, endsAtMs });
  return undefined;
}
