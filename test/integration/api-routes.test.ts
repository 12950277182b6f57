/**
 * Every route of the API, as its table has them: described by the official schema of OpenAPI 3.1, asked by who may
 * and by who may not, answered as described. A route that has no example here fails.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { settingLines } from "../../guardian/api/settings-shown.ts";
import { roles, type Route } from "../../guardian/api/route.ts";
import { readGuardianConfig } from "../../guardian/config.ts";
import type { Recording } from "../../guardian/ports.ts";
import { pageFiles } from "../../guardian/shell/page-bundle.ts";
import { createServerControl } from "../../guardian/shell/server-control.ts";
import type { SampleReader } from "../../guardian/shell/samples.ts";
import { apiFixture, type ApiAnswer, type ApiFixture } from "../support/api-fixture.ts";
import { dead } from "../support/control-fixture.ts";
import { host1, host2 } from "../support/core-fixture.ts";
import { AnswerJudge, descriptionProblems } from "../support/described-api.ts";
import { watchEvents } from "../support/event-watcher.ts";
import { peopleCloud } from "../support/fake-people-cloud.ts";
import { recordScript } from "../support/recorded-world.ts";
import { cli } from "../support/run-cli.ts";

const server = "11111111-2222-4333-8444-555555555555";

const samples: SampleReader = {
  meters: () => Promise.resolve({ kind: "meters", meters: ["cpu"] }),
  read: () => {
    const [timeMs, type, unit] = [Date.parse("2026-11-22T09:00:00Z"), "gauge", "ns"];
    const sample = { timeMs, meter: "cpu", resource: "r", project: "p", type, unit, volume: 1 };
    return Promise.resolve({ kind: "samples", samples: [sample] });
  },
  close: () => undefined,
};

/** A recording in memory of one story, whose incident is asked for. */
function recordingOf(): Recording {
  const { chunks } = recordScript("hosts 2\nat 1s power-loss compute-1\nat 8s end\n");
  const start = { after: 0, openedMonoMs: 0, openedWallMs: chunks[0]?.wallMs ?? 0 };
  return {
    size: () => ({ bytes: 1, hosts: 2, inputs: 1, fromWallMs: 0, toWallMs: 1 }),
    incidents: () => [
      { incident: recordedId, host: host1, openedWallMs: 0, closedWallMs: undefined },
    ],
    startOf: (incident) => (incident === recordedId ? start : undefined),
    after: (id) => chunks.filter((chunk) => chunk.id > id).slice(0, 20),
  };
}

const recordedId = "i1-compute-1";

/** With all its parts, a host that has died and waits for a person, and a server in Nova. */
async function wholeApi(t: TestContext): Promise<ApiFixture & { readonly incident: string }> {
  const people = await peopleCloud(t);
  people.servers.set(server, { host: "compute-5", status: "ACTIVE", name: "vm" });
  const given = { collectors: [{ id: "c1" }], networks: { management: {} } };
  const loaded = readGuardianConfig(JSON.stringify(given), {});
  assert.ok(loaded.kind === "config");
  const made = await apiFixture(t, {
    settings: { mode: "ask" },
    parts: {
      samples,
      recording: recordingOf(),
      servers: createServerControl(people.calls, true),
      settings: settingLines(loaded.config, given, {}),
      page: pageFiles({ isDemo: false }),
    },
  });
  return { ...made, incident: dead(made.core) };
}

interface Example {
  /** What stands in the path's braces. */
  readonly in?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: Readonly<Record<string, string>>;
  /** 200 without it; a refusal that says why is an answer, too. */
  readonly status?: number;
}

const alert = "guardian/lab/compute-1/held";
const inPlace = { in: { host: host2 } };
const ofServer = { in: { server } };

