/** Tokens, refusals and the catalog, through calls to Nova as the guardian makes them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import { openStackWorld as world } from "../support/openstack-world.ts";

test("a wrong password is one clear sentence without the password", async (t) => {
  const auth = {
    kind: "password",
    user: { name: "admin", domain: { id: "default" } },
    who: 'user "admin"',
    password: new Secret("wr0ng-pass"),
    scope: undefined,
  } as const;
  const { api, cloud } = await world(t, {}, {}, { auth });
  const answer = await api.services();
  assert.ok(answer.kind === "failed");
  assert.match(answer.reason, /Keystone refused user "admin" of cloud "lab".*401/);
  assert.doesNotMatch(answer.reason, /wr0ng-pass/);
  await api.services();
  assert.equal(cloud.requests.length, 1, "asked once: accounts get locked");
});

test("an application credential works", async (t) => {
  const auth = {
    kind: "application-credential",
    credential: { id: "cred-1" },
    who: 'application credential "cred-1"',
    secret: new Secret("cr3d"),
  } as const;
  const { api } = await world(t, {}, {}, { auth });
  assert.equal((await api.services()).kind, "services");
});

test("a token that Nova stops accepting is renewed, for reads and for orders", async (t) => {
  const { cloud, api } = await world(t);
  const { id } = cloud.nova.service("compute-1");
  assert.equal((await api.services()).kind, "services");
  cloud.expireTokens();
  assert.equal((await api.services()).kind, "services");
  cloud.expireTokens();
  assert.equal((await api.forceDown(id)).kind, "accepted");
  const tokens = cloud.requests.filter((seen) => seen.path === "/v3/auth/tokens");
  assert.equal(tokens.length, 3);
});

test("a token is renewed before it ends, and kept in use when Keystone is gone", async (t) => {
  const { cloud, api } = await world(t, { tokenLifetimeMs: 2500 });
  await api.services();
  await sleep(2100);
  cloud.setFault({ kind: "status", status: 503, match: /auth/ });
  assert.equal((await api.services()).kind, "services", "the old token is still good");
  cloud.setFault({ kind: "none" });
  await api.services();
  const tokens = cloud.requests.filter((seen) => seen.path === "/v3/auth/tokens");
  assert.deepEqual(
    tokens.map((seen) => seen.status),
    [201, 503, 201],
  );
});

test("a region or interface that the catalog lacks names what it has", async (t) => {
  const { api } = await world(t, {}, { readDeadlineMs: 300 }, { region: "Mars" });
  const answer = await api.services();
  assert.ok(answer.kind === "failed");
  assert.match(answer.reason, /"public in Mars".*it has: public in RegionOne/);
});
