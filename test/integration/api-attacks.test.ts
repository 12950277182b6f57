/** What somebody on the network may try against the API, each tried and refused. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { createServerControl } from "../../guardian/shell/server-control.ts";
import { createToken, readTokens, revokeToken } from "../../guardian/shell/token-file.ts";
import { apiFixture, rawRequest } from "../support/api-fixture.ts";
import { host1 } from "../support/core-fixture.ts";
import { watchEvents } from "../support/event-watcher.ts";
import { peopleCloud } from "../support/fake-people-cloud.ts";
import { waitFor } from "../support/wait-for.ts";

const api = "/api/v1";

test("no token, a wrong one, one of another role, one that expired or was revoked", async (t) => {
  const { ask, core, tokensFile, token, parts } = await apiFixture(t);
  assert.equal((await ask("GET", `${api}/hosts`, {})).status, 401);
  const nobody = await ask("POST", `${api}/disarm`, {}, { reason: "x" });
  assert.equal(nobody.status, 401);
  assert.match(nobody.headers.get("www-authenticate") ?? "", /^Bearer/);
  assert.equal(nobody.headers.get("content-type"), "application/problem+json");
  const viewer = token("viewer");
  for (const wrong of [`${viewer.slice(0, -1)}~`, `${viewer}x`, "gdn_000000000000_x", "x"]) {
    const answer = await ask("GET", `${api}/hosts`, { authorization: `Bearer ${wrong}` });
    assert.equal(answer.status, 401, wrong);
  }
  const refused = await ask("POST", `${api}/disarm`, "viewer", { reason: "x" });
  assert.equal(refused.status, 403);
  assert.match(
    refused.detail,
    /disarm needs the role operator; token viewer \(viewer\) has viewer/,
  );
  assert.equal((await ask("POST", `${api}/arm`, "operator", { reason: "x" })).status, 403);
  assert.equal(core.state.memory.disarmed, undefined);
  assert.equal((await ask("GET", `${api}/hosts`, "viewer")).status, 200);
  const past = { name: "old", role: "admin", expires: "2020-01-01T00:00:00Z" } as const;
  const old = createToken(tokensFile, past, Date.now());
  const expired = await ask("GET", `${api}/hosts`, { authorization: `Bearer ${old}` });
  assert.equal(expired.status, 401);
  assert.match(expired.detail, /token old expired at 2020/);
  revokeToken(tokensFile, "viewer");
  assert.equal((await ask("GET", `${api}/hosts`, "viewer")).status, 401, "revoked");
  assert.equal((await ask("POST", `${api}/disarm`, "operator", { reason: "x" })).status, 200);
  const kept = parts.audit.list({ before: 1e9, limit: 9, target: "" });
  assert.deepEqual(
    kept.map(({ by, action, status }) => [by, action, status]),
    [
      ["token operator (operator)", "disarm", 200],
      ["token operator (operator)", "arm", 403],
      ["token viewer (viewer)", "disarm", 403],
    ],
    "who may not and tried is kept, who is nobody is not",
  );
  assert.match(kept[2]?.result ?? "", /refused: disarm needs the role operator/);
});

test("whoever is refused again and again fills no log", async (t) => {
  const { ask, parts } = await apiFixture(t);
  const path = `${api}/maintenance/${host1}`;
  for (let tried = 0; tried < 330; tried += 1) {
    assert.equal((await ask("POST", path, "viewer", { reason: "x" })).status, 403);
  }
  const rows = parts.audit.list({ before: 1e9, limit: 500, target: host1 });
  assert.ok(rows.length >= 300 && rows.length < 325, `${rows.length} rows`);
});

test("tokens are hashed at rest, and the file is not for everybody", async (t) => {
  const { tokensFile, token } = await apiFixture(t);
  const secret = token("admin").split("_").slice(2).join("_");
  assert.equal(readFileSync(tokensFile, "utf8").includes(secret), false);
  assert.equal(statSync(tokensFile).mode & 0o777, 0o640);
  assert.deepEqual(
    readTokens(tokensFile).map(({ name, role }) => [name, role]),
    [["admin", "admin"]],
  );
});

test("wrong tokens are slowed down: after ten from one address even a right one waits", async (t) => {
  const { ask } = await apiFixture(t);
  assert.equal((await ask("GET", `${api}/hosts`, "operator")).status, 200);
  const seen: number[] = [];
  for (let tried = 0; tried < 12; tried += 1) {
    seen.push((await ask("GET", `${api}/hosts`, { authorization: "Bearer guess" })).status);
  }
  assert.deepEqual(seen.slice(0, 10), Array(10).fill(401));
  assert.deepEqual(seen.slice(10), [429, 429]);
  const right = await ask("GET", `${api}/hosts`, "viewer");
  assert.equal(right.status, 429);
  assert.equal(right.headers.get("retry-after"), "60");
  const known = await ask("GET", `${api}/hosts`, "operator");
  assert.equal(known.status, 200, "who was let in before is kept out by nobody's guesses");
});

test("other sites' pages, and names that somebody made point here, are refused", async (t) => {
  const { ask, core, port, token } = await apiFixture(t);
  const say = (headers: Readonly<Record<string, string>>) =>
    ask("POST", `${api}/disarm`, "operator", { reason: "x" }, headers);
  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: `https://127.0.0.1:${port}` },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ]) {
    const { status } = await say(headers);
    assert.equal(status, 403, JSON.stringify(headers));
  }
  const bearer = `authorization: Bearer ${token("operator")}`;
  const rebound = await rawRequest(
    port,
    `GET ${api}/hosts HTTP/1.1\r\nhost: evil.example\r\n${bearer}\r\nconnection: close\r\n\r\n`,
  );
  assert.match(rebound, /^HTTP\/1\.1 421 /);
  // What a form can send is no JSON.
  const form = await ask("POST", `${api}/disarm`, "operator", "reason=x", {
    "content-type": "application/x-www-form-urlencoded",
  });
  assert.equal(form.status, 415);
  assert.equal(core.state.memory.disarmed, undefined);
  assert.equal((await say({ origin: `http://127.0.0.1:${port}` })).status, 200);
});

test("an oversized body, by its length or without one, is not read to its end", async (t) => {
  const { ask, port, token, core } = await apiFixture(t);
  const long = await ask("POST", `${api}/disarm`, "operator", { reason: "x".repeat(20_000) });
  assert.equal(long.status, 413);
  const head = `POST ${api}/disarm HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token("operator")}\r\n`;
  const chunk = `4000\r\n${"a".repeat(0x4000)}\r\n`;
  const chunked = await rawRequest(
    port,
    `${head}transfer-encoding: chunked\r\n\r\n${chunk}${chunk}`,
  );
  assert.match(chunked, /^HTTP\/1\.1 413 /);
  const words = await ask("POST", `${api}/disarm`, "operator", { reason: "x".repeat(501) });
  assert.match(words.detail, /reason: must have at most 500 characters/);
  const header = await rawRequest(port, `${head}x: ${"a".repeat(20_000)}\r\n\r\n`);
  assert.match(header, /^HTTP\/1\.1 431 /);
  assert.equal(core.state.memory.disarmed, undefined);
});

test("slow clients, by header or body, are closed; others go on", async (t) => {
  const { ask, port, token } = await apiFixture(t, { patienceMs: 1200 });
  const begunMs = Date.now();
  const head = `POST ${api}/disarm HTTP/1.1\r\nhost: 127.0.0.1\r\n`;
  const slow = [
    rawRequest(port, head, 9000),
    rawRequest(
      port,
      `${head}authorization: Bearer ${token("operator")}\r\ncontent-length: 20\r\n\r\n{`,
      9000,
    ),
  ];
  assert.equal((await ask("GET", `${api}/hosts`, "viewer")).status, 200);
  for (const answer of await Promise.all(slow)) assert.match(answer, /^HTTP\/1\.1 408 /);
  assert.ok(Date.now() - begunMs < 8500);
});

test("tricks with paths lead nowhere", async (t) => {
  const { port, token } = await apiFixture(t);
  const bearer = `authorization: Bearer ${token("admin")}`;
  const statusOf = async (target: string): Promise<string> =>
    (
      await rawRequest(
        port,
        `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\n${bearer}\r\nconnection: close\r\n\r\n`,
      )
    ).slice(9, 12);
  for (const target of [
    "/api/v1/../../etc/passwd",
    "/api/v1/%2e%2e/%2e%2e/etc/passwd",
    "/api/v1//hosts",
    "/api/v1/hosts/..%5c..",
    "/api/v1/hosts/%00",
    "/api/v1/hosts/%zz",
    "http://127.0.0.1/api/v1/hosts",
  ]) {
    assert.equal(await statusOf(target), "400", target);
  }
  for (const target of ["/etc/passwd", "/api/v1/hosts/..%2f..%2fetc", "/api/v2/hosts", "/api"]) {
    assert.equal(await statusOf(target), "404", target);
  }
  assert.equal(await statusOf(`/${"a".repeat(5000)}`), "414");
  assert.equal(await statusOf(`/api/v1/hosts/${host1}`), "200");
});

test("a header cannot be injected, and no request hides in another", async (t) => {
  const { ask, port, token } = await apiFixture(t);
  const evil = encodeURIComponent("en\r\nset-cookie: a=b");
  const answer = await ask("GET", `${api}/hosts/${host1}?language=${evil}`, "viewer");
  assert.equal(answer.status, 400);
  assert.equal(answer.headers.get("set-cookie"), null);
  const cursor = Buffer.from("x\r\nset-cookie: a=b").toString("base64url");
  const page = await ask("GET", `${api}/hosts?limit=1&cursor=${cursor}`, "viewer");
  assert.equal(page.headers.get("set-cookie"), null);
  const name = encodeURIComponent("x\r\ny");
  assert.equal((await ask("GET", `${api}/hosts/${name}`, "viewer")).status, 400);
  const split = await ask("POST", `${api}/disarm`, "operator", { reason: "a\r\nb: armed" });
  assert.match(split.detail, /one line without control characters/);
  const head = `POST ${api}/disarm HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token("operator")}\r\n`;
  const inner = `GET ${api}/hosts HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`;
  const both = `${head}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${inner}`;
  const answers = (await rawRequest(port, both)).match(/HTTP\/1\.1 \d{3}/g);
  assert.deepEqual(answers, ["HTTP/1.1 400"]);
});

test("as many connections as are allowed, and no more", async (t) => {
  const { port } = await apiFixture(t, { connectionsMax: 10 });
  const open = Array.from({ length: 15 }, () => rawRequest(port, "GET / HTTP/1.1\r\n", 1500));
  const beganMs = Date.now();
  await Promise.race(open);
  assert.ok(Date.now() - beganMs < 1400, "those beyond are closed at once");
  await Promise.all(open);
});

test("a script in a server's name, or in a reason, is text wherever it is shown", async (t) => {
  const evil = '<img src=x onerror="alert(1)"></script>';
  const people = await peopleCloud(t);
  people.servers.set("11111111-2222-4333-8444-555555555555", {
    host: "compute-1",
    status: "ACTIVE",
    name: evil,
  });
  const servers = createServerControl(people.calls, false);
  const { ask, feed, port, token } = await apiFixture(t, { parts: { servers } });
  const watcher = await watchEvents(port, { authorization: `Bearer ${token("viewer")}` });
  const until = { until: "2h", reason: evil };
  assert.equal((await ask("POST", `${api}/maintenance/${host1}`, "operator", until)).status, 200);
  feed.push("line", { text: `${evil}\n\nevent: alert\ndata: {}` });
  for (const path of ["servers", "maintenance", "audit"]) {
    const { text, headers, body } = await ask("GET", `${api}/${path}`, "viewer");
    assert.ok(JSON.stringify(body).includes(JSON.stringify(evil).slice(1, -1)), path);
    assert.equal(headers.get("content-type"), "application/json", path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.match(headers.get("content-security-policy") ?? "", /^default-src 'none'/);
    assert.ok(text.endsWith("]\n"));
  }
  const wrong = await ask("GET", `${api}/hosts/${encodeURIComponent(evil)}`, "viewer");
  assert.equal(wrong.headers.get("content-type"), "application/problem+json");
  await waitFor("the event", () => (watcher.seen.length > 1 ? true : undefined), 15_000);
  assert.deepEqual(
    watcher.seen.map(({ event }) => event),
    ["hello", "line"],
  );
  watcher.close();
});
