/** What people do about alerts and channels, over the control socket and with the command line. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { ask } from "../../guardian/cli-client.ts";
import type { AlertMessage, Delivery, Notifier } from "../../guardian/ports.ts";
import { api, control, dead, type Control } from "../support/control-fixture.ts";
import { host1, host2 } from "../support/core-fixture.ts";
import { cli as runCli, type CliRun } from "../support/run-cli.ts";
import { settled } from "../support/outbox-fixture.ts";

const me = `uid ${process.getuid?.() ?? -1}`;

class Chat implements Notifier {
  readonly taken: AlertMessage[] = [];
  answer: Delivery = { kind: "delivered", answer: "errcode 0" };
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  send(message: AlertMessage): Promise<Delivery> {
    if (this.answer.kind === "delivered") this.taken.push(message);
    return Promise.resolve(this.answer);
  }
}

interface World extends Control {
  readonly chat: Chat;
  readonly duty: Chat;
  readonly run: (ms: number) => Promise<void>;
  readonly show: (path: string) => Promise<readonly Record<string, unknown>[]>;
}

async function worldOf(t: TestContext): Promise<World> {
  const [chat, duty] = [new Chat("chat"), new Chat("duty")];
  const world = await control(t, { mode: "observe" }, [chat, duty]);
  const run = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1000) {
      world.core.run(1000);
      world.outbox.round();
      await settled();
    }
  };
  const show: World["show"] = async (path) =>
    (await ask(world.socket, "GET", `${api}/${path}`)) as readonly Record<string, unknown>[];
  return { ...world, chat, duty, run, show };
}

function cli(world: World, ...argv: readonly string[]): Promise<CliRun> {
  return runCli("--socket", world.socket, "-f", "json", ...argv);
}

test("notify list shows health, last success, what waits and what is left of the rate", async (t) => {
  const world = await worldOf(t);
  world.duty.answer = { kind: "undelivered", retryable: true, reason: "duty answered 503" };
  dead(world.core);
  await world.run(5000);
  const { text } = await cli(world, "notify", "list");
  const [chat, duty] = JSON.parse(text) as readonly Record<string, unknown>[];
  assert.equal(chat?.["health"], "ok");
  assert.match(String(chat?.["lastDelivered"]), /^20\d\d-.* UTC$/);
  assert.match(String(chat?.["rateLeft"]), /^\d+ now, 60 a minute$/);
  assert.match(String(duty?.["health"]), /^failing for \d/);
  assert.equal(duty?.["waiting"], 1);
  assert.equal(duty?.["problem"], "duty answered 503");
});

test("notify test sends a page that begins and ends, past every rule, and shows both answers", async (t) => {
  const world = await worldOf(t);
  const { code, text } = await cli(world, "notify", "test", "chat");
  assert.equal(code, 0);
  const answer = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual(
    [answer["done"], answer["firing"], answer["resolved"]],
    [true, "delivered: errcode 0", "delivered: errcode 0"],
  );
  assert.deepEqual(
    world.chat.taken.map(({ class: alertClass, status }) => `${alertClass} ${status}`),
    ["page firing", "page resolved"],
  );
  assert.match(world.chat.taken[0]?.title ?? "", new RegExp(`test of channel chat by .*${me}`));
  assert.equal(world.chat.taken[0]?.dedupKey, world.chat.taken[1]?.dedupKey);
  assert.equal(world.duty.taken.length, 0);
  world.chat.answer = { kind: "undelivered", retryable: false, reason: "chat: 300001 token" };
  const failed = await world.tell("notify/chat/test", { reason: "is it heard?" });
  assert.deepEqual(Reflect.get(Object(failed), "firing"), "chat: 300001 token");
  assert.equal(Reflect.get(Object(failed), "done"), false);
  assert.match(
    String(await world.tell("notify/pager/test", { reason: "is it heard?" })),
    /no such channel: pager; known: chat/,
  );
});

test("a silence needs a reason, an end and a name; it holds back until it is ended", async (t) => {
  const world = await worldOf(t);
  const add = (...words: string[]) =>
    cli(world, "silence", "add", "--reason", "new disks", ...words);
  const refused = async (...words: string[]): Promise<string> => String((await add(...words)).code);
  assert.match(await refused("--until", "2h"), /must name a host, a kind or a domain/);
  assert.match(await refused("--host", "a", "--until", "released"), /needs an end/);
  assert.match(await refused("--host", "a", "--until", "2h", "--class", "x"), /is none of page/);
  assert.equal((await cli(world, "silence", "add", "--host", "a", "--until", "2h")).code, 2);
  const { text } = await add("--host", host1, "--until", "2h", "--owner", "bob");
  const { id, by } = JSON.parse(text) as { id: string; by: string };
  assert.match(by, new RegExp(me));
  dead(world.core);
  await world.run(5000);
  assert.equal(world.chat.taken.length, 0);
  const [shown] = await world.show("silences");
  assert.deepEqual([shown?.["matches"], shown?.["owner"]], [`host ${host1}`, "bob"]);
  const [alert] = await world.show("alerts");
  assert.match(String(alert?.["heldBack"]), new RegExp(`^silence ${id} \\(.*: new disks\\)$`));
  const unknown = await cli(world, "silence", "end", "s0", "--reason", "x");
  assert.match(String(unknown.code), /no silence s0/);
  await cli(world, "silence", "end", id, "--reason", "they are in");
  await world.run(2000);
  assert.equal(world.chat.taken.length, 1);
  assert.deepEqual(await world.show("silences"), []);
});

test("alert ack: who and why are shown, the core is told, and nothing else of the host is hushed", async (t) => {
  const world = await worldOf(t);
  dead(world.core);
  await world.run(5000);
  const [alert] = await world.show("alerts");
  const key = String(alert?.["key"]);
  assert.equal(key, `guardian/lab/${host1}/dead`);
  assert.match(String(await world.tell(`alerts/${encodeURIComponent(key)}/ack`)), /needs a reason/);
  const { text } = await cli(world, "alert", "ack", key, "--reason", "on my way");
  assert.deepEqual(JSON.parse(text), {
    done: true,
    by: (JSON.parse(text) as { by: string }).by,
    key,
    stillOpen: [],
  });
  const [shown] = await world.show("alerts");
  assert.match(String(shown?.["acknowledged"]), new RegExp(`${me}.*: on my way$`));
  const firing = world.core.state.memory.alerts[key];
  assert.match(firing?.acknowledgedBy ?? "", new RegExp(me));
  await world.run(40 * 60_000);
  assert.equal(world.chat.taken.filter(({ kind }) => kind === "dead").length, 1, "not repeated");
  const unknown = await cli(world, "alert", "ack", "x", "--reason", "y");
  assert.match(String(unknown.code), /no alert x fires/);
});

test("alert ack of one of two pages of a host: the other one is repeated all the same", async (t) => {
  const world = await worldOf(t);
  dead(world.core);
  world.core.run(125_000);
  await world.run(5000);
  const keys = (await world.show("alerts"))
    .filter((alert) => alert["class"] === "page")
    .map((alert) => String(alert["key"]));
  assert.deepEqual(
    keys.sort(),
    ["dead", "unattended"].map((kind) => `guardian/lab/${host1}/${kind}`),
  );
  const reply = await world.tell(`alerts/${encodeURIComponent(keys[0] ?? "")}/ack`, {
    reason: "y",
  });
  assert.deepEqual(Reflect.get(Object(reply), "stillOpen"), [keys[1]]);
  world.chat.taken.length = 0;
  await world.run(65 * 60_000);
  const kinds = new Set(world.chat.taken.map(({ kind }) => kind));
  assert.deepEqual([...kinds], ["unattended"]);
});

test("incident ack is known to the rules at once; a host of its own stays open", async (t) => {
  const world = await worldOf(t);
  const incident = dead(world.core);
  world.core.powerLoss(host2);
  await world.run(10_000);
  await world.tell(`incidents/${incident}/ack`, { reason: "seen" });
  const acknowledged = (await world.show("alerts")).filter((alert) => alert["acknowledged"] !== "");
  assert.ok(acknowledged.length >= 1);
  assert.ok(acknowledged.every((alert) => String(alert["key"]).includes(`/${host1}/`)));
});
