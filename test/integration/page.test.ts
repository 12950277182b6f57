/** The web page as it is served: one file that needs nothing from elsewhere, and asks for nothing that the API does not have. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "node:test";
import { Script } from "node:vm";
import { bundleOf, pageFiles } from "../../guardian/shell/page-bundle.ts";
import * as actions from "../../guardian/page/actions.ts";
import { needs } from "../../guardian/page/needs.ts";
import type { Incident } from "../../guardian/page/records.ts";
import { lists, type Route as PageRoute } from "../../guardian/page/state.ts";
import type { Route } from "../../guardian/api/route.ts";
import { findRoute } from "../../guardian/api/paths.ts";
import { createSqliteSamples } from "../../guardian/shell/samples.ts";
import { createFaults } from "../demo/faults.ts";
import { faultRoutes } from "../demo/fault-routes.ts";
import { apiFixture } from "../support/api-fixture.ts";
import { dead } from "../support/control-fixture.ts";
import { host1 } from "../support/core-fixture.ts";
import { pageState } from "../support/page-state.ts";

function between(text: string, from: string, to: string): string {
  const [, rest = ""] = text.split(from);
  return rest.split(to)[0] ?? "";
}

test("the page is one file: a browser runs exactly its script and style, and asks nobody else", async (t) => {
  const { ask } = await apiFixture(t, { parts: { page: pageFiles({ isDemo: false }) } });
  const { text, headers, status } = await ask("GET", "/", {});
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  const policy = headers.get("content-security-policy") ?? "";
  const source = (name: string): string => new RegExp(`${name} ([^;]+)`).exec(policy)?.[1] ?? "";
  const hash = (of: string): string =>
    `'sha256-${createHash("sha256").update(of).digest("base64")}'`;
  const script = between(text, '<script type="module">', "</script>");
  assert.equal(source("default-src"), "'none'");
  assert.equal(source("script-src"), hash(script));
  assert.equal(source("style-src"), hash(between(text, "<style>", "</style>")));
  assert.equal(source("connect-src"), "'self'");
  assert.match(policy, /require-trusted-types-for 'script'; trusted-types 'none'$/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotThrow(() => new Script(script));
  // The name of the drawing language, and words about links; nothing that would be fetched.
  const urls = [...text.matchAll(/\b(?:https?|wss?):\/\/[\w.-]+/g)].map(([url]) => url);
  assert.deepEqual([...new Set(urls)], ["http://www.w3.org"]);
  assert.doesNotMatch(text, /\b(?:src|srcset|action)=|@import|url\(|innerHTML|eval\(|new Function/);
  assert.equal(text.match(/<script\b/g)?.length, 1);
  assert.doesNotMatch(text, /<\w+[^>]*\son\w+=|<\w+[^>]*\sstyle=/);
  assert.doesNotMatch(text, /data-demo>/);
  assert.ok(!text.includes(process.cwd()), "it does not say where the program stands");
  assert.ok(text.length < 200_000, `${text.length} bytes`);
});

test("a module that cannot be bundled is named at the start", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "guardian-page-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const bundle = (text: string): string => {
    writeFileSync(join(folder, "main.js"), text);
    return bundleOf(pathToFileURL(join(folder, "main.js")));
  };
  writeFileSync(
    join(folder, "a.js"),
    "export const one = 1;\nexport function two() { return 2; }\n",
  );
  const good = 'import { one, two as second } from "./a.js";\nglobalThis.sum = one + second();\n';
  const context = { sum: 0 };
  new Script(bundle(good)).runInNewContext(context);
  assert.equal(context.sum, 3);
  assert.throws(
    () => bundle('export { one } from "./a.js";'),
    /main\.js: cannot be bundled: export \{/,
  );
  assert.throws(() => bundle('import fs from "node:fs";'), /cannot be bundled: import fs/);
  assert.throws(() => bundle('const a = "</script>";'), /it ends the script/);
});

test("all that the page looks up is answered, in both languages", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "guardian-page-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const { ask, core, routes } = await apiFixture(t, {
    settings: { mode: "ask" },
    parts: { samples: createSqliteSamples(join(folder, "none.db")) },
  });
  const incident = dead(core);
  const parts: readonly PageRoute[] = [
    { kind: "hosts" },
    { kind: "host", host: host1 },
    { kind: "incident", id: incident },
    ...lists.map((list) => ({ kind: "list", list }) as const),
  ];
  const looked = parts.flatMap((route) =>
    (["en", "zh"] as const).flatMap((language) => needs(pageState({}, { route, language }))),
  );
  assert.ok(looked.length > 40);
  for (const path of new Set(looked.map((need) => need.path))) {
    // This world has no Nova behind the API, and no samples: their routes are looked for in the description.
    if (path.startsWith("servers?")) continue;
    const { status, detail } = await ask("GET", `/api/v1/${path}`, "viewer");
    assert.ok(
      status === 200 || (path.startsWith("samples?") && status === 502),
      `${path}: ${detail}`,
    );
  }
  assert.ok(routes.some(({ path }) => path === "/api/v1/samples"));
});

test("each move says when its first call was ordered, for the waterfall", async (t) => {
  const { ask, core } = await apiFixture(t);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.run(20_000);
  const id = core.state.memory.incidents.get(host1)?.id ?? "";
  const { body } = await ask("GET", `/api/v1/incidents/${id}`, "viewer");
  const { moves, timeline } = body as Incident;
  assert.ok(moves.length > 0);
  const called = timeline.find(({ text }) => text.startsWith("evacuate called"))?.wall ?? 0;
  for (const { began } of moves) assert.equal(began, new Date(called).toISOString());
});

/** What the action sends, with every field filled in. */
function bodyOf(action: actions.Action): Readonly<Record<string, string>> {
  const fields = action.fields.map(({ name }) => [name, "x"] as const);
  const again = action.sendsAgain ? { again: action.again } : {};
  return { reason: "r", ...action.fixed, ...Object.fromEntries(fields), ...again };
}

