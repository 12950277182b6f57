/** The check-up: it asks with GET alone, and says of each thing that is not as it should be what to do. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { checkCloud } from "../../guardian/cloud-doctor.ts";
import { readGuardianConfig } from "../../guardian/config.ts";
import { createCloudLook } from "../../guardian/shell/cloud-look.ts";
import { systemClock } from "../../shared/clock.ts";
import { wallMs } from "../../shared/time.ts";
import { control, type Control } from "../support/control-fixture.ts";
import { alice, host1, host2 } from "../support/core-fixture.ts";
import { peopleCloud, type PeopleCloud } from "../support/fake-people-cloud.ts";
import { cli, cliWith } from "../support/run-cli.ts";

interface Found {
  readonly about: string;
  readonly level: string;
  readonly finding: string;
  readonly next: string;
}

async function worldOf(t: TestContext): Promise<Control & { readonly people: PeopleCloud }> {
  const people = await peopleCloud(t);
  const cloudLook = createCloudLook(people.keystone, people.calls, systemClock);
  return { ...(await control(t, {}, [], { cloudLook })), people };
}

async function findings(socket: string): Promise<readonly Found[]> {
  const { code, text } = await cli("--socket", socket, "-f", "json", "doctor");
  assert.equal(code, 0);
  return (JSON.parse(text) as { readonly findings: readonly Found[] }).findings;
}

function about(found: readonly Found[], what: string): readonly Found[] {
  return found.filter((one) => one.about === what);
}

test("doctor asks the daemon, and the daemon Nova, with GET alone", async (t) => {
  const { socket, folder, people } = await worldOf(t);
  const methods: string[] = [];
  const between = join(folder, "recording.sock");
  const recorder = createServer((call, response) => {
    methods.push(call.method ?? "");
    const { method, url, headers } = call;
    call.pipe(
      request({ socketPath: socket, path: url, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  await new Promise<void>((resolve) => recorder.listen(between, resolve));
  t.after(() => recorder.close());
  const { code, text } = await cli("--socket", between, "doctor");
  assert.equal(code, 0);
  assert.deepEqual([...new Set(methods)], ["GET"]);
  const orders = people.asked.filter((one) => !one.startsWith("GET "));
  assert.deepEqual(orders, ["POST /v3/auth/tokens auth"], "its own login, once");
  assert.ok(people.asked.length >= 7, people.asked.join("\n"));
  const all = "Nova,capacity,clocks,power devices,storage,collectors,microversions,roles,probes";
  for (const what of all.split(",")) {
    assert.match(text, new RegExp(`\\| ${what} +\\| (?:ok|note|warn|bad) +\\|`), what);
  }
  const before = people.asked.length;
  await cli("--socket", between, "doctor");
  assert.equal(people.asked.length, before, "asked again at once, Nova is not");
});

test("roles, microversions, services and disks: what is wrong, and what to do; the worst first", async (t) => {
  const { socket, people } = await worldOf(t);
  people.roles = ["member"];
  people.refuses.set("os-services", "Policy doesn't allow os_compute_api:os-services");
  people.servers.set("11111111-2222-4333-8444-555555555555", {
    host: "compute-1",
    status: "ACTIVE",
    name: "vm",
  });
  const found = await findings(socket);
  const [roles] = about(found, "roles");
  assert.equal(roles?.level, "bad");
  assert.equal(roles.finding, "our login has member");
  assert.match(roles.next, /give it, or a policy/);
  assert.equal(
    about(found, "microversions")[0]?.finding,
    "Nova speaks 2.1 to 2.93, the guardian 2.93",
  );
  const refused = about(found, "Nova").find(({ finding }) => /cannot be read/.test(finding));
  assert.match(refused?.finding ?? "", /the services cannot be read: .*403.*os-services/);
  const [disks] = about(found, "storage");
  assert.equal(disks?.level, "warn");
  assert.match(disks.finding, /^1 of 1 servers have their root disk in the instances directory/);
  assert.match(disks.next, /set instancesShared, if every host mounts the same storage/);
  const order = ["bad", "warn", "note", "ok"];
  const levels = found.map(({ level }) => order.indexOf(level));
  assert.deepEqual(
    levels,
    levels.toSorted((left, right) => left - right),
  );
  for (const { level, next, finding } of found) {
    if (level === "bad" || level === "warn") assert.ok(next.length > 5, finding);
  }
});

test("a conductor that is down, a Nova that is too old, a Keystone that refuses", async (t) => {
  const { socket } = await worldOf(t);
  const conductor = about(await findings(socket), "Nova").find(({ level }) => level === "bad");
  assert.equal(conductor?.finding, "0 of 1 nova-conductor are up");
  const old = await worldOf(t);
  old.people.microversionMax = "2.60";
  const tooOld = await findings(old.socket);
  assert.match(about(tooOld, "microversions")[0]?.finding ?? "", /2.1 to 2.60; the guardian needs/);
  assert.equal(about(tooOld, "microversions")[0]?.level, "bad");
  const shut = await worldOf(t);
  shut.people.letsUsIn = false;
  const [keystone] = about(await findings(shut.socket), "cloud");
  assert.equal(keystone?.level, "bad");
  assert.match(keystone.finding, /Keystone refused user "admin"/);
});

test("whoever asks what is wrong hears it while Nova hangs, too", async (t) => {
  const facts = () => new Promise<never>(() => undefined);
  const hanging = { access: facts, reject: () => undefined };
  const people = await peopleCloud(t);
  const look = createCloudLook(hanging, people.calls, systemClock, 50);
  assert.deepEqual(await look.facts(), {
    kind: "failed",
    reason: "Keystone or Nova did not answer within 0.05 s",
  });
});

test("clocks, probes that hear nobody or go by old settings, limits that were changed, room for one less", async (t) => {
  const { core, socket } = await worldOf(t);
  core.fact(host1, { says: { sentWallMs: core.wall - 60_000, settingsVersion: 2 } });
  core.fact(host2, { says: { cutOff: 1 } });
  const [at, wall] = [core.now, wallMs(core.wall)];
  const wishes = [{ name: "limits.silentAfter", value: 20_000 }] as const;
  core.take({ kind: "limits-set", at, wall, wishes, by: alice, reason: "upgrade" });
  core.run(5000);
  const found = await findings(socket);
  const ofHost1 = about(found, host1).map(({ finding }) => finding);
  assert.ok(
    ofHost1.some((one) => /^its clock is 1 min \d s behind ours$/.test(one)),
    ofHost1.join("\n"),
  );
  const ofHost2 = about(found, host2).map(({ finding }) => finding);
  assert.ok(
    ofHost2.some((one) => /hears no collector on one of its paths/.test(one)),
    ofHost2.join("\n"),
  );
  assert.ok(
    ofHost2.some((one) => /goes by version 0 of the collectors' settings, others by 2/.test(one)),
    ofHost2.join("\n"),
  );
  const [limit] = about(found, "limits.silentAfter");
  assert.match(
    limit?.finding ?? "",
    /^it is 20s, changed while running by alice .*: upgrade; the configuration says 5s$/,
  );
  assert.match(limit?.next ?? "", /guardian setting reset limits.silentAfter/);
});

test("before anything is installed: a cloud of clouds.yaml, and a configuration to begin with", async (t) => {
  const people = await peopleCloud(t);
  const folder = mkdtempSync(join(tmpdir(), "guardian-doctor-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "clouds.yaml");
  const domains = "user_domain_id: default, project_domain_id: default";
  const auth = `{ auth_url: "${people.cloud.authUrl}", username: admin, password: s3cret, project_name: x, ${domains} }`;
  writeFileSync(file, `clouds: { mine: { auth: ${auth} } }\n`, { mode: 0o600 });
  const env = { OS_CLIENT_CONFIG_FILE: file };
  const check = (name: string) => checkCloud(name, env, folder);
  const run = await cliWith({ checkCloud: check }, "doctor", "--os-cloud", "mine");
  assert.equal(run.code, 0);
  assert.match(run.text, /\| roles +\| ok +\| our login has admin, reader/);
  assert.match(run.text, /0 of 1 nova-conductor are up/);
  const { config } = await check("mine");
  assert.ok(run.text.endsWith(config));
  const loaded = readGuardianConfig(config, {});
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  assert.deepEqual(Object.keys(loaded.config.hosts), ["compute-1"]);
  assert.equal(loaded.config.mode, "observe");
  const orders = people.asked.filter((one) => !/^GET |auth\/tokens/.test(one));
  assert.deepEqual(orders, []);
  const wrong = await cliWith({ checkCloud: check }, "doctor", "--os-cloud", "theirs");
  assert.match(String(wrong.code), /theirs/);
});
