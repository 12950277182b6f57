import assert from "node:assert/strict";
import { test } from "node:test";
import {
  signWebhook,
  verifyWebhook,
  webhookKey,
} from "../../guardian/channels/standard-webhook.ts";
import { Secret } from "../../shared/secret.ts";

const raw = "0123456789abcdef0123456789abcdef";

test("signs as two other implementations do", () => {
  const signature = signWebhook(Buffer.from(raw), "msg_1", 1_767_225_600, '{"a":1}');
  assert.equal(signature, "v1,0Ud8OcCNFjx1ntpzsrZcFsX85Gq5zrTv2y1pQkuKzNI=");
});

test("a key is read with its prefix, and one of several signatures suffices", () => {
  const key = webhookKey(new Secret(`whsec_${Buffer.from(raw).toString("base64")}`));
  assert.deepEqual(key, Buffer.from(raw));
  const signature = signWebhook(key, "a", 1, "x");
  assert.ok(verifyWebhook(key, "a", 1, "x", `v1,AAAA ${signature}`));
  assert.ok(!verifyWebhook(key, "a", 2, "x", signature));
  assert.ok(!verifyWebhook(key, "b", 1, "x", signature));
  assert.ok(!verifyWebhook(key, "a", 1, "y", signature));
});
