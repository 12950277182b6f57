/** The search and merge rules of openstacksdk, on real files. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse } from "yaml";
import { findCloud, type CloudFound, type Environment } from "../../guardian/shell/clouds.ts";

const basic = `
clouds:
  prod:
    auth: {auth_url: "https://keystone:5000/v3", username: ops, project_name: admin,
           user_domain_name: Default, project_domain_name: Default}
    region_name: RegionOne
    interface: internal
  other:
    auth_type: v3applicationcredential
    auth: {auth_url: "http://k2", application_credential_id: abc, application_credential_secret: xyz}
`;
const secure = "clouds: {prod: {auth: {password: pr0d}}}";

interface Place {
  readonly root: string;
  readonly find: (env?: Environment, name?: string) => CloudFound;
}

function place(t: TestContext, files: Readonly<Record<string, string>>): Place {
  const root = mkdtempSync(join(tmpdir(), "clouds-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  mkdirSync(join(root, "cwd"), { recursive: true });
  return {
    root,
    find: (env = {}, name) =>
      findCloud({
        name,
        env,
        parseYaml: (text) => parse(text) as unknown,
        workingDirectory: join(root, "cwd"),
        homeDirectory: join(root, "home"),
        siteDirectory: join(root, "etc"),
      }),
  };
}

function cloudOf(found: CloudFound) {
  assert.ok(found.kind === "cloud", JSON.stringify(found));
  return found.cloud;
}

function problemsOf(found: CloudFound): string {
  assert.ok(found.kind === "problems", "problems expected");
  return found.problems.join("\n");
}

test("clouds.yaml is completed by secure.yaml", (t) => {
  const { find } = place(t, { "etc/openstack/clouds.yaml": basic, "cwd/secure.yaml": secure });
  const cloud = cloudOf(find({ OS_CLOUD: "prod" }));
  assert.ok(cloud.auth.kind === "password");
  assert.equal(cloud.auth.password.reveal(), "pr0d");
  assert.deepEqual(cloud.auth.user, { name: "ops", domain: { name: "Default" } });
  assert.deepEqual(cloud.auth.scope, { project: { name: "admin", domain: { name: "Default" } } });
  assert.equal(cloud.region, "RegionOne");
  assert.equal(cloud.interface, "internal");
  assert.doesNotMatch(JSON.stringify(cloud), /pr0d/);
});

test("an application credential needs no user", (t) => {
  const { find } = place(t, { "cwd/clouds.yaml": basic });
  const cloud = cloudOf(find({}, "other"));
  assert.ok(cloud.auth.kind === "application-credential");
  assert.equal(cloud.auth.secret.reveal(), "xyz");
  assert.equal(cloud.interface, "public", "openstacksdk's default");
});

test("the first file wins: working directory, home, site; OS_CLIENT_CONFIG_FILE before all", (t) => {
  const one = (url: string) =>
    `clouds: {a: {auth: {auth_url: "${url}", username: u, password: p, user_domain_id: default}}}`;
  const { find, root } = place(t, {
    "cwd/clouds.yaml": one("http://cwd"),
    "home/.config/openstack/clouds.yaml": one("http://home"),
    "etc/openstack/clouds.yaml": one("http://etc"),
    "my.yaml": one("http://mine"),
  });
  assert.equal(cloudOf(find()).authUrl, "http://cwd", "a single cloud needs no name");
  const mine = { OS_CLIENT_CONFIG_FILE: join(root, "my.yaml") };
  assert.equal(cloudOf(find(mine)).authUrl, "http://mine");
  rmSync(join(root, "cwd/clouds.yaml"));
  assert.equal(cloudOf(find()).authUrl, "http://home");
  rmSync(join(root, "home/.config/openstack/clouds.yaml"));
  assert.equal(cloudOf(find()).authUrl, "http://etc");
});

test("OS_* variables alone make a cloud", (t) => {
  const { find } = place(t, { "cwd/clouds.yaml": basic });
  const env = {
    OS_AUTH_URL: "http://k:5000",
    OS_USERNAME: "admin",
    OS_PASSWORD: "s",
    OS_PROJECT_NAME: "admin",
    OS_USER_DOMAIN_ID: "default",
    OS_PROJECT_DOMAIN_ID: "default",
    OS_REGION_NAME: "R2",
    OS_INSECURE: "True",
  };
  const cloud = cloudOf(find(env));
  assert.equal(cloud.name, "envvars");
  assert.equal(cloud.region, "R2");
  assert.equal(cloud.tls.verify, false);
  const chosen = cloudOf(find({ ...env, OS_CLOUD: "other" }));
  assert.equal(chosen.name, "other", "OS_CLOUD chooses from the file");
});

test("what is missing or not understood is said, all at once", (t) => {
  const { find } = place(t, { "cwd/clouds.yaml": basic });
  assert.match(problemsOf(find()), /no cloud chosen.*prod, other/);
  assert.match(problemsOf(find({}, "nope")), /cloud "nope" not found; have: prod, other/);
  assert.match(problemsOf(find({}, "prod")), /cloud "prod": password is missing/);
  const bad = place(t, {
    "cwd/clouds.yaml": `clouds: {a: {auth_type: v3oidc, interface: side, cacert: /nowhere/ca.pem}}`,
  });
  const text = problemsOf(bad.find());
  assert.match(text, /auth_url is missing/);
  assert.match(text, /"v3oidc" is not supported/);
  assert.match(text, /interface is "side"/);
  assert.match(text, /cacert: ENOENT/);
  assert.match(problemsOf(place(t, { "cwd/clouds.yaml": "a: [" }).find()), /not valid YAML/);
  assert.match(problemsOf(place(t, {}).find()), /no clouds.yaml and no OS_\* variables/);
});

test("verify: false wins over cacert, and an endpoint override is kept", (t) => {
  const { find } = place(t, {
    "cwd/clouds.yaml": `clouds: {a: {verify: false, cacert: /nowhere, compute_endpoint_override: "http://n:8774/v2.1",
      auth: {auth_url: "http://k", username: u, password: p, user_domain_id: default}}}`,
  });
  const cloud = cloudOf(find());
  assert.deepEqual(cloud.tls.verify, false);
  assert.equal(cloud.tls.ca, undefined);
  assert.equal(cloud.computeEndpoint, "http://n:8774/v2.1");
});
