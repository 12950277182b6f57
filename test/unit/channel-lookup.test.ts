/** Names of channels, their proxies and the heartbeat: one getaddrinfo at a time, whatever it takes. */
import assert from "node:assert/strict";
import type { LookupAddress, LookupOptions } from "node:dns";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readGuardianConfig } from "../../guardian/config.ts";
import type { Notifier } from "../../guardian/ports.ts";
import { buildChannels } from "../../guardian/shell/build-channels.ts";
import type { Problems } from "../../guardian/shell/build-ports.ts";
import {
  lookupsAtOnce,
  createChannelLookup,
  type ChannelLookup,
  type ChannelLookupOptions,
} from "../../guardian/shell/channel-lookup.ts";
import { createHeartbeat, readHeartbeat } from "../../guardian/shell/heartbeat.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import { alertOf } from "../support/alert-fixture.ts";

const four: LookupAddress = { address: "192.0.2.7", family: 4 };
const six: LookupAddress = { address: "2001:db8::7", family: 6 };

interface Begun {
  readonly name: string;
  readonly options: LookupOptions;
  end(addresses: readonly LookupAddress[]): void;
  fail(error: Error): void;
}

/** A resolver that stands still until the test ends what it began. */
function standing(extra: ChannelLookupOptions = {}) {
  const begun: Begun[] = [];
  const lookup = createChannelLookup({
    atOnce: 1,
    ...extra,
    resolve: (name, options) =>
      new Promise((end, fail) => void begun.push({ name, options, end, fail })),
  });
  return { begun, lookup, names: () => begun.map(({ name }) => name) };
}

/** What net.connect's own callback would hear. */
function ask(
  lookup: ChannelLookup,
  name: string,
  { deadlineMs = 5000, ...options }: LookupOptions & { readonly deadlineMs?: number } = {},
): Promise<readonly unknown[]> {
  return new Promise((resolve) =>
    lookup(deadlineMs)(name, options, (error, address, family) =>
      resolve(error === null ? [address, family] : [error.message]),
    ),
  );
}

test("a lookup that stands still lets no other begin, and the others take their turns", async () => {
  const { begun, lookup, names } = standing();
  const first = ask(lookup, "chat.example.org");
  const second = ask(lookup, "mail.example.org");
  const third = ask(lookup, "page.example.org");
  await sleep(20);
  assert.deepEqual(names(), ["chat.example.org"]);
  begun[0]?.end([four]);
  assert.deepEqual(await first, [four.address, 4]);
  assert.deepEqual(names(), ["chat.example.org", "mail.example.org"]);
  begun[1]?.fail(new Error("getaddrinfo ENOTFOUND mail.example.org"));
  assert.deepEqual(await second, ["getaddrinfo ENOTFOUND mail.example.org"]);
  begun[2]?.end([six]);
  assert.deepEqual(await third, [six.address, 6]);
  assert.equal(begun.length, 3);
});

test("a name whose lookup stands still holds up no other while there is room, and never has two", async () => {
  const { begun, lookup, names } = standing({ atOnce: 2 });
  void ask(lookup, "chat.example.org");
  void ask(lookup, "chat.example.org");
  const second = ask(lookup, "mail.example.org");
  const third = ask(lookup, "page.example.org");
  await sleep(20);
  assert.deepEqual(names(), ["chat.example.org", "mail.example.org"]);
  begun[1]?.end([four]);
  assert.deepEqual(await second, [four.address, 4]);
  begun[2]?.end([six]);
  assert.deepEqual(await third, [six.address, 6]);
});

test("channels get half of what libuv lends to lookups, and one at least", () => {
  const cases = [
    [undefined, 1],
    ["1", 1],
    ["4", 1],
    ["8", 2],
    ["16", 4],
    ["none", 1],
  ] as const;
  for (const [size, expected] of cases) {
    assert.equal(lookupsAtOnce({ UV_THREADPOOL_SIZE: size }), expected, size);
  }
});

test("tries for one name share what is under way, and what waits; other questions about it do not", async () => {
  const { begun, lookup, names } = standing();
  const all = [1, 2, 3].map(() => ask(lookup, "chat.example.org", { all: true }));
  const one = ask(lookup, "chat.example.org");
  const waiting = [1, 2].map(() => ask(lookup, "mail.example.org"));
  const six6 = ask(lookup, "chat.example.org", { family: 6 });
  begun[0]?.end([four, six]);
  for (const answer of await Promise.all(all)) assert.deepEqual(answer, [[four, six], undefined]);
  assert.deepEqual(await one, [four.address, 4]);
  begun[1]?.end([four]);
  assert.deepEqual(await Promise.all(waiting), [
    [four.address, 4],
    [four.address, 4],
  ]);
  begun[2]?.end([six]);
  assert.deepEqual(await six6, [six.address, 6]);
  assert.deepEqual(names(), ["chat.example.org", "mail.example.org", "chat.example.org"]);
  assert.deepEqual(
    begun.map(({ options }) => [options.all, options.family]),
    [
      [true, undefined],
      [true, undefined],
      [true, 6],
    ],
  );
});

