/** DingTalk, WeCom, Feishu and Slack: each against an imitation that checks as the provider does. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { HttpChannel } from "../../guardian/channels/channel.ts";
import { dingTalk } from "../../guardian/channels/dingtalk.ts";
import { feishu } from "../../guardian/channels/feishu.ts";
import type { RobotOptions } from "../../guardian/channels/robot.ts";
import { slack } from "../../guardian/channels/slack.ts";
import { weCom } from "../../guardian/channels/wecom.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import { createHttpNotifier } from "../../guardian/shell/notify-http.ts";
import { systemClock, type Clock } from "../../shared/clock.ts";
import { Secret } from "../../shared/secret.ts";
import { wallMs } from "../../shared/time.ts";
import { alertOf, look } from "../support/alert-fixture.ts";
import { channelContract, failed, send, type ContractCase } from "../support/channel-contract.ts";
import {
  dingTalkToken,
  feishuToken,
  slackPath,
  startDingTalk,
  startFeishu,
  startSlack,
  startWeCom,
  weComKey,
  type RobotServer,
} from "../support/fake-robots.ts";

const key = "SEC-robot-signing-key";
const secrets = [key, dingTalkToken, weComKey, feishuToken, slackPath.split("/").at(-1) ?? "-"];
const nobody = { users: [], mobiles: [], all: false };

interface Robot {
  readonly name: string;
  readonly start: (keyword?: string) => Promise<RobotServer>;
  readonly channel: (options: RobotOptions) => HttpChannel;
}

const robots: readonly Robot[] = [
  { name: "dingtalk", start: (keyword) => startDingTalk(key, keyword), channel: dingTalk },
  { name: "wecom", start: startWeCom, channel: weCom },
  { name: "feishu", start: (keyword) => startFeishu(key, keyword), channel: feishu },
  { name: "slack", start: startSlack, channel: slack },
];

function caseOf(
  { name, channel }: Robot,
  server: RobotServer,
  extra: Partial<RobotOptions> & { readonly clock?: Clock } = {},
): ContractCase {
  const { clock = systemClock, ...rest } = extra;
  const url = new Secret(server.url);
  const options = { url, key: new Secret(key), mention: nobody, look, ...rest };
  const notifier = createHttpNotifier({
    name,
    clock,
    lookup: createChannelLookup(),
    channel: channel(options),
  });
  return { notifier, server, taken: () => server.taken.length, secrets };
}

async function begin(t: TestContext, robot: Robot): Promise<RobotServer> {
  const server = await robot.start();
  t.after(() => server.close());
  return server;
}

function robotOf(name: string): Robot {
  const robot = robots.find((one) => one.name === name);
  assert.ok(robot !== undefined);
  return robot;
}

for (const robot of robots) {
  channelContract(robot.name, async () => caseOf(robot, await robot.start()), { needsBody: true });

  test(`${robot.name}: a wrong address is refused for good, with a word on urlFile`, async (t) => {
    const server = await begin(t, robot);
    const url = new Secret(server.url.replace(/\w+$/, "another0token"));
    const delivery = failed(await send(caseOf(robot, server, { url })));
    assert.equal(delivery.retryable, false);
    assert.match(delivery.reason, /urlFile/);
    assert.doesNotMatch(delivery.reason, /another0token/);
  });

  test(`${robot.name}: above the provider's rate a message waits, and its pause is known`, async (t) => {
    const server = await begin(t, robot);
    const channel = caseOf(robot, server);
    assert.ok((channel.notifier.rate?.perMinute ?? Infinity) <= 100, "it tells its rate");
    let delivery = await send(channel);
    for (let n = 0; n < 120 && delivery.kind === "delivered"; n += 1)
      delivery = await send(channel);
    const limited = failed(delivery);
    assert.equal(limited.retryable, true, limited.reason);
    assert.ok((limited.retryAfterMs ?? 0) >= 5000, "a pause");
    const { perMinute = 0 } = channel.notifier.rate ?? {};
    assert.ok(channel.taken() > perMinute, "our own rate is below the provider's");
  });

  test(`${robot.name}: an alert of 5,000 lines in any script is taken, and says what is left out`, async (t) => {
    const server = await begin(t, robot);
    const channel = caseOf(robot, server);
    const why = Array.from({ length: 5000 }, (_, at) => `服务器 "vm-${at}" 👨‍👩‍👧‍👦 <b>&`);
    const title = `compute-1 ${"很长的标题👩🏽‍🚒".repeat(500)}`;
    assert.equal((await send(channel, alertOf({ why, title }))).kind, "delivered");
    assert.equal((await send(channel, alertOf({ why }))).kind, "delivered");
    assert.match(JSON.stringify(server.taken[1]), /and 4\d{3} more/);
    assert.match(JSON.stringify(server.taken[1]), /3 servers on it/, "what matters most is there");
  });
}

for (const name of ["dingtalk", "feishu"]) {
  const robot = robotOf(name);

  test(`${name}: a wrong key or clock is refused for good, and says where to look`, async (t) => {
    const server = await begin(t, robot);
    const wrongKey = failed(await send(caseOf(robot, server, { key: new Secret("wrong") })));
    const clock = { ...systemClock, wallMs: () => wallMs(Date.now() - 7_200_000) };
    const wrongClock = failed(await send(caseOf(robot, server, { clock })));
    for (const { retryable, reason } of [wrongKey, wrongClock]) {
      assert.equal(retryable, false);
      assert.match(reason, /keyFile.*clock/);
    }
    assert.equal(server.taken.length, 0);
  });

  test(`${name}: a robot with a word takes messages that have it`, async (t) => {
    const server = await robot.start("守护");
    t.after(() => server.close());
    assert.match(failed(await send(caseOf(robot, server))).reason, /keyword/);
    assert.equal((await send(caseOf(robot, server, { keyword: "守护" }))).kind, "delivered");
  });
}

test("feishu: the pause of a limit is the one that the platform names", async (t) => {
  const robot = robotOf("feishu");
  const server = await begin(t, robot);
  const body = JSON.stringify({ code: 99991400, msg: "frequency limit" });
  server.fault({ status: 429, headers: { "x-ogw-ratelimit-reset": "7" }, body });
  assert.equal(failed(await send(caseOf(robot, server))).retryAfterMs, 7000);
});

test("people are called by a page that begins, and by nothing else", async (t) => {
  const mention = { users: ["manager_1"], mobiles: ["13800000000"], all: true };
  const called: Readonly<Record<string, RegExp>> = {
    dingtalk: /@13800000000 @manager_1".*"atMobiles":\["13800000000"\].*"isAtAll":true/,
    wecom: /"mentioned_list":\["manager_1","@all"\],"mentioned_mobile_list":\["13800000000"\]/,
    feishu: /<at id=manager_1><\/at> <at id=all><\/at>/,
    slack: /<!channel> <@manager_1>/,
  };
  for (const robot of robots) {
    const server = await begin(t, robot);
    const channel = caseOf(robot, server, { mention });
    for (const message of [
      alertOf(),
      alertOf({ status: "resolved" }),
      alertOf({ class: "ticket" }),
      alertOf({ class: "notification" }),
    ]) {
      assert.equal((await send(channel, message)).kind, "delivered");
    }
    const pattern = called[robot.name];
    assert.ok(pattern !== undefined);
    const calls = server.taken.map((body) => pattern.test(JSON.stringify(body)));
    assert.deepEqual(calls, [true, false, false, false], robot.name);
  }
});

test("titles are bold, and what calls people stands in the text where the provider needs it", async (t) => {
  const mention = { users: ["manager_1"], mobiles: [], all: false };
  const dingtalk = await begin(t, robotOf("dingtalk"));
  await send(caseOf(robotOf("dingtalk"), dingtalk, { mention }));
  const [first] = dingtalk.taken;
  const { title, text } = Object(first?.["markdown"]) as { title: string; text: string };
  assert.equal(title, "[PAGE] compute-1 is dead: its power cannot be proven");
  assert.match(
    text,
    /^\*\*［PAGE］ compute-1 is dead: its power cannot be proven\*\*\n\nImpact: 3 servers/,
  );
  assert.match(text, /\n\n- power: unknown\n\n/);
  assert.match(
    text,
    /\n\nRunbook: https:\/\/runbooks\.example\.org\/guardian\/unproven\.md\n\n@manager_1$/,
  );

  const wecom = await begin(t, robotOf("wecom"));
  await send(caseOf(robotOf("wecom"), wecom, { mention }));
  await send(
    caseOf(robotOf("wecom"), wecom, { mention: { ...mention, mobiles: ["13800000000"] } }),
  );
  const { content } = Object(wecom.taken[0]?.["markdown"]) as { content: string };
  assert.match(content, /^\*\*［PAGE］ compute-1 is dead.*\*\*\nImpact: [^]*\n<@manager_1>$/);
  assert.equal(wecom.taken[1]?.["msgtype"], "text", "markdown cannot call a telephone number");
});

test("a provider that repeats its token does not put it into our log", async (t) => {
  const robot = robotOf("dingtalk");
  const server = await begin(t, robot);
  const errmsg = `no such token ${dingTalkToken}, key ${key}`;
  server.fault({ status: 200, body: JSON.stringify({ errcode: 300001, errmsg }) });
  const { reason } = failed(await send(caseOf(robot, server)));
  assert.match(reason, /no such token \[secret\], key \[secret\]/);
});