/** One example for each route, by its name; a function is told the incident. */
function examplesFor(incident: string): Readonly<Record<string, Example>> {
  const ofIncident = { in: { incident } };
  return {
    "host list": { query: "?limit=3" },
    "host lights": {},
    "host explain": { ...inPlace, query: "?language=zh" },
    "host history": inPlace,
    doctor: {},
    "bmc list": {},
    "incident list": {},
    "incident show": ofIncident,
    "approval list": {},
    "policy show": {},
    "policy of host": inPlace,
    "policy gates": {},
    "maintenance list": {},
    status: {},
    "channel list": {},
    "silence list": {},
    "alert list": {},
    "server list": { query: "?host=compute-5" },
    "server show": ofServer,
    "image list": {},
    "flavor list": {},
    "volume list": {},
    "meter list": {},
    "sample list": { query: "?meter=cpu&resource=r" },
    health: {},
    readiness: {},
    metrics: {},
    "audit list": {},
    "setting list": {},
    "replay list": {},
    replay: { in: { incident: recordedId } },
    events: {},
    "page /": {},
    description: {},
    docs: {},
    "setting set": { body: { "limits.movesAtOnce": "8" } },
    disarm: {},
    arm: {},
    "incident ack": ofIncident,
    "incident hold": ofIncident,
    "incident dismiss": ofIncident,
    "incident approve": ofIncident,
    "incident approve all": {},
    "maintenance set": { ...inPlace, body: { until: "2h", owner: "bob" } },
    "maintenance clear": inPlace,
    "host release": { ...inPlace, status: 409 },
    "host undo": { ...inPlace, status: 409 },
    "fence vouch": inPlace,
    "fence confirm": { ...inPlace, body: { again: host2 }, status: 409 },
    "fence rehearse": { ...inPlace, body: { again: host2, cycle: "yes" }, status: 409 },
    // Channels, silences and alerts that there are: notify-verbs.test.
    "notify test": { in: { channel: "chat" }, status: 404 },
    "silence add": { body: { until: "2h", host: host2 } },
    "silence end": { in: { silence: "s1" }, status: 404 },
    "alert ack": { in: { alert }, status: 404 },
    "server stop": ofServer,
    "server start": ofServer,
    "server pause": ofServer,
    "server unpause": ofServer,
    "server suspend": ofServer,
    "server resume": ofServer,
    "server reboot": { ...ofServer, body: { hard: "yes" } },
    "server lock": ofServer,
    "server unlock": ofServer,
    "server live-migrate": { ...ofServer, body: { to: "compute-6" } },
    "server evacuate": { ...ofServer, status: 409 },
    "server console": ofServer,
    "server delete": { ...ofServer, body: { again: server } },
  };
}

function pathOf(route: Route, example: Example): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_all, name: string) =>
    encodeURIComponent(example.in?.[name] ?? ""),
  );
  return `${path}${example.query ?? ""}`;
}

async function describedBy({ ask }: ApiFixture): Promise<Readonly<Record<string, unknown>>> {
  const { body } = await ask("GET", "/api/v1/openapi.json", {});
  return body as Readonly<Record<string, unknown>>;
}

test("the description is OpenAPI 3.1 by its official schema, and a flaw in it is found", async (t) => {
  const description = await describedBy(await wholeApi(t));
  assert.equal(await descriptionProblems(description), "");
  const flawed = structuredClone(description) as Record<string, Record<string, unknown>>;
  Object.assign(flawed["paths"]?.["/api/v1/hosts"] ?? {}, { get: { summary: 7 } });
  assert.match(await descriptionProblems(flawed), /summary/);
});

test("every route is asked, and answers as the description says", async (t) => {
  const made = await wholeApi(t);
  const { ask, routes, incident } = made;
  const examples = examplesFor(incident);
  assert.deepEqual(
    Object.keys(examples).toSorted(),
    routes.map(({ name }) => name).toSorted(),
    "an example for each route, and none for what is no route",
  );
  const judge = new AnswerJudge(await describedBy(made));
  const byName = new Map(routes.map((route) => [route.name, route]));
  for (const [name, example] of Object.entries(examples)) {
    const route = byName.get(name);
    assert.ok(route !== undefined && name !== "");
    if (name === "events") continue;
    const answer = await asked(ask, route, example);
    assert.equal(answer.status, example.status ?? 200, `${name}: ${answer.text}`);
    if (typeof route.answer === "string") {
      assert.match(answer.headers.get("content-type") ?? "", new RegExp(`^${route.answer}`), name);
      assert.ok(answer.text.length > 0, name);
    } else {
      assert.equal(judge.problems(route.method, route.path, answer.status, answer.body), "", name);
    }
  }
  const events = await watchEvents(made.port, { authorization: `Bearer ${made.token("viewer")}` });
  assert.equal(events.status, 200);
  assert.equal(events.response.headers["content-type"], "text/event-stream; charset=utf-8");
  events.close();
});

