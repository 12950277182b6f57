/** The command line on the API: forms of output, the way over the network, checks, completion; a daemon with TLS. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse } from "yaml";
import { followIncident } from "../../guardian/cli-incident.ts";
import { formatAs } from "../../guardian/cli-format.ts";
import { readGuardianConfig } from "../../guardian/config.ts";
import { prepare, runDaemon } from "../../guardian/daemon.ts";
import { settingLines } from "../../guardian/api/settings-shown.ts";
import { createServerControl } from "../../guardian/shell/server-control.ts";
import { createUdpEchoPinger } from "../../guardian/shell/udp-echo.ts";
import { silentLogger, type LogFields } from "../../shared/log.ts";
import { wallMs } from "../../shared/time.ts";
import { apiFixture } from "../support/api-fixture.ts";
import { control, dead } from "../support/control-fixture.ts";
import { host1 } from "../support/core-fixture.ts";
import { cli, cliWith } from "../support/run-cli.ts";
import { peopleCloud } from "../support/fake-people-cloud.ts";
import { makeCertificate } from "../support/test-certificate.ts";
import { waitFor } from "../support/wait-for.ts";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "guardian-cli-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("lists as table, JSON, YAML, CSV and values; columns by name", async (t) => {
  const { socket } = await control(t);
  const list = async (...more: readonly string[]): Promise<string> =>
    (await cli("--socket", socket, ...more, "host", "list")).text;
  const json = JSON.parse(await list("-f", "json")) as readonly Record<string, unknown>[];
  assert.equal(json.length, 8);
  assert.deepEqual(parse(await list("-f", "yaml")), json);
  assert.match(await list("-f", "csv"), /^host,verdict,.*\r\ncompute-1,healthy,/);
  const chosen = await list("-f", "value", "-c", "verdict", "-c", "host");
  assert.equal(chosen.split("\n")[0], "healthy compute-1");
  assert.match(await list("-c", "host"), /^\+-+\+\n\| host/);
  const wrong = await cli("--socket", socket, "-c", "hots", "host", "list");
  assert.match(String(wrong.code), /no column hots; there are: host, verdict/);
  assert.equal((await cli("--socket", socket, "-f", "xml", "host", "list")).code, 2);
});

test("lists in the order of a column, JSON in one line, the file's values without a daemon", async (t) => {
  const { socket } = await control(t);
  const names = async (...more: readonly string[]): Promise<readonly string[]> => {
    const list = ["--socket", socket, "-f", "value", "-c", "gate", ...more, "policy", "gates"];
    return (await cli(...list)).text.split("\n");
  };
  const [plain, ordered] = [await names(), await names("--sort-column", "gate")];
  assert.notDeepEqual(plain, ordered);
  const byText = (left: string, right: string): number => left.localeCompare(right, "en");
  assert.deepEqual(ordered, [...plain].sort(byText));
  const line = await cli("--socket", socket, "-f", "json", "--noindent", "host", "list");
  assert.equal(line.text.split("\n").length, 1);
  const wrong = await cli("--socket", socket, "--sort-column", "hots", "host", "list");
  assert.match(String(wrong.code), /no column hots/);
  const shownConfig = (path: string) =>
    path === "good"
      ? [{ key: "mode", value: "act", origin: "file", changeable: "no" as const }]
      : undefined;
  const show = ["-f", "csv", "config", "show", "--config"];
  const shown = await cliWith({ shownConfig }, ...show, "good");
  assert.equal(shown.text, "key,value,origin,changeable\r\nmode,act,file,no");
  assert.equal((await cliWith({ shownConfig }, ...show, "bad")).code, 2);
});

test("what a terminal would obey is not printed", () => {
  const name = "\u001b[2Jvm\u202e\u0007";
  const text = formatAs([{ name }], { format: "table", column: [] });
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(text, /[\u001b\u0007\u202e]/);
  assert.equal(formatAs([{ name: "=x" }], { format: "csv", column: [] }), "name\r\n'=x");
});

test("check host: exit codes and figures as Nagios reads them", async (t) => {
  const { socket, core } = await control(t);
  const check = (host: string) => cli("--socket", socket, "check", "host", host);
  const good = await check(host1);
  assert.equal(good.code, 0);
  assert.match(
    good.text,
    /^HOST OK - compute-1: healthy.* \| servers=\d+ report_age=[\d.]+s;3;5;0$/,
  );
  const [at, wall] = [core.now, wallMs(core.wall)];
  const wishes = [{ name: "limits.silentAfter", value: 7500 }] as const;
  core.take({ kind: "limits-set", at, wall, wishes, by: "alice", reason: "upgrade" });
  assert.match((await check(host1)).text, /;3;7\.5;0$/, "the limits that count now");
  dead(core);
  const bad = await check(host1);
  assert.equal(bad.code, 2);
  assert.match(bad.text, /^HOST CRITICAL - compute-1: dead/);
  const stranger = await check("compute-99");
  assert.equal(stranger.code, 3);
  assert.match(stranger.text, /^HOST UNKNOWN - compute-99: no host compute-99 is known/);
  assert.equal((await cli("--socket", "/nowhere", "check", "host", host1)).code, 3);
});

test("an incident is followed to its end, each thing once", async (t) => {
  const { socket, core } = await control(t);
  core.nova.addServer(host1, "vm-1");
  const incident = dead(core);
  const said: string[] = [];
  const shown = async (path: string): Promise<unknown> => {
    core.run(1000);
    const { ask } = await import("../../guardian/cli-client.ts");
    return ask(socket, "GET", path);
  };
  const say = (text: string): void => void said.push(text);
  await followIncident({ shown, say, everyMs: 1, patienceMs: 60_000 }, incident);
  assert.equal(said.at(-1), `${incident} has ended`);
  assert.ok(
    said.some((text) => / vm-1: finished on compute-\d/.test(text)),
    said.join("\n"),
  );
  assert.equal(new Set(said).size, said.length);
  core.powerLoss(host1);
  const stuck = async (): Promise<unknown> => ({ phase: "fencing", timeline: [], moves: [] });
  const late = followIncident({ shown: stuck, say, everyMs: 1, patienceMs: 3 }, "i1");
  await assert.rejects(late, /i1 is fencing after 0.003 s; it goes on without us/);
});

test("an order with --wait ends once Nova shows it; disarming once nothing is under way", async (t) => {
  const people = await peopleCloud(t);
  const id = "11111111-2222-4333-8444-555555555555";
  people.servers.set(id, { host: "compute-2", status: "ACTIVE", name: "vm" });
  const servers = createServerControl(people.calls, false);
  const { socket, core } = await control(t, {}, [], { servers });
  const stopped = await cli("--socket", socket, "server", "stop", id, "--reason", "x", "--wait");
  assert.equal(stopped.code, 0);
  assert.match(stopped.noted, /vm is SHUTOFF on compute-2$/);
  const here = ["server", "live-migrate", id, "--reason", "x", "--wait"];
  const stayed = await cli("--socket", socket, ...here);
  assert.match(String(stayed.code), /it was not moved/);
  const disarm = await cli("--socket", socket, "disarm", "--reason", "x", "--wait");
  assert.equal(disarm.noted, "disarmed");
  assert.ok(core.state.memory.disarmed !== undefined);
});

test("completion is sound bash, and knows the verbs", async () => {
  const { text } = await cli("completion");
  const script = `${text}\nCOMP_WORDS=(guardian incident ap); COMP_CWORD=2; _guardian; echo "\${COMPREPLY[@]}"`;
  const found = execFileSync("bash", ["-c", script], { encoding: "utf8", timeout: 5000 });
  assert.equal(found.trim(), "approve");
});

test("over the network: tokens made, listed and revoked by the command line; a wrong role is refused", async (t) => {
  const { port, tokensFile, core } = await apiFixture(t);
  const folder = folderOf(t);
  const file = ["--file", tokensFile];
  const made = await cli(
    "token",
    "create",
    "pager",
    "--role",
    "operator",
    "--expires",
    "90d",
    ...file,
  );
  assert.match(made.text, /^gdn_[0-9a-f]{12}_[\w-]{43}$/);
  const again = await cli("token", "create", "pager", "--role", "operator", ...file);
  assert.match(String(again.code), /has a token pager already/);
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, `${made.text}\n`, { mode: 0o600 });
  const api = ["--api", `http://127.0.0.1:${port}`];
  assert.match(String((await cli(...api, "host", "list")).code), /needs a token: --token-file/);
  const way = [...api, "--token-file", tokenFile];
  assert.match((await cli(...way, "host", "list")).text, /compute-8/);
  assert.equal((await cli(...way, "disarm", "--reason", "noises")).code, 0);
  assert.ok(core.state.memory.disarmed !== undefined);
  const refused = await cli(...way, "arm", "--reason", "x");
  assert.match(String(refused.code), /arm needs the role admin/);
  const audit = await cli(...way, "-f", "json", "audit", "list");
  assert.match(audit.text, /"by": "token pager \(operator\)"/);
  const listed = await cli("-f", "json", "token", "list", ...file);
  assert.match(listed.text, /"name": "pager"/);
  assert.doesNotMatch(listed.text, /hash|salt/);
  assert.equal((await cli("token", "revoke", "pager", ...file)).code, 0);
  assert.match(String((await cli(...way, "host", "list")).code), /this token is not known/);
  chmodSync(tokenFile, 0o644);
  assert.match(String((await cli(...way, "host", "list")).code), /others can read it/);
});

test("a daemon with TLS: its settings with their origin; beyond loopback without TLS it does not start", async (t) => {
  const certificate = makeCertificate(t);
  if (certificate === undefined) return t.skip("no openssl");
  const folder = folderOf(t);
  const at = (name: string): string => join(folder, name);
  const put = (name: string, text: string): string => {
    writeFileSync(at(name), text, { mode: 0o600 });
    return at(name);
  };
  const given = {
    collectors: [{ id: "c1" }],
    networks: { management: { anchors: ["127.0.0.1"] } },
    journal: { file: at("journal.db") },
    store: { kind: "sqlite", file: at("telemetry.db") },
    controlSocket: at("guardian.sock"),
    disarmedFile: at("disarmed"),
    cloud: "lab",
    api: {
      listen: { port: 0 },
      tokensFile: at("tokens.json"),
      tls: { certFile: certificate.certFile, keyFile: put("key.pem", certificate.key) },
    },
  };
  const open = { ...given.api, tls: undefined, listen: { address: "0.0.0.0" } };
  const refused = readGuardianConfig(JSON.stringify({ ...given, api: open }), {});
  assert.ok(refused.kind === "problems");
  assert.match(
    refused.problems.join(),
    /api.listen.address: 0.0.0.0 is beyond loopback: give api.tls/,
  );
  const env = { GUARDIAN__LIMITS__SILENT_AFTER: "8s" };
  const loaded = readGuardianConfig(JSON.stringify(given), env);
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const clouds = put(
    "clouds.yaml",
    "clouds: {lab: {auth: {auth_url: http://127.0.0.1:9, username: u, password: p, project_name: x, user_domain_id: default, project_domain_id: default}}}",
  );
  const pinger = createUdpEchoPinger(9);
  const choose = () => Promise.resolve({ kind: "pinger" as const, pinger });
  const where = { OS_CLIENT_CONFIG_FILE: clouds };
  const preparation = await prepare(loaded.config, where, "/tmp", silentLogger, choose);
  assert.ok(preparation.kind === "prepared", JSON.stringify(preparation));
  const { prepared } = preparation;
  let port: number | undefined;
  const info = (fields: LogFields): void => {
    if (fields["event"] === "listening") port = Number(fields["port"]);
  };
  const stopping = new AbortController();
  const shownSettings = settingLines(loaded.config, given, env);
  const ports = { ...prepared.ports, log: { ...silentLogger, info } };
  const done = runDaemon({ ...prepared, ports, shownSettings }, stopping.signal);
  t.after(async () => {
    stopping.abort();
    await done;
  });
  const listening = await waitFor("the API", () => port, 20_000);
  const file = ["--file", at("tokens.json")];
  put("token", (await cli("token", "create", "a", "--role", "admin", ...file)).text);
  const api = ["--api", `https://127.0.0.1:${listening}`, "--token-file", at("token")];
  assert.match(String((await cli(...api, "host", "list")).code), /self-signed|certificate/);
  const way = [...api, "--ca-file", certificate.certFile, "-f", "json"];
  const settings = await cli(...way, "setting", "list");
  const lines = JSON.parse(settings.text) as readonly Record<string, string>[];
  const origin = (key: string): string | undefined =>
    lines.find((one) => one["key"] === key)?.["origin"];
  assert.equal(origin("limits.silentAfter"), "GUARDIAN__LIMITS__SILENT_AFTER");
  assert.equal(origin("cloud"), "file");
  assert.equal(origin("mode"), "default");
  assert.equal((await cli(...way, "disarm", "--reason", "noises")).code, 0);
  assert.match((await cli(...way, "audit", "list")).text, /"by": "token a \(admin\)"/);
  assert.match((await cli("--socket", at("guardian.sock"), "audit", "list")).text, /noises/);
  stopping.abort();
  assert.equal(await done, 0);
});
