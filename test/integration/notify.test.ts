/** Alerts through the outbox to a receiver that checks signatures, and to the log. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { showChannels } from "../../guardian/dispatch/show.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import { createLogNotifier } from "../../guardian/shell/notify-log.ts";
import { createLogger } from "../../guardian/shell/logging.ts";
import { createWebhookNotifier } from "../../guardian/shell/notify-webhook.ts";
import type { AlertMessage, Notifier } from "../../guardian/ports.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger, type LogFields } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import { hostName } from "../../shared/names.ts";
import { Secret } from "../../shared/secret.ts";
import { settingsWith } from "../support/dispatch-fixture.ts";
import { MemoryFile, OutboxFixture } from "../support/outbox-fixture.ts";
import { startWebhookReceiver } from "../support/webhook-receiver.ts";

const key = "0123456789abcdef0123456789abcdef";

function alert(id: string, extra: Partial<AlertMessage> = {}): AlertMessage {
  return {
    id,
    dedupKey: "guardian/lab/compute-1/dead",
    class: "page",
    status: "firing",
    host: hostName("compute-1"),
    incident: "inc-1",
    kind: "dead",
    title: "compute-1 is dead",
    why: ["no report for 8.2 s > 5 s"],
    impact: "3 servers down",
    next: "fencing",
    wallMs: 1_767_225_600_000,
    ...extra,
  };
}

async function webhook(t: TestContext) {
  const receiver = await startWebhookReceiver(Buffer.from(key));
  t.after(() => receiver.close());
  const notifier = createWebhookNotifier({
    name: "hook",
    url: new Secret(receiver.url),
    key: new Secret(key),
    lookup: createChannelLookup(),
    clock: systemClock,
  });
  return { receiver, notifier };
}

/** Lets the outbox's time go by until something is so. */
async function until(world: OutboxFixture, condition: () => boolean): Promise<void> {
  for (let n = 0; n < 200 && !condition(); n += 1) {
    await world.pass(100);
    await sleep(5);
  }
  assert.ok(condition(), "in time");
}

function channelOf(world: OutboxFixture): Readonly<Record<string, unknown>> {
  return { ...showChannels(world.outbox.state())[0] };
}

test("a message arrives signed, in order, with its words", async (t) => {
  const { receiver, notifier } = await webhook(t);
  const world = new OutboxFixture([notifier]);
  world.post(alert("m1"));
  await until(world, () => receiver.received.length === 1);
  world.post(alert("m2", { status: "resolved" }));
  await world.pass(31_000);
  await until(world, () => receiver.received.length === 2);
  assert.ok(receiver.received.every((one) => one.authentic));
  assert.deepEqual(
    receiver.received.map((one) => one.id.slice(0, 2)),
    ["m1", "m2"],
  );
  const [first] = receiver.received;
  assert.ok(first);
  const { type, data } = first.body as { type: string; data: AlertMessage };
  assert.equal(type, "guardian.alert.firing");
  assert.equal(data.title, "compute-1 is dead");
});

test("tried again under the same id while the receiver fails; no page that is refused for good is dropped", async (t) => {
  const { receiver, notifier } = await webhook(t);
  const world = new OutboxFixture([notifier]);
  receiver.answerWith(503);
  world.post(alert("m1"));
  await until(world, () => receiver.received.length >= 3);
  receiver.answerWith(204);
  await until(world, () => channelOf(world)["delivered"] === 1);
  assert.equal(receiver.messages().length, 1, "one message, however often it was sent");
  receiver.answerWith(410);
  const ticket = { dedupKey: "guardian/lab/compute-2/dead", class: "ticket" } as const;
  world.post(alert("m2", ticket));
  // What is no page is gathered for half a minute.
  await world.pass(31_000);
  await until(world, () => channelOf(world)["dropped"] === 1);
  assert.match(String(channelOf(world)["problem"]), /hook answered 410/);
});

test("a channel that hangs holds up neither the caller nor another channel", async (t) => {
  const { receiver, notifier } = await webhook(t);
  const hung: Notifier = { name: "hung", send: () => new Promise(() => undefined) };
  const world = new OutboxFixture([hung, notifier], { tryDeadlineMs: 50 });
  const startedMs = performance.now();
  world.post(alert("m1"));
  assert.ok(performance.now() - startedMs < 20);
  await until(world, () => receiver.received.length === 1);
  await until(world, () => Number(channelOf(world)["failedTries"]) >= 1);
  await world.outbox.stop(10);
});