function asked(ask: ApiFixture["ask"], route: Route, example: Example): Promise<ApiAnswer> {
  const words = { reason: "an example", ...example.body };
  const body = route.method === "POST" ? words : undefined;
  return ask(route.method, pathOf(route, example), route.role ?? {}, body);
}

test("no route is anybody's whose role does not reach, and no action goes without a reason", async (t) => {
  const { ask, routes, incident, core } = await wholeApi(t);
  const examples = examplesFor(incident);
  const before = JSON.stringify([...core.state.memory.incidents.values()]);
  let refused = 0;
  // Known from now on: nobody's wrong guesses keep them out.
  for (const role of roles) assert.equal((await ask("GET", "/api/v1/status", role)).status, 200);
  for (const route of routes) {
    const path = pathOf(route, examples[route.name] ?? {});
    const said = route.method === "POST" ? { reason: "x" } : undefined;
    if (route.role === undefined) continue;
    // Whoever guesses is told to wait after a while.
    const stranger = await ask(route.method, path, {}, said);
    assert.ok([401, 429].includes(stranger.status), `${route.name}: ${stranger.status}`);
    const below = roles[roles.indexOf(route.role) - 1];
    if (below !== undefined) {
      assert.equal((await ask(route.method, path, below, said)).status, 403, route.name);
      refused += 1;
    }
    if (route.method !== "POST") continue;
    const silent = await ask("POST", path, route.role, {});
    assert.equal(silent.status, 400, route.name);
    assert.match(silent.detail, /needs a reason/);
  }
  assert.ok(refused >= 30, `${refused} refused`);
  assert.equal(JSON.stringify([...core.state.memory.incidents.values()]), before);
});

/** What the command line calls a list, where it is not the route's name. */
const calledOtherwise: Readonly<Record<string, readonly string[]>> = {
  "channel list": ["notify", "list"],
  "sample list": ["sample", "list", "--meter", "cpu", "--resource", "r"],
};

test("what every list of the command line prints as JSON is what the description says", async (t) => {
  const made = await wholeApi(t);
  const { ask, port, token, tokensFile, routes } = made;
  const judge = new AnswerJudge(await describedBy(made));
  const filled = [
    ["/api/v1/silences", { until: "2h", host: host2 }],
    [`/api/v1/maintenance/${host2}`, { until: "2h" }],
  ] as const;
  for (const [path, words] of filled) {
    const { status } = await ask("POST", path, "operator", { reason: "x", ...words });
    assert.equal(status, 200, path);
  }
  const tokenFile = `${tokensFile}.viewer`;
  writeFileSync(tokenFile, token("viewer"), { mode: 0o600 });
  const way = ["--api", `http://127.0.0.1:${port}`, "--token-file", tokenFile, "-f", "json"];
  // The replay's list is its own verb's text; alerts and channels are none in this world.
  const lists = routes.filter(({ name }) => name.endsWith(" list") && name !== "replay list");
  assert.ok(lists.length >= 15, `${lists.length} lists`);
  for (const { name, path } of lists) {
    const { code, text } = await cli(...way, ...(calledOtherwise[name] ?? name.split(" ")));
    assert.equal(code, 0, name);
    const rows = JSON.parse(text) as readonly unknown[];
    assert.equal(judge.problems("GET", path, 200, rows), "", name);
    if (!/^(?:alert|channel)/.test(name)) assert.ok(rows.length > 0, `${name} shows something`);
  }
});
