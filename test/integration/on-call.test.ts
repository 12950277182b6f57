/** PagerDuty, Flashduty and Alertmanager against imitations that keep what fires. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { flashduty } from "../../guardian/channels/flashduty.ts";
import { pagerDuty } from "../../guardian/channels/pagerduty.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import { followAlerts, type FollowingNotifier } from "../../guardian/shell/following.ts";
import {
  createAlertmanagerNotifier,
  type AlertmanagerNotifierOptions,
} from "../../guardian/shell/notify-alertmanager.ts";
import { createHttpNotifier } from "../../guardian/shell/notify-http.ts";
import { createPagerDutyNotifier } from "../../guardian/shell/notify-pagerduty.ts";
import { systemClock, type Clock } from "../../shared/clock.ts";
import { silentLogger, type Logger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import { wallMs } from "../../shared/time.ts";
import { alertOf, look } from "../support/alert-fixture.ts";
import { channelContract, failed, send } from "../support/channel-contract.ts";
import {
  flashdutyKey,
  pagerDutyKey,
  startAlertmanager,
  startFlashduty,
  startPagerDuty,
  type AlertmanagerServer,
  type OnCallServer,
} from "../support/fake-on-call.ts";

const lookup = createChannelLookup();
const resolvedId = "guardian/lab/compute-1/unproven/resolved/1-2000";
const key = alertOf().dedupKey;

function pagerDutyOf(server: OnCallServer, routingKey = pagerDutyKey) {
  const channel = pagerDuty({
    url: `${server.origin}/v2/enqueue`,
    key: new Secret(routingKey),
    look,
  });
  const notifier = createPagerDutyNotifier({ name: "pd", channel, lookup, clock: systemClock });
  return { notifier, server, taken: () => server.taken.length, secrets: [pagerDutyKey] };
}

function flashdutyOf(server: OnCallServer, integrationKey = flashdutyKey) {
  const url = `${server.origin}/event/push/alert/standard`;
  const channel = flashduty({ url, key: new Secret(integrationKey), look });
  const notifier = createHttpNotifier({ name: "fd", channel, lookup, clock: systemClock });
  const secrets = [flashdutyKey, integrationKey];
  return { notifier, server, taken: () => server.taken.length, secrets };
}

channelContract("pagerduty", async () => pagerDutyOf(await startPagerDuty()), { needsBody: true });
channelContract("flashduty", async () => flashdutyOf(await startFlashduty()), { needsBody: true });
channelContract(
  "alertmanager",
  async () => {
    const server = await startAlertmanager();
    const { notifier } = amOf([server], { clock: systemClock });
    return { notifier, server, taken: () => server.posts(), secrets: ["-no-secret-"] };
  },
  { needsBody: true },
);

async function closing<T extends { close(): Promise<void> }>(t: TestContext, server: Promise<T>) {
  const started = await server;
  t.after(() => started.close());
  return started;
}

for (const [name, start, of] of [
  ["pagerduty", startPagerDuty, pagerDutyOf],
  ["flashduty", startFlashduty, flashdutyOf],
] as const) {
  test(`${name}: one alert from its beginning to its end, under one key`, async (t) => {
    const server = await closing(t, start());
    const channel = of(server);
    await send(channel);
    assert.equal(server.states.get(key), "triggered");
    await send(channel, alertOf({ id: "again", title: "compute-1 is dead: no change" }));
    await send(channel, alertOf({ id: resolvedId, status: "resolved" }));
    assert.deepEqual([...server.states], [[key, "resolved"]]);
  });

  test(`${name}: what became worse is an alert of its own, and the one before it is over`, async (t) => {
    const server = await closing(t, start());
    const channel = of(server);
    // The second never left.
    for (const generation of [0, 2])
      await send(channel, alertOf({ id: `${generation}`, generation }));
    assert.equal(server.states.get(`${key}#2`), "triggered");
    await send(channel, alertOf({ id: resolvedId, status: "resolved", generation: 3 }));
    assert.ok(![...server.states.values()].includes("triggered"));
  });

  test(`${name}: a wrong key is refused for good, with a word on keyFile`, async (t) => {
    const server = await closing(t, start());
    const delivery = failed(await send(of(server, "another-key-that-is-not-theirs")));
    assert.equal(delivery.retryable, false);
    assert.match(delivery.reason, /keyFile/);
  });

  test(`${name}: long keys stay apart, long texts fit`, async (t) => {
    const server = await closing(t, start());
    const channel = of(server);
    const long = `guardian/${"c".repeat(300)}/compute-1/`;
    const why = Array.from({ length: 3000 }, (_, at) => `服务器-${at} ${"x".repeat(300)}`);
    const title = "很长👩🏽‍🚒".repeat(600);
    for (const kind of ["held", "unproven"]) {
      const message = alertOf({ id: kind, dedupKey: `${long}${kind}`, why, title });
      assert.equal((await send(channel, message)).kind, "delivered");
    }
    assert.equal(server.states.size, 2);
  });
}

test("pagerduty: what is acknowledged with us is acknowledged there, once, also after a failure", async (t) => {
  const server = await closing(t, startPagerDuty());
  const { notifier } = pagerDutyOf(server);
  const message = alertOf();
  await notifier.send(message, 1000);
  assert.equal(await notifier.follow([{ message, acknowledged: false }], 1000), undefined);
  assert.equal(server.states.get(key), "triggered");
  server.fault("reset");
  const standing = [{ message, acknowledged: true }];
  assert.match((await notifier.follow(standing, 1000)) ?? "", /^pd: /);
  server.fault(undefined);
  for (let n = 0; n < 3; n += 1) await notifier.follow(standing, 1000);
  assert.equal(server.states.get(key), "acknowledged");
  const actions = server.taken.map((event) => event["event_action"]);
  assert.deepEqual(actions, ["trigger", "acknowledge"]);
  await notifier.send(alertOf({ id: resolvedId, status: "resolved" }), 1000);
  assert.equal(server.states.get(key), "resolved");
});

/** A clock whose wall time a test moves. */
function clockAt(startMs: number): Clock & { now: number } {
  const clock = { ...systemClock, now: startMs, wallMs: () => wallMs(clock.now) };
  return clock;
}