test("every action of the page is an action of the API, and sends what that takes", async (t) => {
  const faults = createFaults({
    cloud: { hosts: [] } as never,
    say: () => undefined,
    verdictOf: () => Promise.resolve("healthy"),
    release: () => Promise.resolve(),
    signal: new AbortController().signal,
  });
  const { routes } = await apiFixture(t, {
    parts: { addedRoutes: faultRoutes(() => faults), servers: { mayDelete: false } as never },
  });
  const all: readonly actions.Action[] = [
    actions.arm("demo"),
    actions.disarm("demo"),
    ...actions.incidentActions("i1-c", "c"),
    ...actions.hostActions("c", true),
    ...actions.hostActions("c", false),
    ...["ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED", "ERROR"].flatMap((status) =>
      actions.serverActions("id", "vm", status),
    ),
    actions.ackAlert("guardian/demo/c/dead"),
    actions.addSilence("c"),
    actions.endSilence("s1"),
    actions.testChannel("log"),
    actions.changeSetting("limits.silentAfter", "15s"),
    actions.resetSetting("limits.silentAfter"),
    actions.breakIt("glitch", "c"),
    actions.mendIt("glitch", "c"),
  ];
  for (const action of all) {
    const parts = ["api", "v1", ...action.path.split("/").map(decodeURIComponent)];
    const found = findRoute(routes, "POST", parts);
    assert.ok(found.kind === "route", `POST ${action.path} is known`);
    const route: Route = found.route;
    assert.ok(route.method === "POST", action.path);
    const known = ["reason", ...Object.keys(route.body)];
    const odd = Object.keys(bodyOf(action)).filter((name) => !known.includes(name));
    assert.deepEqual(odd, [], `${action.path} takes ${known.join(", ")}`);
  }
});