test("what does not begin or end in time is refused with its name and limit, and begins no more", async () => {
  const { begun, lookup, names } = standing();
  const first = ask(lookup, "chat.example.org", { deadlineMs: 100 });
  const second = ask(lookup, "mail.example.org", { deadlineMs: 200 });
  const patient = ask(lookup, "page.example.org");
  const startedMs = performance.now();
  assert.deepEqual(await first, ["lookup of chat.example.org has not ended within 0.1 s"]);
  assert.deepEqual(await second, [
    "lookup of mail.example.org not begun within 0.2 s: that of chat.example.org has not ended",
  ]);
  assert.ok(performance.now() - startedMs < 2000, "in time");
  // Tried again, as the outbox does: no other lookup of it begins, and what comes of the first counts.
  const again = ask(lookup, "chat.example.org");
  assert.deepEqual(names(), ["chat.example.org"]);
  begun[0]?.end([four]);
  assert.deepEqual(await again, [four.address, 4]);
  await sleep(1);
  assert.deepEqual(names(), ["chat.example.org", "page.example.org"], "nobody waits for mail");
  begun[1]?.end([four]);
  assert.deepEqual(await patient, [four.address, 4]);
});

test("one name more than may wait is refused at once; one that waits already is not", async () => {
  const { begun, lookup } = standing({ waitingMax: 2 });
  const taken = ["a", "b", "c", "c"].map((name) => ask(lookup, `${name}.example.org`));
  assert.deepEqual(await ask(lookup, "d.example.org"), [
    "lookup of d.example.org refused: 2 names wait for theirs already",
  ]);
  for (let at = 0; at < 3; at += 1) {
    begun[at]?.end([four]);
    await sleep(1);
  }
  assert.equal((await Promise.all(taken)).length, 4);
  void ask(lookup, "d.example.org", { deadlineMs: 50 });
  assert.equal(begun[3]?.name, "d.example.org", "there is room again");
});

test("an address needs no lookup, and waits for none", async () => {
  const { begun, lookup } = standing();
  void ask(lookup, "chat.example.org", { deadlineMs: 50 });
  assert.deepEqual(await ask(lookup, "192.0.2.7"), ["192.0.2.7", 4]);
  assert.deepEqual(await ask(lookup, "2001:db8::7", { all: true }), [[six], undefined]);
  assert.equal(begun.length, 1);
});

test("no address is an error in either form, and a resolver that throws is one that fails", async () => {
  const none = createChannelLookup({ resolve: () => Promise.resolve([]) });
  for (const all of [true, false]) {
    assert.deepEqual(await ask(none, "x.example.org", { all }), ["x.example.org has no address"]);
  }
  const thrown = createChannelLookup({
    resolve: () => {
      throw new Error("no such family");
    },
  });
  assert.deepEqual(await ask(thrown, "x.example.org"), ["no such family"]);
  assert.deepEqual(await ask(thrown, "x.example.org"), ["no such family"], "the next one begins");
});

test("net.connect takes what comes of it, in both of its ways; the system's own resolver is the default", async (t) => {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const reached = (lookup: ChannelLookup, host: string, autoSelectFamily: boolean) =>
    new Promise<string>((resolve) => {
      const socket = connect({ host, port, autoSelectFamily, lookup: lookup(2000) });
      socket.once("connect", () => resolve(String(socket.remoteAddress)));
      socket.once("error", (error) => resolve(error.message));
      t.after(() => void socket.destroy());
    });
  const local: LookupAddress = { address: "127.0.0.1", family: 4 };
  const known = createChannelLookup({ resolve: () => Promise.resolve([local]) });
  const unknown = createChannelLookup({ resolve: () => Promise.reject(new Error("ENOTFOUND")) });
  for (const autoSelectFamily of [true, false]) {
    assert.equal(await reached(known, "chat.example.org", autoSelectFamily), "127.0.0.1");
    assert.equal(await reached(unknown, "chat.example.org", autoSelectFamily), "ENOTFOUND");
  }
  assert.equal(await reached(createChannelLookup(), "localhost", true), "127.0.0.1");
});