function amOf(
  peers: readonly AlertmanagerServer[],
  extra: Partial<AlertmanagerNotifierOptions> = {},
) {
  const clock = clockAt(alertOf().wallMs);
  const notifier = createAlertmanagerNotifier({
    name: "am",
    urls: peers.map(({ origin }) => `${origin}/`),
    labels: { team: "cloud" },
    watchdog: false,
    look,
    lookup,
    clock,
    postEveryMs: 60_000,
    endAfterMs: 3_600_000,
    ...extra,
  });
  return { notifier, clock };
}

function names(server: AlertmanagerServer, atMs: number): readonly string[] {
  return server.active(atMs).map(({ labels }) => `${labels["alertname"]} ${labels["severity"]}`);
}

async function follow(notifier: FollowingNotifier, messages = [alertOf()]) {
  const standing = messages.map((message) => ({ message, acknowledged: false }));
  return notifier.follow(standing, 1000);
}

test("alertmanager: every peer has it; it fires for as long as it is posted, and ends when told", async (t) => {
  const peers = [await closing(t, startAlertmanager()), await closing(t, startAlertmanager())];
  const { notifier, clock } = amOf(peers);
  assert.equal((await send({ notifier, secrets: ["-"] })).kind, "delivered");
  for (const peer of peers) {
    const [alert] = peer.active(clock.now);
    assert.equal(alert?.labels["team"], "cloud");
    assert.equal(alert?.labels["dedup_key"], key);
    assert.equal(alert?.annotations["summary"], alertOf().title);
    assert.match(alert?.annotations["runbook_url"] ?? "", /unproven\.md$/);
  }
  for (let minutes = 0; minutes < 180; minutes += 1) {
    clock.now += 60_000;
    assert.equal(await follow(notifier), undefined);
  }
  const [alert] = peers[0]?.active(clock.now) ?? [];
  assert.equal(alert?.startsAtMs, alertOf().wallMs, "one alert since its beginning");
  await send({ notifier, secrets: ["-"] }, alertOf({ id: resolvedId, status: "resolved" }));
  for (const peer of peers) assert.deepEqual(peer.active(clock.now + 1), []);
});

test("alertmanager: a repetition keeps the beginning; a clock that steps back makes no wrong times", async (t) => {
  const peer = await closing(t, startAlertmanager());
  const { notifier, clock } = amOf([peer]);
  const begun = alertOf().wallMs;
  await notifier.send(alertOf(), 1000);
  clock.now += 1_800_000;
  // The first message never arrives.
  const late = await closing(t, startAlertmanager());
  const { notifier: other } = amOf([late], { clock });
  late.fault("reset");
  await other.send(alertOf(), 1000);
  late.fault(undefined);
  await other.send(alertOf({ id: "again", wallMs: begun + 1_800_000 }), 1000);
  assert.equal(late.active(clock.now)[0]?.startsAtMs, begun);
  clock.now = begun - 60_000;
  const resolved = alertOf({ id: "end", status: "resolved", dedupKey: "guardian/lab/c/held" });
  const delivery = await notifier.send(resolved, 1000);
  assert.equal(delivery.kind, "delivered", JSON.stringify(delivery));
});

test("alertmanager: a peer that is gone holds up nothing, is named, and is told when it is back", async (t) => {
  const [first, second] = [await startAlertmanager(), await closing(t, startAlertmanager())];
  t.after(() => first.close());
  const { notifier, clock } = amOf([first, second]);
  first.fault("reset");
  const delivery = await send({ notifier, secrets: ["-"] });
  assert.ok(delivery.kind === "delivered");
  assert.match(delivery.answer ?? "", /^1 of 2 peers took it; am: 127\.0\.0\.1:\d+/);
  assert.match((await follow(notifier)) ?? "", /^am: 127/);
  first.fault(undefined);
  clock.now += 60_000;
  assert.equal(await follow(notifier), undefined);
  assert.deepEqual(names(first, clock.now), ["GuardianUnproven critical"]);
  first.fault("reset");
  second.fault("silence");
  const lost = failed(await send({ notifier, secrets: ["-"] }, alertOf({ id: "x" })));
  assert.equal(lost.retryable, true);
});