test("a full channel keeps what waits: no page gives way, and the bound is announced", async () => {
  let open = false;
  const taken: string[] = [];
  const slow: Notifier = {
    name: "slow",
    send: ({ title }) => {
      if (!open) return Promise.resolve({ kind: "undelivered", retryable: true, reason: "busy" });
      taken.push(title);
      return Promise.resolve({ kind: "delivered" });
    },
  };
  const told: string[] = [];
  const other: Notifier = {
    name: "other",
    send: ({ kind }) => {
      told.push(kind);
      return Promise.resolve({ kind: "delivered" });
    },
  };
  const channels = new Map(
    ["slow", "other"].map((name) => {
      return [name, { rate: { burst: 100, perMinute: 600 }, feed: name === "slow" }];
    }),
  );
  const settings = settingsWith([], { channels, waitingMax: 10 });
  const world = new OutboxFixture([slow, other], { settings });
  for (let n = 1; n <= 25; n += 1) {
    const title = `compute-${n}`;
    const host = hostName(title);
    const dedupKey = `guardian/lab/${title}/held`;
    world.post(alert(title, { title, host, dedupKey, incident: title }));
  }
  await world.pass(40_000);
  assert.equal(channelOf(world)["waiting"], 10, "bounded");
  assert.ok(told.includes("channel-slow"), "and told on the other channel");
  open = true;
  await world.pass(180_000);
  assert.deepEqual(new Set(taken).size >= 25, true, `${taken.length} of 25 arrive once it works`);
  assert.equal(channelOf(world)["dropped"], 0);
});

test("a disk that is full keeps nobody from being told, and is told itself", async (t) => {
  const { receiver, notifier } = await webhook(t);
  const file = new MemoryFile();
  const world = new OutboxFixture([notifier], { file });
  file.broken = "the outbox /x cannot be written: disk full";
  world.post(alert("m1"));
  await until(world, () => receiver.received.length === 2);
  const kinds = receiver.received.map(({ body }) => (body as { data: AlertMessage }).data.kind);
  assert.deepEqual(kinds.sort(), ["dead", "outbox"]);
  file.broken = undefined;
  await world.pass(40_000);
  await until(world, () => receiver.received.length === 3);
  assert.ok(file.saves > 0, "and written once there is room");
});

test("a fault of the rules neither ends the guardian nor keeps an alert from people", async (t) => {
  const { receiver, notifier } = await webhook(t);
  const events: string[] = [];
  const error = (fields: LogFields): void => void events.push(String(fields["event"]));
  const world = new OutboxFixture([notifier], { log: { ...silentLogger, error } });
  world.fault = "a host without a place";
  world.outbox.post(alert("m1"));
  world.outbox.round();
  await until(world, () => receiver.received.length === 1);
  assert.deepEqual(events, ["dispatch-failed"]);
  world.fault = undefined;
  world.post(alert("m2"));
  await until(world, () => receiver.received.length === 2);
});

test("what is said again by the core's memory is not sent again; what was lost is", async () => {
  const taken: AlertMessage[] = [];
  const chat: Notifier = {
    name: "chat",
    send: (message) => {
      taken.push(message);
      return Promise.resolve({ kind: "delivered" });
    },
  };
  const file = new MemoryFile();
  const before = new OutboxFixture([chat], { file });
  before.post(alert("guardian/lab/compute-1/dead/firing/1-100"));
  await before.pass(2000);
  assert.equal(taken.length, 1);
  // Another process: the core repeats the page, has one that never reached us, and one less.
  const after = new OutboxFixture([chat], { file });
  const again = alert("guardian/lab/compute-1/dead/firing/2-50");
  const lost = alert("x/firing/1-101", { dedupKey: "x", kind: "held", title: "held" });
  after.firing = new Map([again, lost].map((message) => [message.dedupKey, message]));
  after.post(again);
  await after.pass(2000);
  assert.deepEqual(
    taken.map(({ kind }) => kind),
    ["dead", "held"],
  );
  after.firing = new Map([["x", lost]]);
  await after.pass(40_000);
  assert.equal(taken.length, 3);
  assert.deepEqual([taken[2]?.kind, taken[2]?.status], ["dead", "resolved"]);
});

test("an address that is down is retryable and not shown", async () => {
  const url = new Secret("http://127.0.0.1:9/robot?token=s3cret");
  const lookup = createChannelLookup();
  const notifier = createWebhookNotifier({ name: "robot", url, lookup, clock: systemClock });
  const delivery = await notifier.send(alert("m"), 500);
  assert.ok(delivery.kind === "undelivered" && delivery.retryable);
  assert.doesNotMatch(delivery.reason, /s3cret/);
});

test("the log shows alerts by class, and no secret that slipped into a field", async () => {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ name: "guardian", stream });
  await createLogNotifier(log).send(alert("m1"), 100);
  await createLogNotifier(log).send(alert("m2", { class: "log" }), 100);
  log
    .child({ component: "x" })
    .warn({ bmc: { password: "hunter2" }, s: new Secret("hunter3") }, "w");
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    parsed.map((line) => [line["level"], line["msg"]]),
    [
      ["error", "alert"],
      ["info", "alert"],
      ["warn", "w"],
    ],
  );
  assert.equal(parsed[0]?.["title"], "compute-1 is dead");
  assert.doesNotMatch(lines.join(""), /hunter/);
});
