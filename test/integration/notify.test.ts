/** Alerts through the outbox to a receiver that checks signatures, and to the log. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createLogNotifier } from "../../guardian/shell/notify-log.ts";
import { createLogger } from "../../guardian/shell/logging.ts";
import { createWebhookNotifier } from "../../guardian/shell/notify-webhook.ts";
import { createOutbox, type OutboxOptions } from "../../guardian/shell/outbox.ts";
import type { AlertMessage, Notifier } from "../../guardian/ports.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger, type Logger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import { hostName } from "../../shared/names.ts";
import { seededRandom } from "../../shared/random.ts";
import { Secret } from "../../shared/secret.ts";
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

function outboxOf(notifiers: readonly Notifier[], extra: Partial<OutboxOptions> = {}) {
  const random = seededRandom(7);
  const log = silentLogger;
  return createOutbox({ notifiers, clock: systemClock, random, log, pauseMs: 20, ...extra });
}

async function webhook(t: TestContext) {
  const receiver = await startWebhookReceiver(Buffer.from(key));
  t.after(() => receiver.close());
  const notifier = createWebhookNotifier({
    name: "hook",
    url: new Secret(receiver.url),
    key: new Secret(key),
    clock: systemClock,
  });
  return { receiver, notifier };
}

async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; n < 200 && !condition(); n += 1) await sleep(10);
  assert.ok(condition(), "in time");
}

test("a message arrives signed, in order, with its words", async (t) => {
  const { receiver, notifier } = await webhook(t);
  const outbox = outboxOf([notifier]);
  outbox.post(alert("m1"));
  outbox.post(alert("m2", { status: "resolved" }));
  await until(() => receiver.received.length === 2);
  assert.ok(receiver.received.every((one) => one.authentic));
  assert.deepEqual(
    receiver.received.map((one) => one.id),
    ["m1", "m2"],
  );
  const [first] = receiver.received;
  assert.ok(first);
  const { type, data } = first.body as { type: string; data: AlertMessage };
  assert.equal(type, "guardian.alert.firing");
  assert.equal(data.title, "compute-1 is dead");
  await outbox.stop(100);
});

test("tried again under the same id while the receiver fails; refused for good is dropped", async (t) => {
  const { receiver, notifier } = await webhook(t);
  const outbox = outboxOf([notifier]);
  receiver.answerWith(503);
  outbox.post(alert("m1"));
  await until(() => receiver.received.length >= 3);
  receiver.answerWith(204);
  await until(() => outbox.counts()[0]?.delivered === 1);
  assert.equal(receiver.messages().length, 1, "one message, however often it was sent");
  receiver.answerWith(410);
  outbox.post(alert("m2"));
  await until(() => outbox.counts()[0]?.dropped === 1);
  assert.match(outbox.counts()[0]?.problem ?? "", /hook answered 410/);
  await outbox.stop(100);
});

test("a channel that hangs holds up neither the caller nor another channel", async (t) => {
  const { receiver, notifier } = await webhook(t);
  const hung: Notifier = { name: "hung", send: () => new Promise(() => undefined) };
  const outbox = outboxOf([hung, notifier], { tryDeadlineMs: 50 });
  const startedMs = performance.now();
  outbox.post(alert("m1"));
  assert.ok(performance.now() - startedMs < 20);
  await until(() => receiver.received.length === 1);
  await until(() => (outbox.counts()[0]?.failedTries ?? 0) >= 1);
  await outbox.stop(10);
});

test("a full queue drops the oldest that is no page, counts it and says it", async () => {
  const lines: string[] = [];
  const log: Logger = {
    ...silentLogger,
    error: (fields) => void lines.push(String(fields["alert"])),
  };
  const hung: Notifier = { name: "hung", send: () => new Promise(() => undefined) };
  const outbox = outboxOf([hung], { waitingMax: 3, tryDeadlineMs: 50, log });
  for (const [id, kind] of [
    ["sending", "page"],
    ["page", "page"],
    ["note", "notification"],
    ["newer", "page"],
    ["newest", "page"],
  ] as const) {
    outbox.post(alert(id, { class: kind }));
  }
  assert.deepEqual(lines, ["note", "page"]);
  assert.equal(outbox.counts()[0]?.dropped, 2);
  assert.equal(outbox.counts()[0]?.waiting, 3);
  await outbox.stop(10);
  assert.equal(outbox.counts()[0]?.dropped, 5, "what waits at the end is counted as well");
});

test("an address that is down is retryable and not shown", async () => {
  const url = new Secret("http://127.0.0.1:9/robot?token=s3cret");
  const notifier = createWebhookNotifier({ name: "robot", url, clock: systemClock });
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
