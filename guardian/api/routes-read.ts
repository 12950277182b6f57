/** What people may look at: hosts, incidents, the policy, channels, and the guardian itself. */
import { hostName } from "../../shared/names.ts";
import { limitNow, limitText } from "../core/changed-limits.ts";
import { gateList } from "../core/gate-list.ts";
import { tableOf } from "../core/policy-table.ts";
import {
  showHost,
  showHosts,
  showIncident,
  showIncidents,
  showMaintenance,
  showStatus,
  showTable,
} from "../core/show.ts";
import { defaultTable } from "../core/verdict-table.ts";
import type { Language } from "../core/words.ts";
import { z } from "../config-parts.ts";
import { showAlerts, showChannels, showSilences } from "../dispatch/show.ts";
import { language, languageOf, paging, texts } from "./fields.ts";
import { lightLine, linesOf } from "./host-lights.ts";
import { createKeptViews } from "./kept-views.ts";
import { page } from "./paging.ts";
import type { ApiParts } from "./parts.ts";
import { withMoveTimes } from "./move-times.ts";
import { problem, type Call, type ReadRoute, type Reply } from "./route.ts";
import { deviceReads, type Read } from "./routes-doctor.ts";

/** Every one is a viewer's. */
export function readRoutes(parts: ApiParts): readonly ReadRoute[] {
  const routes = [
    ...hostReads(parts),
    ...deviceReads(parts),
    ...incidentReads(parts),
    ...policyReads(parts),
    ...tellingReads(parts),
  ];
  return routes.map((route) => ({ ...route, method: "GET" as const, role: "viewer" as const }));
}

const hostLine = texts(
  "host",
  "verdict",
  "reportAge",
  "storage",
  "business",
  "directory",
  "libvirt",
  "power",
  "nova",
).extend({ servers: z.number() });

const ageLimits = ["limits.suspectAfter", "limits.silentAfter"] as const;

function hostReads({ guardian, clock, recording, audit }: ApiParts): readonly Read[] {
  const kept = createKeptViews(clock);
  const state = () => guardian.state();
  const spoken = (call: Call): Language => languageOf(call, state().settings.language);
  return [
    {
      path: "/api/v1/hosts",
      name: "host list",
      summary: "Every host in one line: verdict, age of its report, checks, power",
      query: paging,
      answer: z.array(hostLine),
      run: (call) =>
        page(
          call,
          kept.of("hosts", () => showHosts(state())),
          ({ host }) => host,
        ),
    },
    {
      path: "/api/v1/lights",
      name: "host lights",
      summary: "Every host as the event host has it: where it stands, a word for each light",
      query: paging,
      answer: z.array(lightLine),
      run: (call) =>
        page(
          call,
          kept.of("lights", () => linesOf(state())),
          ({ host }) => host,
        ),
    },
    {
      path: "/api/v1/hosts/{host}",
      name: "host explain",
      summary: "The verdict, its evidence, every gate, and what would change it",
      query: language,
      answer: hostLine.extend(
        texts("mode", "maintenance", "incident", "suspectAfter", "silentAfter").shape,
      ),
      run: (call) => {
        const shown = showHost(state(), hostName(call.param("host")), spoken(call));
        if (shown === undefined) return noHost(call);
        // What its report's age is held against, as it counts now.
        const [suspectAfter, silentAfter] = ageLimits.map((name) =>
          limitText(name, limitNow(state(), name)),
        );
        return { status: 200, body: { ...(shown as object), suspectAfter, silentAfter } };
      },
    },
    {
      path: "/api/v1/hosts/{host}/history",
      name: "host history",
      summary: "Its recorded incidents, and what people had done to it",
      query: {},
      answer: z.object({ incidents: z.array(z.unknown()), actions: z.array(z.unknown()) }),
      run: (call) => {
        const host = call.param("host");
        if (!state().hosts.has(hostName(host))) return noHost(call);
        const incidents = recording.incidents().filter((one) => one.host === host);
        const before = Number.MAX_SAFE_INTEGER;
        const actions = audit.list({ before, limit: 100, target: host });
        return { status: 200, body: { incidents: incidents.slice(-100), actions } };
      },
    },
  ];
}

