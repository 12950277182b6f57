/** The section alerts: what it takes, what it refuses, and the channels that come of it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readGuardianConfig } from "../../guardian/config.ts";
import { buildChannels } from "../../guardian/shell/build-channels.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import type { Problems } from "../../guardian/shell/build-ports.ts";
import { systemClock } from "../../shared/clock.ts";

const good = `
collectors: [{ id: collector-1 }]
networks: { management: { anchors: [192.0.2.1] } }
`;

function problemsOf(alerts: string): readonly string[] {
  const loaded = readGuardianConfig(`${good}alerts: ${alerts}`, {});
  return loaded.kind === "problems" ? loaded.problems : [];
}

function built(alerts: string) {
  const loaded = readGuardianConfig(`${good}alerts: ${alerts}`, {});
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const problems: Problems = { list: [] };
  const channels = buildChannels(loaded.config, systemClock, problems, createChannelLookup());
  return { names: channels.map(({ name }) => name), problems: problems.list, channels };
}

/** Writes a secret, and gives its path. */
function secretsIn(t: TestContext): (name: string, text: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "channels-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return (name, text) => {
    const path = join(folder, name);
    writeFileSync(path, `${text}\n`);
    return path;
  };
}

test("every mistake is told at once, with its place and the nearest key", () => {
  const problems = problemsOf(`
  timeZone: Asia/Shanghia
  webhooks: [{ urlFile: /a }]
  channels:
    - { name: chat, kind: dingtalk, urlFile: relative, keyFil: /k }
    - { name: chat, kind: slack, urlFile: /x, mention: { users: ["<!channel>"] } }
    - { name: webhook, kind: wecom, urlFile: /x, mention: { mobiles: ["138 0000"] } }
    - { name: f, kind: feishuu, urlFile: /x }
    - { name: g, kind: feishu }
`);
  const text = problems.join("\n");
  assert.match(text, /^alerts\.channels\.0\.keyFil: unknown key; did you mean "keyFile"\?$/m);
  assert.match(text, /^alerts\.channels\.0\.urlFile: must be an absolute path$/m);
  assert.match(text, /^alerts\.channels\.1\.mention\.users\.0: must be a user's id/m);
  assert.match(text, /^alerts\.channels\.2\.mention\.mobiles\.0: must be a telephone number/m);
  assert.match(
    text,
    /^alerts\.channels\.3\.kind: must be one of webhook, dingtalk, wecom.*; did you mean "feishu"\?$/m,
  );
  assert.match(text, /^alerts\.channels\.4\.urlFile: must be given$/m);
  assert.match(text, /^alerts\.timeZone: must be a time zone such as Asia\/Shanghai/m);
  const twice = problemsOf(`
  webhooks: [{ urlFile: /a }]
  channels:
    - { name: chat, kind: wecom, urlFile: /x }
    - { name: chat, kind: slack, urlFile: /x }
    - { name: webhook, kind: wecom, urlFile: /x }
`);
  assert.deepEqual(twice, [
    'alerts.channels.1.name: a channel or webhook "chat" is there already',
    'alerts.channels.2.name: a channel or webhook "webhook" is there already',
  ]);
});

test("webhooks of the shorthand and channels of every kind of robot are built", (t) => {
  const secret = secretsIn(t);
  const url = secret("url", "https://example.org/robot?access_token=abcdefgh");
  const key = secret("key", "SECx");
  const { names, problems, channels } = built(`
  webhooks: [{ name: hook, urlFile: ${url}, keyFile: ${key} }]
  channels:
    - { name: a, kind: dingtalk, urlFile: ${url}, keyFile: ${key}, mention: { mobiles: ["13800000000"] } }
    - { name: b, kind: wecom, urlFile: ${url} }
    - { name: c, kind: feishu, urlFile: ${url}, keyFile: ${key}, keyword: guardian }
    - { name: d, kind: slack, urlFile: ${url} }
    - { name: e, kind: webhook, urlFile: ${url} }
`);
  assert.deepEqual(problems, []);
  assert.deepEqual(names, ["hook", "a", "b", "c", "d", "e"]);
  assert.deepEqual(
    channels.map(({ rate }) => rate !== undefined),
    [false, true, true, true, true, false],
  );
});

test("channels of on-call services are built; two ways to log in are one too many", (t) => {
  const secret = secretsIn(t);
  const key = secret("key", "0123456789abcdef0123456789abcdef");
  const { names, problems, channels } = built(`
  channels:
    - { name: am, kind: alertmanager, urls: ["https://am-1:9093", "https://am-2:9093"], tokenFile: ${key} }
    - { name: pd, kind: pagerduty, keyFile: ${key} }
    - { name: fd, kind: flashduty, keyFile: ${key} }
`);
  assert.deepEqual([problems, names], [[], ["am", "pd", "fd"]]);
  assert.deepEqual(
    channels.map((channel) => "follow" in channel),
    [true, true, false],
  );
  const wrong = problemsOf(`
  channels:
    - { name: a, kind: alertmanager, urls: [am-1] }
    - { name: b, kind: alertmanager, urls: ["http://am-1"], username: u, tokenFile: /t, postEvery: 60s, endAfter: 2m }
    - { name: c, kind: alertmanager, urls: [] }
    - { name: d, kind: pagerduty }
`);
  const text = wrong.join("\n");
  assert.match(text, /^alerts\.channels\.0\.urls\.0: must be an http or https URL$/m);
  assert.match(text, /^alerts\.channels\.2\.urls: must name every peer$/m);
  assert.match(text, /^alerts\.channels\.3\.keyFile: must be given$/m);
  const login = problemsOf(`
  channels:
    - { name: b, kind: alertmanager, urls: ["http://am-1"], username: u, tokenFile: /t, postEvery: 60s, endAfter: 2m, labels: { "a-b": c } }
`);
  assert.match(login.join("\n"), /labels: "a-b" is no label's name/);
  assert.equal(login.length, 4, login.join("\n"));
  assert.match(login.join("\n"), /endAfter: must be at least three times postEvery/);
});

test("short messages: what is missing or no number is told; the others are built", (t) => {
  const key = secretsIn(t)("key", "s3cret-of-the-account");
  const sid = "AC0123456789abcdef0123456789abcdef";
  const aliyun = "kind: aliyun-sms, accessKeyId: LTAI, signName: 守护者, templateCode: SMS_1";
  const { names, problems } = built(`
  channels:
    - { name: a, ${aliyun}, keyFile: ${key}, to: ["13800000000"], parameters: { name: title } }
    - { name: b, kind: twilio, accountSid: ${sid}, keyFile: ${key}, from: "+15550009999", to: ["+15550000001"] }
`);
  assert.deepEqual([names, problems], [["a", "b"], []]);
  const wrong = problemsOf(`
  channels:
    - { name: a, ${aliyun}, keyFile: ${key}, to: [], parameters: { name: titel } }
    - { name: b, kind: twilio, accountSid: AC1, keyFile: ${key}, from: me, to: ["0555"] }
`);
  const text = wrong.join("\n");
  assert.match(text, /channels\.0\.to: must name a number/);
  assert.match(text, /channels\.0\.parameters\.name: Invalid option: expected one of "host"/);
  assert.match(text, /channels\.1\.accountSid: must be an account's SID/);
  assert.match(text, /channels\.1\.from: must be \+… or the id MG…/);
  assert.match(text, /channels\.1\.to\.0: must begin with \+ and the country/);
});

test("mail: addresses are addresses, and no password goes out in clear", (t) => {
  const password = secretsIn(t)("password", "s3cret");
  const from = "from: guardian@example.org, to: [duty@example.org]";
  const { names, problems } = built(`
  channels:
    - { name: a, kind: mail, host: mail.example.org, username: u, passwordFile: ${password}, ${from} }
    - { name: b, kind: mail, host: localhost, port: 25, tls: none, ${from} }
`);
  assert.deepEqual([names, problems], [["a", "b"], []]);
  const wrong = problemsOf(`
  channels:
    - { name: a, kind: mail, host: h, tls: none, username: u, ${from} }
`);
  assert.match(wrong.join("\n"), /channels\.0\.tls: none would send the password in clear/);
  assert.match(wrong.join("\n"), /channels\.0\.passwordFile: username and passwordFile go/);
  const names2 = problemsOf(`
  channels:
    - { name: a, kind: mail, host: h, from: "Guardian <g@example.org>", to: ["a@b.c, d@e.f"] }
`);
  assert.match(names2.join("\n"), /channels\.0\.from: must be one mail address/);
  assert.match(names2.join("\n"), /channels\.0\.to\.0: must be one mail address/);
});

test("a program must be there, and be one", (t) => {
  const text = secretsIn(t)("text", "no program");
  const { names, problems } = built(`
  channels:
    - { name: a, kind: exec, command: /bin/true, args: [--tag, on-call] }
    - { name: b, kind: exec, command: ${text} }
    - { name: c, kind: exec, command: /nowhere/program }
`);
  assert.deepEqual(names, ["a", "b", "c"]);
  assert.equal(problems.length, 2);
  assert.match(
    problems.join("\n"),
    /channels\.b\.command: EACCES.*\n.*channels\.c\.command: ENOENT/,
  );
  assert.match(
    problemsOf(`{ channels: [{ name: a, kind: exec, command: apprise }] }`).join(),
    /channels\.0\.command: must be an absolute path/,
  );
});

test("secrets that are not there, or no address, are told without being shown", (t) => {
  const secret = secretsIn(t);
  const wrong = secret("wrong", "hunter2 is no address");
  const { problems } = built(`
  channels:
    - { name: a, kind: dingtalk, urlFile: ${wrong}, keyFile: /nowhere/key, caFile: /nowhere/ca }
    - { name: b, kind: wecom, urlFile: ${secret("empty", "")} }
`);
  assert.equal(problems.length, 4, problems.join("\n"));
  const text = problems.join("\n");
  assert.match(text, /channels\.a\.urlFile: \S+ does not hold an http or https address/);
  assert.match(text, /channels\.a\.keyFile: ENOENT/);
  assert.match(text, /channels\.a\.caFile: ENOENT/);
  assert.match(text, /channels\.b\.urlFile: \S+ is empty/);
  assert.doesNotMatch(text, /hunter2/);
});

test("a proxy is host and port; its login is a name and a file, and never stands in the address", (t) => {
  const secret = secretsIn(t);
  const url = secret("url", "https://example.org/hook/token");
  const file = secret("password", "p@ss");
  const hook = (keys: string): string =>
    `{ channels: [{ name: hook, kind: webhook, urlFile: ${url}, ${keys} }] }`;
  const good = `proxy: "http://proxy.example.org:3128"`;
  assert.deepEqual(built(hook(good)).problems, []);
  const login = `proxyUsername: guardian, proxyPasswordFile: ${file}`;
  assert.deepEqual(built(hook(`${good}, ${login}`)).problems, []);
  assert.deepEqual(built(hook(`proxy: "http://[2001:db8::1]:3128"`)).problems, []);
  const missing = built(hook(`${good}, proxyUsername: g, proxyPasswordFile: /nowhere/p`)).problems;
  assert.match(missing.join(), /alerts\.channels\.hook\.proxyPasswordFile: .*nowhere/);

  const [inAddress = "", ...more] = problemsOf(hook(`proxy: "http://me:topsecret@proxy:3128"`));
  assert.match(
    inAddress,
    /channels\.0\.proxy: must hold no name and password: give them as proxyUs/,
  );
  assert.deepEqual(more, []);
  assert.doesNotMatch(inAddress, /topsecret/);
  for (const bad of [
    "proxy:3128",
    "https://proxy:3128",
    "http://proxy",
    "socks5://proxy:1",
    "http://proxy:99999",
    "http://proxy:1/path",
  ]) {
    assert.match(problemsOf(hook(`proxy: "${bad}"`)).join(), /must be http:\/\/HOST:PORT/, bad);
  }
  assert.match(problemsOf(hook(`${good}, proxyUsername: g`)).join(), /go together/);
  assert.match(problemsOf(hook(login)).join(), /channels\.0\.proxy: is missing/);
  const beat = `{ heartbeat: { urlFile: ${url}, proxyUsername: g } }`;
  assert.match(problemsOf(beat).join(), /heartbeat\.proxyPasswordFile: .*go together/);
  const hooks = `{ webhooks: [{ urlFile: ${url}, proxyUsername: g }] }`;
  assert.match(problemsOf(hooks).join(), /webhooks\.0\.proxyPasswordFile: .*go together/);
});
