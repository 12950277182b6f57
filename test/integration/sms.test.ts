/** Short messages by Aliyun and Twilio, against imitations that count the signature anew. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { aliyunSms, type AliyunSmsOptions } from "../../guardian/channels/aliyun-sms.ts";
import { twilio } from "../../guardian/channels/twilio.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import { basic } from "../../guardian/shell/channel-secrets.ts";
import { createHttpNotifier } from "../../guardian/shell/notify-http.ts";
import { systemClock, type Clock } from "../../shared/clock.ts";
import { hostName } from "../../shared/names.ts";
import { Secret } from "../../shared/secret.ts";
import { wallMs } from "../../shared/time.ts";
import { alertOf, look } from "../support/alert-fixture.ts";
import { channelContract, failed, send } from "../support/channel-contract.ts";
import {
  aliyunKey,
  aliyunKeyId,
  startAliyunSms,
  startTwilio,
  twilioSid,
  twilioToken,
  type SmsServer,
} from "../support/fake-sms.ts";
import { hostile } from "../support/hostile-text.ts";

const lookup = createChannelLookup();

function aliyunOf(
  server: SmsServer,
  extra: Partial<AliyunSmsOptions> & { readonly clock?: Clock } = {},
) {
  const { clock = systemClock, ...rest } = extra;
  const channel = aliyunSms({
    url: server.origin,
    accessKeyId: aliyunKeyId,
    key: new Secret(aliyunKey),
    signName: "守护者",
    templateCode: "SMS_1",
    parameters: { host: "host", what: "what", impact: "impact", incident: "incident" },
    to: ["+8613800000000", "13900000000"],
    look: { language: "zh" },
    ...rest,
  });
  const notifier = createHttpNotifier({ name: "sms", channel, lookup, clock });
  return { notifier, server, taken: () => server.sent.length, secrets: [aliyunKey] };
}

function twilioOf(server: SmsServer, token = twilioToken, to = ["+15550000001"]) {
  const authorization = basic(twilioSid, new Secret(token));
  const url = server.origin;
  const from = "+15550009999";
  const channel = twilio({ url, accountSid: twilioSid, authorization, from, to, look });
  const notifier = createHttpNotifier({ name: "sms", channel, lookup, clock: systemClock });
  const secrets = [token, authorization.reveal()];
  return { notifier, server, taken: () => server.sent.length, secrets };
}

channelContract("aliyun", async () => aliyunOf(await startAliyunSms()), { needsBody: true });
channelContract("twilio", async () => twilioOf(await startTwilio()), { needsBody: true });

async function closing<T extends SmsServer>(t: TestContext, server: Promise<T>): Promise<T> {
  const started = await server;
  t.after(() => started.close());
  return started;
}

test("aliyun: the template is filled, for every number, in one call", async (t) => {
  const server = await closing(t, startAliyunSms());
  const message = alertOf({ host: hostName("compute-1.example.org"), impact: "3 台云主机宕机" });
  await send(aliyunOf(server), message);
  const text = "云主机守护：compute-1 紧急 unproven，影响 3 台云主机宕机，事件 i1-compute-1";
  assert.deepEqual(server.sent, [
    { to: "8613800000000", text },
    { to: "13900000000", text },
  ]);
  assert.equal(server.requests.length, 1);
  const end = alertOf({ id: "end", status: "resolved" });
  await send(aliyunOf(server, { to: ["13900000000"] }), end);
  assert.equal(server.sent[2]?.text, text.replace(/紧急 (\w+)，影响 [^，]+/, "已恢复 $1，影响 -"));
});

test("aliyun: no name of a server makes a variable that is refused", async (t) => {
  const server = await closing(t, startAliyunSms());
  const names = [...hostile, "192.0.2.1", "www.example.org", "【签名】", "...", "", "a.b/c@d:e"];
  for (const impact of names) {
    server.fault(undefined);
    const channel = aliyunOf(server, { to: ["13900000000"] });
    const delivery = await send(channel, alertOf({ impact: `vm ${impact}`, title: impact }));
    const limited = delivery.kind === "undelivered" && delivery.reason.includes("LIMIT_CONTROL");
    assert.ok(delivery.kind === "delivered" || limited, `${impact}: ${JSON.stringify(delivery)}`);
    if (limited) assert.equal(failed(delivery).retryAfterMs, 60_000);
  }
});

test("aliyun: wrong keys, clock, signature's name and template are refused with what to do", async (t) => {
  const server = await closing(t, startAliyunSms());
  const late = { ...systemClock, wallMs: () => wallMs(Date.now() - 3_600_000) };
  const cases: readonly (readonly [Parameters<typeof aliyunOf>[1], RegExp])[] = [
    [{ key: new Secret("another-secret") }, /SignatureDoesNotMatch.*keyFile/],
    [{ accessKeyId: "LTAIother" }, /InvalidAccessKeyId.*accessKeyId/],
    [{ clock: late }, /InvalidTimeStamp.*clock/],
    [{ signName: "someone" }, /SIGNATURE_ILLEGAL.*signName/],
    [{ templateCode: "SMS_2" }, /TEMPLATE_ILLEGAL.*templateCode/],
    [{ parameters: { host: "host" } }, /MISSING_PARAMETERS.*parameters/],
    [{ to: ["12"] }, /MOBILE_NUMBER_ILLEGAL.*numbers in to/],
  ];
  for (const [extra, reason] of cases) {
    const delivery = failed(await send(aliyunOf(server, extra)));
    assert.equal(delivery.retryable, false);
    assert.match(delivery.reason, reason);
  }
  assert.deepEqual(server.sent, []);
});

test("twilio: after a failure only those who have no message get one", async (t) => {
  const server = await closing(t, startTwilio());
  const to = ["+15550000001", "+15550000002", "+15550000003"];
  const channel = twilioOf(server, twilioToken, to);
  server.refuse("+15550000002", 20429, 429);
  const first = failed(await send(channel));
  assert.equal(first.retryable, true);
  assert.match(first.reason, /^sms: …0002 answered 429, code 20429/);
  server.refuse("+15550000002", 14107, 400);
  assert.equal(failed(await send(channel)).retryable, true, "a limit, whatever its status");
  server.refuse("+15550000002", 21610, 400);
  const second = failed(await send(channel));
  assert.equal(second.retryable, false, "one who does not want any");
  assert.deepEqual(server.sent.map((one) => one.to).sort(), ["+15550000001", "+15550000003"]);
  const next = await send(channel, alertOf({ id: "another" }));
  assert.equal(next.kind, "undelivered");
  assert.equal(server.sent.length, 4, "a new message goes to all");
});

test("twilio: two numbers that end alike are two people", async (t) => {
  const server = await closing(t, startTwilio());
  const to = ["+49301001234", "+49401001234"];
  const channel = twilioOf(server, twilioToken, to);
  server.refuse("+49401001234", 20429, 429);
  assert.equal(failed(await send(channel)).retryable, true);
  assert.equal(failed(await send(channel)).retryable, true, "one of them has no message yet");
  assert.deepEqual(
    server.sent.map((one) => one.to),
    ["+49301001234"],
  );
});

test("twilio: a wrong token is refused without being shown; a message of five parts at most", async (t) => {
  const server = await closing(t, startTwilio());
  const delivery = failed(await send(twilioOf(server, "wrong-token-123")));
  assert.equal(delivery.retryable, false);
  assert.match(delivery.reason, /20003.*keyFile/);
  const long = alertOf({ title: "很长👩🏽‍🚒".repeat(300), next: "x".repeat(3000) });
  assert.equal((await send(twilioOf(server), long)).kind, "delivered");
  assert.ok(Buffer.byteLength(server.sent[0]?.text ?? "") <= 600);
});