test("alertmanager: after a restart what still fires is posted before anybody sends it again", async (t) => {
  const peer = await closing(t, startAlertmanager());
  const before = amOf([peer]);
  await before.notifier.send(alertOf(), 1000);
  const after = amOf([peer]);
  after.clock.now = before.clock.now + 3_500_000;
  await follow(after.notifier);
  assert.deepEqual(names(peer, after.clock.now + 3_000_000), ["GuardianUnproven critical"]);
  after.clock.now += 60_000;
  await follow(after.notifier, []);
  assert.deepEqual(names(peer, after.clock.now + 1), [], "gone from memory: it has ended");
});

test("alertmanager: a notification that becomes a page ends under its old labels", async (t) => {
  const peer = await closing(t, startAlertmanager());
  const { notifier, clock } = amOf([peer]);
  await notifier.send(alertOf({ class: "notification", kind: "isolated" }), 1000);
  assert.deepEqual(names(peer, clock.now), ["GuardianIsolated info"]);
  clock.now += 30_000;
  await notifier.send(alertOf({ id: "2", kind: "isolated" }), 1000);
  assert.deepEqual(names(peer, clock.now + 1), ["GuardianIsolated critical"]);
});

test("alertmanager: what fires nowhere but in a message is not posted for ever", async (t) => {
  const peer = await closing(t, startAlertmanager());
  const { notifier, clock } = amOf([peer]);
  await notifier.send(alertOf({ dedupKey: "guardian/lab/guardian/digest", kind: "digest" }), 1000);
  for (let minutes = 0; minutes < 61; minutes += 1) {
    clock.now += 60_000;
    await follow(notifier, []);
  }
  assert.deepEqual(names(peer, clock.now), []);
});

test("alertmanager: 1,000 alerts are posted in parts; the watchdog is always among them", async (t) => {
  const peer = await closing(t, startAlertmanager());
  const { notifier, clock } = amOf([peer], { watchdog: true });
  const many = Array.from({ length: 1000 }, (_, at) =>
    alertOf({ dedupKey: `guardian/lab/compute-${at}/unproven` }),
  );
  assert.equal(await follow(notifier, many), undefined);
  assert.equal(peer.active(clock.now).length, 1001);
  assert.ok(peer.posts() > 1);
  assert.ok(names(peer, clock.now).includes("GuardianWatchdog none"));
  const goneAt = clock.now + 6 * 60_000;
  assert.ok(!names(peer, goneAt).includes("GuardianWatchdog none"), "a dead guardian is missed");
  assert.ok(peer.active(goneAt).length === 1000, "and what fired still does");
});

test("alertmanager: credentials are sent, and wrong ones are refused without being shown", async (t) => {
  const peer = await closing(t, startAlertmanager("Bearer right-token-1"));
  const right = amOf([peer], { authorization: new Secret("Bearer right-token-1") });
  assert.equal((await send({ ...right, secrets: ["right-token-1"] })).kind, "delivered");
  const wrong = amOf([peer], { authorization: new Secret("Bearer wrong-token-1") });
  const delivery = failed(await send({ ...wrong, secrets: ["wrong-token-1"] }));
  assert.equal(delivery.retryable, false);
  assert.match(delivery.reason, /answered 401.*credentials/);
});

test("channels that follow are told in rounds, and one that hangs or throws stops no other", async () => {
  const rounds: string[] = [];
  const following = (name: string, work: () => Promise<string | undefined>): FollowingNotifier => ({
    name,
    followEveryMs: 20,
    send: () => Promise.resolve({ kind: "delivered" }),
    follow: (standing) => {
      rounds.push(`${name} ${standing.length}`);
      return work();
    },
  });
  const warnings: unknown[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (fields) => void warnings.push(fields["notifier"]),
  };
  const ended = new AbortController();
  const done = followAlerts({
    notifiers: [
      following("good", () => Promise.resolve(undefined)),
      following("bad", () => Promise.reject(new Error("broken"))),
      following("hung", () => new Promise(() => undefined)),
      { name: "plain", send: () => Promise.resolve({ kind: "delivered" }) },
    ],
    standing: () => [{ message: alertOf(), acknowledged: false }],
    clock: systemClock,
    log,
    signal: ended.signal,
    deadlineMs: 50,
  });
  await sleep(150);
  ended.abort();
  assert.ok(rounds.filter((round) => round === "good 1").length >= 3, rounds.join(", "));
  assert.deepEqual(warnings, ["bad", "hung"], "a problem that lasts is said once");
  await done;
});