function incidentReads({ guardian }: ApiParts): readonly Read[] {
  const state = () => guardian.state();
  const spoken = (call: Call): Language => languageOf(call, state().settings.language);
  const incidentLine = texts("id", "host", "opened", "phase", "answer", "moves");
  return [
    {
      path: "/api/v1/incidents",
      name: "incident list",
      summary: "Open incidents, with the phase each is in",
      query: { ...paging, ...language },
      answer: z.array(incidentLine),
      run: (call) =>
        page(call, showIncidents(state(), spoken(call)) as readonly Line[], (line) =>
          [line["opened"], line["id"]].join(" "),
        ),
    },
    {
      path: "/api/v1/incidents/{incident}",
      name: "incident show",
      summary: "One incident: its timeline, and each server's move",
      query: language,
      answer: texts("id", "host", "phase", "answer").extend({
        timeline: z.array(z.unknown()),
        moves: z.array(texts("server", "name", "from", "to", "stage", "began", "result", "reason")),
      }),
      run: (call) => {
        const incident = call.param("incident");
        return shownOr(withMoveTimes(state(), showIncident(state(), incident, spoken(call))), () =>
          problem(404, `no incident ${incident} is open; see: guardian incident list`),
        );
      },
    },
    {
      path: "/api/v1/approvals",
      name: "approval list",
      summary: "Incidents that wait for a person's answer",
      query: { ...paging, ...language },
      answer: z.array(incidentLine),
      run: (call) => {
        const waiting = new Set(
          [...state().memory.incidents.values()].flatMap(({ id, asked, answer }) =>
            asked !== undefined && answer === undefined ? [id] : [],
          ),
        );
        const lines = showIncidents(state(), spoken(call)) as readonly Line[];
        const open = lines.filter(({ id }) => waiting.has(String(id)));
        return page(call, open, (line) => [line["opened"], line["id"]].join(" "));
      },
    },
  ];
}

type Line = Readonly<Record<string, string>>;

function policyReads({ guardian }: ApiParts): readonly Read[] {
  const state = () => guardian.state();
  const spoken = (call: Call): Language => languageOf(call, state().settings.language);
  const row = texts("row", "verdict", "action", "says");
  return [
    {
      path: "/api/v1/policy",
      name: "policy show",
      summary: "The verdict table as delivered",
      query: language,
      answer: z.array(row),
      run: (call) => ({ status: 200, body: showTable(defaultTable, spoken(call)) }),
    },
    {
      path: "/api/v1/policy/{host}",
      name: "policy of host",
      summary: "The verdict table as it counts for a host",
      query: language,
      answer: z.array(row),
      run: (call) => {
        const host = hostName(call.param("host"));
        if (!state().hosts.has(host)) return noHost(call);
        return { status: 200, body: showTable(tableOf(state(), host), spoken(call)) };
      },
    },
    {
      path: "/api/v1/gates",
      name: "policy gates",
      summary: "Every gate before an action, whether it fails open or closed, and why",
      query: {},
      answer: z.array(texts("gate", "asks", "fails", "why")),
      run: () => ({ status: 200, body: gateList }),
    },
    {
      path: "/api/v1/maintenance",
      name: "maintenance list",
      summary: "Hosts in maintenance: why, whose, until when",
      query: { ...paging, ...language },
      answer: z.array(texts("host", "reason", "owner", "by", "until", "overdue")),
      run: (call) =>
        page(call, showMaintenance(state(), spoken(call)) as readonly Line[], (line) =>
          String(line["host"]),
        ),
    },
  ];
}

function tellingReads({ guardian, outbox, heartbeat, clock }: ApiParts): readonly Read[] {
  const state = () => outbox.state();
  const keyed = (key: string) => (line: object) => String(Reflect.get(line, key));
  return [
    {
      path: "/api/v1/status",
      name: "status",
      summary: "The guardian itself: mode, armed or not, its eyes, what fires",
      query: language,
      answer: z.looseObject({
        cloud: z.string(),
        mode: z.enum(["observe", "ask", "act"]),
        armed: z.boolean(),
        eyes: z.array(z.string()),
        // How long ago the loop decided last: more than a few seconds, and it stands still.
        decidedMsAgo: z.number(),
      }),
      run: (call) => {
        const core = guardian.state();
        const said = languageOf(call, core.settings.language);
        const shown = Object(showStatus(core, showChannels(state()), said)) as object;
        const notRecorded = guardian.notRecorded().inputs;
        const decidedMsAgo = clock.monoMs() - guardian.decidedAt();
        return { status: 200, body: { ...shown, notRecorded, decidedMsAgo } };
      },
    },
    {
      path: "/api/v1/notify",
      name: "channel list",
      summary: "Every channel: how it fares, last success, what waits",
      query: paging,
      answer: z.array(z.looseObject({ notifier: z.string() })),
      run: (call) => {
        const beat = heartbeat === undefined ? [] : [heartbeat.show()];
        return page(call, [...showChannels(state()), ...beat], keyed("notifier"));
      },
    },
    {
      path: "/api/v1/silences",
      name: "silence list",
      summary: "Silences in force: what they match, why, whose, until when",
      query: paging,
      answer: z.array(texts("id", "matches", "until", "reason", "owner", "by")),
      run: (call) => page(call, showSilences(state()), keyed("id")),
    },
    {
      path: "/api/v1/alerts",
      name: "alert list",
      summary: "What fires: who was told, what holds it back, who took it in hand",
      query: paging,
      answer: z.array(texts("key", "class", "title", "since", "told", "acknowledged")),
      run: (call) => page(call, showAlerts(state()), keyed("key")),
    },
  ];
}

function shownOr(shown: unknown, otherwise: () => Reply): Reply {
  return shown === undefined ? otherwise() : { status: 200, body: shown };
}

function noHost(call: Call): Reply {
  return problem(404, `no host ${call.param("host")} is known; see: guardian host list`);
}
