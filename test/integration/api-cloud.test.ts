/** Servers through the API, behind the guardian's gates; Keystone's tokens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { heldServer } from "../../guardian/api/server-gate.ts";
import { createKeystoneTokens } from "../../guardian/shell/keystone-tokens.ts";
import { createServerControl } from "../../guardian/shell/server-control.ts";
import { systemClock } from "../../shared/clock.ts";
import { serverId } from "../../shared/names.ts";
import { apiFixture } from "../support/api-fixture.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";
import { peopleCloud } from "../support/fake-people-cloud.ts";

const api = "/api/v1";
const id = "11111111-2222-4333-8444-555555555555";
const words = { reason: "asked for" };

test("orders reach Nova once, and are refused while the guardian has the host in hand", async (t) => {
  const people = await peopleCloud(t);
  people.servers.set(id, {
    host: "compute-1",
    status: "ACTIVE",
    name: "<script>alert(1)</script>",
  });
  const servers = createServerControl(people.calls, false);
  const { ask, core } = await apiFixture(t, { parts: { servers } });
  const orders = (): number =>
    people.asked.filter((one) => /^(?:POST|DELETE) \/v2/.test(one)).length;
  for (const [verb, status] of [
    ["stop", "SHUTOFF"],
    ["start", "ACTIVE"],
    ["pause", "PAUSED"],
    ["unpause", "ACTIVE"],
    ["suspend", "SUSPENDED"],
    ["resume", "ACTIVE"],
    ["reboot", "ACTIVE"],
  ] as const) {
    const answer = await ask("POST", `${api}/servers/${id}/${verb}`, "operator", words);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(people.servers.get(id)?.status, status, verb);
  }
  const shown = await ask("GET", `${api}/servers/${id}`, "viewer");
  assert.equal(shown.headers.get("x-content-type-options"), "nosniff");
  assert.equal(shown.headers.get("content-type"), "application/json");
  assert.equal((shown.body as { name: string }).name, "<script>alert(1)</script>");
  assert.equal((await ask("POST", `${api}/servers/${id}/stop`, "viewer", words)).status, 403);
  assert.equal(
    (await ask("POST", `${api}/servers/..%2f..%2fx/stop`, "operator", words)).status,
    400,
  );
  const before = orders();
  const evacuate = await ask("POST", `${api}/servers/${id}/evacuate`, "operator", words);
  assert.equal(evacuate.status, 409);
  assert.match(evacuate.detail, /by the guardian's own proof alone: compute-1 has no incident/);
  core.powerLoss(host1);
  core.run(10_000);
  const incident = core.state.memory.incidents.get(host1)?.id ?? "none";
  for (const verb of ["start", "stop", "live-migrate", "lock", "console"]) {
    const refused = await ask("POST", `${api}/servers/${id}/${verb}`, "operator", words);
    assert.equal(refused.status, 409, verb);
    assert.match(refused.detail, new RegExp(`gate "incident": compute-1 has incident ${incident}`));
  }
  people.servers.set(id, { host: "compute-2", status: "ACTIVE", name: "vm" });
  const there = await ask("POST", `${api}/servers/${id}/live-migrate`, "operator", {
    ...words,
    to: "compute-1",
  });
  assert.equal(there.status, 409, "nor to such a host");
  assert.equal(orders(), before, "Nova was asked for nothing");
});

test("a server that the guardian moves is nobody else's, wherever Nova shows it", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 3_600_000;
  assert.equal(heldServer(core.state, serverId("vm-1"), host2), undefined);
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  const [order] = core.done("evacuate");
  assert.ok(order !== undefined);
  assert.match(
    heldServer(core.state, order.server, host2) ?? "",
    /gate "moved by the guardian": incident i\d+-compute-1 moves it from compute-1/,
  );
  assert.equal(heldServer(core.state, serverId("another"), host2), undefined);
});

test("delete is off by default and needs the id again; a console's link is kept nowhere", async (t) => {
  const people = await peopleCloud(t);
  people.servers.set(id, { host: "compute-1", status: "ACTIVE", name: "vm" });
  const off = await apiFixture(t, { parts: { servers: createServerControl(people.calls, false) } });
  const path = `${api}/servers/${id}/delete`;
  const again = { ...words, again: id };
  assert.equal((await off.ask("POST", path, "admin", again)).status, 403);
  const on = await apiFixture(t, { parts: { servers: createServerControl(people.calls, true) } });
  assert.equal((await on.ask("POST", path, "operator", again)).status, 403);
  assert.equal((await on.ask("POST", path, "admin", words)).status, 400);
  const keyed = { "idempotency-key": "c1" };
  const console = `${api}/servers/${id}/console`;
  const link = await on.ask("POST", console, "operator", words, keyed);
  assert.match(link.text, /token=s3cret/);
  assert.equal((await on.ask("POST", console, "operator", words, keyed)).status, 409);
  assert.doesNotMatch((await on.ask("GET", `${api}/audit`, "viewer")).text, /s3cret/);
  assert.equal((await on.ask("POST", path, "admin", again)).status, 200);
  assert.equal(people.servers.size, 0);
});

test("Keystone's tokens: asked once, by scope and role; strangers and expired ones are refused", async (t) => {
  const people = await peopleCloud(t);
  const keystone = createKeystoneTokens(people.cloud, people.keystone, systemClock, {
    scopes: ["ops"],
    roles: { reader: "viewer", member: "operator" },
    cacheForMs: 60_000,
  });
  const { ask, parts } = await apiFixture(t, { keystone });
  const later = Date.now() + 600_000;
  const give = (token: string, project: string, roles: readonly string[], expiresMs = later) =>
    people.tokens.set(token, { user: "eve", project, roles, expiresMs });
  give("good", "ops", ["reader", "member"]);
  give("reader", "ops", ["reader"]);
  give("elsewhere", "other", ["member"]);
  give("nothing", "ops", ["toString"]);
  give("old", "ops", ["member"], Date.now() - 1000);
  const disarm = async (token: string): Promise<number> =>
    (await ask("POST", `${api}/disarm`, { "x-auth-token": token }, words)).status;
  assert.equal(await disarm("good"), 200);
  assert.equal(await disarm("good"), 200);
  assert.equal(people.asked.filter((one) => one === "GET /v3/auth/tokens").length, 1);
  assert.equal(await disarm("reader"), 403);
  for (const token of ["elsewhere", "nothing", "old", "forged"]) {
    assert.equal(await disarm(token), 401, token);
  }
  const rows = parts.audit.list({ before: 1e9, limit: 9, target: "" });
  assert.deepEqual(
    rows.map(({ by, status }) => [by, status]),
    [
      ["keystone eve@Default (viewer)", 403],
      ["keystone eve@Default (operator)", 200],
      ["keystone eve@Default (operator)", 200],
    ],
  );
});

test("images, flavors and volumes are listed page by page, and nothing is done to them", async (t) => {
  const people = await peopleCloud(t);
  const servers = createServerControl(people.calls, true);
  const { ask } = await apiFixture(t, { parts: { servers } });
  for (const [what, first] of [
    ["images", "i"],
    ["flavors", "f"],
    ["volumes", "v"],
  ] as const) {
    const ids: string[] = [];
    let path: string | undefined = `${api}/${what}?limit=2`;
    while (path !== undefined) {
      const answer = await ask("GET", path, "viewer");
      assert.equal(answer.status, 200, answer.text);
      ids.push(...(answer.body as readonly { id: string }[]).map(({ id: one }) => one));
      path = /<([^>]+)>/.exec(answer.headers.get("link") ?? "")?.[1];
    }
    assert.deepEqual(ids, [`${first}1`, `${first}2`, `${first}3`]);
    assert.equal((await ask("POST", `${api}/${what}`, "admin", words)).status, 405);
  }
  const orders = people.asked.filter((one) => !/^GET |auth\/tokens/.test(one));
  assert.deepEqual(orders, []);
});
