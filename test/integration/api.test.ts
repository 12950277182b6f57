/** The API as its callers use it: described, paged, told why, done once, watched. */
import assert from "node:assert/strict";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { PageFile } from "../../guardian/api/parts.ts";
import { openJournal } from "../../guardian/shell/journal.ts";
import { systemClock } from "../../shared/clock.ts";
import { api, control, dead } from "../support/control-fixture.ts";
import { ask as askSocket } from "../../guardian/cli-client.ts";
import { apiFixture, type ApiFixture } from "../support/api-fixture.ts";
import { host1 } from "../support/core-fixture.ts";

type Described = Readonly<Record<string, unknown>>;

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((node, name) => Reflect.get(Object(node), name), value);
}

test("the description has every route once, every part of its path, and no dangling reference", async (t) => {
  const { ask, routes } = await apiFixture(t);
  const { body, status } = await ask("GET", `${api}/openapi.json`, {});
  assert.equal(status, 200);
  assert.equal(at(body, "openapi"), "3.1.0");
  const ids = new Set<string>();
  for (const { path, method } of routes) {
    const operation = at(body, "paths", path, method.toLowerCase()) as Described;
    assert.ok(operation, `${method} ${path}`);
    ids.add(String(operation["operationId"]));
    const parameters = operation["parameters"] as readonly Described[];
    const named = parameters
      .filter((one) => one["in"] === "path")
      .map((one) => `{${String(one["name"])}}`);
    assert.deepEqual(named, path.match(/\{\w+\}/g) ?? []);
    assert.ok(String(operation["summary"]).length > 3);
    const reason = ["requestBody", "content", "application/json", "schema", "required"];
    if (method === "POST") assert.ok((at(operation, ...reason) as string[]).includes("reason"));
  }
  assert.equal(ids.size, routes.length, "operation ids are unique");
  for (const [, name = ""] of JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    assert.ok(at(body, ...name.split("/")) !== undefined, name);
  }
  assert.equal(JSON.stringify(body).includes('"$schema"'), false);
});

