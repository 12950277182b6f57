/** The guardian as a service: is it alive, may it be asked, what does it count; what happens, as it happens. */
import { z } from "../config-parts.ts";
import type { AuditLog } from "../shell/audit-table.ts";
import { sendRecording } from "../shell/replay-route.ts";
import { renderMetrics } from "./metrics.ts";
import { optionalLine, paging, limitMax, texts } from "./fields.ts";
import { safeHeaders } from "./handle.ts";
import { badCursor, nextPage, page, readCursor } from "./paging.ts";
import type { ApiParts, PageFile } from "./parts.ts";
import { settingsNow } from "./settings-shown.ts";
import { problem, type Call, type ReadRoute, type Reply, type Route } from "./route.ts";

/** A loop that has not decided for this long is not healthy, whatever the process does. */
const decidedWithinMs = 3000;

export function ownRoutes(parts: ApiParts): readonly Route[] {
  return [
    ...healthRoutes(parts),
    ...recordRoutes(parts),
    ...streamRoutes(parts),
    ...pageRoutes(parts),
  ];
}

/** The page holds nothing of the cloud: it asks for that with a token. */
function pageRoutes({ page: files = new Map<string, PageFile>() }: ApiParts): readonly ReadRoute[] {
  return [...files].map(([path, { type, body, policy }]) => ({
    method: "GET",
    path,
    name: `page ${path}`,
    summary: "A file of the web page",
    role: undefined,
    query: {},
    answer: type,
    run: () => ({ status: 200, body, type, headers: { "content-security-policy": policy } }),
  }));
}

function healthRoutes(parts: ApiParts): readonly ReadRoute[] {
  const { guardian, clock } = parts;
  const decidedMsAgo = (): number => clock.monoMs() - guardian.decidedAt();
  return [
    {
      method: "GET",
      path: "/healthz",
      name: "health",
      summary: "Whether the decision loop gets on: 200, else 503",
      role: undefined,
      query: {},
      answer: z.object({ decidedMsAgo: z.number() }),
      run: () => {
        const sinceMs = decidedMsAgo();
        return { status: sinceMs <= decidedWithinMs ? 200 : 503, body: { decidedMsAgo: sinceMs } };
      },
    },
    {
      method: "GET",
      path: "/readyz",
      name: "readiness",
      summary: "Whether it sees and remembers: the loop, Nova's answer, the journal; 200, else 503",
      role: undefined,
      query: {},
      answer: z.object({ ready: z.boolean(), waitsFor: z.array(z.string()) }),
      run: () => {
        const { eyes, collectors } = guardian.state();
        const waitsFor = [
          ...(decidedMsAgo() <= decidedWithinMs ? [] : ["the decision loop"]),
          ...(eyes.servicesAt === undefined ? ["Nova's list of services"] : []),
          ...(eyes.journalWritable ? [] : ["the journal"]),
          ...(collectors.size === 0 ? ["a collector"] : []),
        ];
        const ready = waitsFor.length === 0;
        return { status: ready ? 200 : 503, body: { ready, waitsFor } };
      },
    },
    {
      method: "GET",
      path: "/metrics",
      name: "metrics",
      summary: "What the guardian counts, in Prometheus' text format",
      role: "viewer",
      query: {},
      answer: "text/plain",
      run: () => {
        const type = "text/plain; version=0.0.4; charset=utf-8";
        return { status: 200, body: renderMetrics(parts), type };
      },
    },
  ];
}

function recordRoutes({
  audit,
  guardian,
  settings = [],
  recording,
}: ApiParts): readonly ReadRoute[] {
  return [
    {
      method: "GET",
      path: "/api/v1/audit",
      name: "audit list",
      summary: "Who had what done, why, and what came of it; newest first",
      role: "viewer",
      query: { ...paging, target: optionalLine("of this host, incident or server alone", 256) },
      answer: z.array(
        texts("time", "by", "role", "action", "target", "reason", "result").extend({
          id: z.number(),
          status: z.number(),
        }),
      ),
      run: (call) => auditPage(call, audit),
    },
    {
      method: "GET",
      path: "/api/v1/settings",
      name: "setting list",
      summary:
        "Every value of the configuration: where it is from, whether it changes while running",
      role: "viewer",
      query: paging,
      answer: z.array(texts("key", "value", "origin", "changeable")),
      run: (call) => page(call, settingsNow(settings, guardian.state()), ({ key }) => key),
    },
    {
      method: "GET",
      path: "/api/v1/replay",
      name: "replay list",
      summary: "What is recorded",
      role: "viewer",
      query: {},
      answer: z.object({ size: z.looseObject({}), incidents: z.array(z.unknown()) }),
      run: () => {
        return { status: 200, body: { size: recording.size(), incidents: recording.incidents() } };
      },
    },
  ];
}

function streamRoutes({ recording, feed }: ApiParts): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/v1/replay/{incident}",
      name: "replay",
      summary: "One incident's recording, a line for each input",
      role: "viewer",
      query: { forMs: optionalLine("how much of it, in ms", 12) },
      answer: "application/x-ndjson",
      stream: async (call, _request, response) => {
        const incident = call.param("incident");
        const forMs = Number(call.query("forMs"));
        if (await sendRecording(recording, incident, forMs, response)) return "sent";
        return problem(404, `incident ${incident} is not recorded; see: guardian replay`);
      },
    },
    {
      method: "GET",
      path: "/api/v1/events",
      name: "events",
      summary:
        "What happens, as server-sent events: line, alert, action, host (a line of /api/v1/lights that changed), guardian (mode, arming, eyes, storm, incidents, firing); hello at first, gap where some are missing. With the header Last-Event-ID it goes on after that one",
      role: "viewer",
      query: {},
      answer: "text/event-stream",
      stream: (call, _request, response) => {
        if (feed === undefined) return Promise.resolve(problem(503, "nothing is told here"));
        const type = "text/event-stream; charset=utf-8";
        const lastEventId = call.header("last-event-id");
        const { stillAllowed } = call;
        response.statusCode = 200;
        for (const [name, value] of Object.entries(safeHeaders)) response.setHeader(name, value);
        response.setHeader("content-type", type);
        if (feed.follow(response, { lastEventId, stillAllowed })) return Promise.resolve("sent");
        for (const name of response.getHeaderNames()) response.removeHeader(name);
        const full = "as many watch as may: read the lists, or come again later";
        return Promise.resolve(problem(503, full, undefined, { "retry-after": "10" }));
      },
    },
  ];
}

function auditPage(call: Call, audit: AuditLog): Reply {
  const cursor = readCursor(call.query("cursor"));
  const before = cursor === "" ? Number.MAX_SAFE_INTEGER : Number(cursor);
  if (!Number.isSafeInteger(before)) return badCursor();
  const limit = Number(call.query("limit") || limitMax);
  const rows = audit.list({ before, limit: limit + 1, target: call.query("target") });
  const shown = rows.slice(0, limit);
  const body = shown.map(({ wallMs, status, result, ...row }) => ({
    time: new Date(wallMs).toISOString(),
    ...row,
    status,
    result: status === 0 ? "begun; its end is not known" : result,
  }));
  const last = shown.at(-1);
  if (last === undefined || rows.length <= limit) return { status: 200, body };
  return { status: 200, body, headers: nextPage(call, String(last.id)) };
}