/** Every kind of channel that goes by a name, the ways through a proxy, and the heartbeat. */
function everyChannel(t: TestContext, lookup: ChannelLookup): readonly Notifier[] {
  const folder = mkdtempSync(join(tmpdir(), "channel-lookup-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), `${text}\n`);
    return join(folder, name);
  };
  const key = file("key", "0123456789abcdef0123456789abcdef");
  const url = (host: string, scheme = "https"): string =>
    `urlFile: ${file(`${host}-${scheme}`, `${scheme}://${host}.invalid/x`)}`;
  const robots = ["webhook", "dingtalk", "wecom", "feishu", "slack"].map(
    (kind) => `    - { name: ${kind}, kind: ${kind}, ${url(kind)} }`,
  );
  const proxied = ["http", "https"].map(
    (scheme) =>
      `    - { name: proxy-${scheme}, kind: webhook, ${url("far", scheme)}, proxy: "http://proxy-${scheme}.invalid:3128" }`,
  );
  const sms = `kind: aliyun-sms, accessKeyId: a, signName: b, templateCode: c, parameters: { n: title }`;
  const twilio = `kind: twilio, accountSid: AC0123456789abcdef0123456789abcdef, from: "+15550009999"`;
  const text = `
collectors: [{ id: c }]
networks: { management: { anchors: [192.0.2.1] } }
alerts:
  heartbeat: { ${url("heartbeat")} }
  webhooks: [{ name: plain, ${url("plain", "http")} }]
  channels:
${[...robots, ...proxied].join("\n")}
    - { name: alertmanager, kind: alertmanager, urls: ["http://alertmanager.invalid"] }
    - { name: pagerduty, kind: pagerduty, keyFile: ${key}, url: "https://pagerduty.invalid/v2" }
    - { name: flashduty, kind: flashduty, keyFile: ${key}, url: "https://flashduty.invalid/v2" }
    - { name: sms, ${sms}, keyFile: ${key}, to: ["13800000000"], url: "https://sms.invalid" }
    - { name: twilio, ${twilio}, keyFile: ${key}, to: ["+15550000001"], url: "https://twilio.invalid" }
    - { name: mail, kind: mail, host: mail.invalid, from: a@example.org, to: [b@example.org] }
`;
  const loaded = readGuardianConfig(text, {});
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const problems: Problems = { list: [] };
  const channels = buildChannels(loaded.config, systemClock, problems, lookup);
  const target = readHeartbeat(loaded.config, problems, lookup);
  assert.ok(target !== undefined && problems.list.length === 0, problems.list.join());
  const decidedAt = (): number => systemClock.monoMs();
  const heartbeat = createHeartbeat({ target, decidedAt, clock: systemClock, log: silentLogger });
  const beat: Notifier = {
    name: "heartbeat",
    async send() {
      await heartbeat.beat();
      const reason = String(heartbeat.show()["problem"]);
      return { kind: "undelivered", retryable: true, reason };
    },
  };
  return [...channels, beat];
}

test("every channel by a name, through a proxy or not, and the heartbeat ask there and nowhere else", async (t) => {
  const asked: string[] = [];
  const lookup = createChannelLookup({
    resolve: (name) => {
      asked.push(name);
      return Promise.reject(new Error(`${name} is asked at the gate`));
    },
  });
  for (const channel of everyChannel(t, lookup)) {
    const delivery = await channel.send(alertOf(), 2000);
    assert.ok(delivery.kind === "undelivered" && delivery.retryable, JSON.stringify(delivery));
    assert.match(delivery.reason, new RegExp(`${channel.name}\\.invalid is asked at the gate`));
    assert.deepEqual(asked.splice(0), [`${channel.name}.invalid`]);
  }
});

test("all of them together, with a resolver out of reach, begin one lookup, and say why they wait", async (t) => {
  const { lookup, names } = standing();
  const [first, ...others] = everyChannel(t, lookup).filter(({ name }) => name !== "heartbeat");
  assert.ok(first !== undefined && others.length >= 12);
  const reasons = await Promise.all(
    [first, ...others, ...others].map(async (channel) => {
      const delivery = await channel.send(alertOf(), 400);
      return delivery.kind === "undelivered" ? delivery.reason : delivery.kind;
    }),
  );
  assert.deepEqual(names(), ["plain.invalid"]);
  assert.match(reasons[0] ?? "", /lookup of plain\.invalid has not ended within 0\.4 s/);
  for (const reason of reasons.slice(1)) {
    assert.match(reason, /lookup of \S+\.invalid not begun within 0\.4 s: that of plain\.invalid/);
  }
});