test("pages lead on to the end, each row once, also when the row that a cursor names has gone", async (t) => {
  const { ask, core } = await apiFixture(t, { hosts: 25 });
  const names: string[] = [];
  let path: string | undefined = `${api}/hosts?limit=10`;
  while (path !== undefined) {
    const answer = await ask("GET", path, "viewer");
    names.push(...(answer.body as readonly { host: string }[]).map(({ host }) => host));
    path = /<([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
  }
  assert.equal(names.length, 25);
  assert.deepEqual(
    names,
    core.state.hosts.values().map(({ host }) => host),
  );
  // The row that the cursor names has gone since.
  const gone = Buffer.from("compute-24x").toString("base64url");
  const rest = await ask("GET", `${api}/hosts?cursor=${gone}`, "viewer");
  assert.deepEqual((rest.body as readonly { host: string }[])[0]?.host, "compute-25");
  assert.equal((await ask("GET", `${api}/hosts?cursor=a`, "viewer")).status, 400);
  assert.equal((await ask("GET", `${api}/hosts?limit=0`, "viewer")).status, 400);
  assert.equal((await ask("GET", `${api}/hosts?lmit=1`, "viewer")).status, 400);
});

test("an action needs a reason, and who, what, why and the result are kept, refused ones too", async (t) => {
  const { ask } = await apiFixture(t);
  const bare = await ask("POST", `${api}/disarm`, "operator", {});
  assert.equal(bare.status, 400);
  assert.match(bare.detail, /disarm needs a reason/);
  await ask("POST", `${api}/disarm`, "operator", { reason: "noises" });
  await ask("POST", `${api}/hosts/${host1}/release`, "operator", { reason: "repaired" });
  const { body } = await ask("GET", `${api}/audit`, "viewer");
  const rows = (body as readonly Record<string, string | number>[]).map(
    ({ by, action, target, reason, status }) => [by, action, target, reason, status],
  );
  const by = "token operator (operator)";
  assert.deepEqual(rows, [
    [by, "host release", host1, "repaired", 409],
    [by, "disarm", "", "noises", 200],
  ]);
  const { body: one } = await ask("GET", `${api}/audit?target=${host1}`, "viewer");
  assert.equal((one as readonly unknown[]).length, 1);
  const first = await ask("GET", `${api}/audit?limit=1`, "viewer");
  const next = /<([^>]+)>/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
  assert.match((await ask("GET", next, "viewer")).text, /noises/);
});

test("with an Idempotency-Key an action is done once; other words under the key are refused", async (t) => {
  const { ask, core } = await apiFixture(t);
  const set = (words: object, key = "k1"): ReturnType<ApiFixture["ask"]> =>
    ask("POST", `${api}/silences`, "operator", words, { "idempotency-key": key });
  const words = { reason: "noisy", until: "2h", host: host1 };
  const first = await set(words);
  assert.equal(first.status, 200);
  core.run(5000);
  const again = await set(words);
  assert.deepEqual(again.body, first.body);
  assert.equal(again.headers.get("idempotent-replayed"), "true");
  const list = await ask("GET", `${api}/silences`, "viewer");
  assert.equal((list.body as readonly unknown[]).length, 1);
  assert.equal((await set({ ...words, until: "3h" })).status, 422);
  assert.equal((await set(words, "no spaces here")).status, 400);
  assert.equal((await set({ ...words, kind: "dead" }, "k2")).status, 200);
});

test("what was done under a key is known after a restart; what was cut off is not done again", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "guardian-audit-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const options = { path: join(folder, "journal.db"), clock: systemClock };
  const entry = { wallMs: 1000, by: "a", role: "admin", action: "arm", target: "", reason: "r" };
  const first = openJournal(options);
  const done = first.audit.begin(entry, { key: "k1", request: "w" });
  first.audit.end(done, 200, "ok", '{"done":true}');
  first.audit.begin({ ...entry, action: "disarm" }, { key: "k2", request: "w" });
  first.close();
  const second = openJournal(options);
  t.after(() => second.close());
  const kept = second.audit.kept("k1", 0);
  assert.deepEqual(kept, { request: "w", status: 200, reply: '{"done":true}' });
  assert.equal(second.audit.kept("k1", 2000), undefined, "too old");
  assert.equal(second.audit.kept("k2", 0)?.status, 0);
  const rows = second.audit.list({ before: 1e9, limit: 10, target: "" });
  assert.deepEqual(
    rows.map(({ action, status }) => [action, status]),
    [
      ["disarm", 0],
      ["arm", 200],
    ],
  );
});

test("a journal that cannot be written keeps nobody from disarming", async (t) => {
  const broken = (): never => assert.fail("disk full");
  const audit = { begin: broken, end: broken, kept: () => undefined, list: () => [] };
  const { ask, core } = await apiFixture(t, { parts: { audit } });
  const keyed = { "idempotency-key": "k" };
  // As the web page sends it: words of restraint are the same words twice.
  const disarmed = await ask("POST", `${api}/disarm`, "operator", { reason: "x" }, keyed);
  assert.equal(disarmed.status, 200);
  assert.ok(core.state.memory.disarmed !== undefined);
  const refused = await ask("POST", `${api}/arm`, "admin", { reason: "x" }, keyed);
  assert.equal(refused.status, 503);
  assert.match(refused.detail, /send it without Idempotency-Key/);
  assert.equal((await ask("POST", `${api}/disarm`, "operator", { reason: "x" })).status, 200);
});

test("what stands in memory alone says so", async (t) => {
  const { ask, core } = await apiFixture(t);
  const { now: at } = core;
  const kept = await ask("POST", `${api}/disarm`, "operator", { reason: "x" });
  assert.doesNotMatch(kept.text, /not on disk/);
  core.take({ kind: "journal", at, writable: false, reason: "read-only file system" });
  const words = { reason: "new disks", until: "2h" };
  const reply = await ask("POST", `${api}/maintenance/${host1}`, "operator", words);
  assert.equal(reply.status, 200, reply.text);
  assert.match(reply.text, /not on disk \(read-only file system\): lost if the guardian ends/);
});

test("two people who must confirm do so on the node; one may over the network, by name", async (t) => {
  const two = await apiFixture(t, { settings: { confirmBy: 2 } });
  two.core.loseWithBmc(host1);
  const words = { reason: "cables pulled", again: host1 };
  const path = `${api}/hosts/${host1}/confirm`;
  const refused = await two.ask("POST", path, "admin", words);
  assert.equal(refused.status, 403);
  assert.match(refused.detail, /2 people must confirm compute-1: each on the guardian's node/);
  assert.equal(two.core.state.memory.incidents.get(host1)?.confirmations, undefined);
  const one = await apiFixture(t);
  one.core.loseWithBmc(host1);
  assert.equal((await one.ask("POST", path, "operator", words)).status, 403);
  assert.equal((await one.ask("POST", path, "admin", { ...words, again: "x" })).status, 400);
  assert.equal((await one.ask("POST", path, "admin", words)).status, 200);
});

test("the same routes on the socket; its health and metrics", async (t) => {
  const { socket, core } = await control(t);
  const described = await askSocket(socket, "GET", `${api}/openapi.json`);
  assert.ok(Object.keys(Object(at(described, "paths"))).length > 30);
  const { ask } = await apiFixture(t);
  const metrics = (await ask("GET", "/metrics", "viewer")).text;
  assert.match(metrics, /^guardian_hosts\{verdict="healthy"\} 8$/m);
  assert.match(metrics, /^guardian_armed 1$/m);
  const waiting = await apiFixture(t, { settings: { mode: "observe" } });
  dead(waiting.core);
  const held = (await waiting.ask("GET", "/metrics", "viewer")).text;
  assert.match(held, /^guardian_hosts_held\{gate="mode"\} 1$/m);
  for (const line of metrics.trimEnd().split("\n")) {
    assert.match(line, /^(?:# (?:HELP|TYPE) guardian_|guardian_\w+(?:\{[^}]*\})? -?[\d.e+-]+$)/);
  }
  assert.equal((await ask("GET", "/metrics", {})).status, 401);
  assert.deepEqual((await ask("GET", "/healthz", {})).body, { decidedMsAgo: 0 });
  assert.equal(core.state.memory.disarmed, undefined);
});

test("the page of the description runs no script and loads nothing", async (t) => {
  const { ask } = await apiFixture(t);
  const { text, headers } = await ask("GET", "/api/docs", {});
  assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.doesNotMatch(text, /<script|src=|https?:/);
  assert.match(text, /incidents\/\{incident\}\/approve/);
  assert.ok(readFileSync("docs/api.md", "utf8").includes("/api/docs"));
});

test("the web page's files come by their names, without a token, and no others do", async (t) => {
  const file = {
    type: "text/html; charset=utf-8",
    body: "<!doctype html>",
    policy: "default-src 'none'",
  };
  const page = new Map<string, PageFile>([
    ["/", file],
    ["/page.js", { ...file, type: "text/javascript; charset=utf-8", body: Buffer.from("1") }],
  ]);
  const { ask } = await apiFixture(t, { parts: { page } });
  const root = await ask("GET", "/", {});
  assert.equal(root.text, file.body);
  assert.equal(root.headers.get("content-security-policy"), file.policy);
  assert.equal((await ask("GET", "/page.js", {})).text, "1");
  assert.equal((await ask("GET", "/page.css", "viewer")).status, 404);
});
