/** The section alerts: what it takes, what it refuses, and the channels that come of it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readGuardianConfig } from "../../guardian/config.ts";
import { buildChannels } from "../../guardian/shell/build-channels.ts";
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
  const channels = buildChannels(loaded.config, systemClock, problems);
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
