import assert from "node:assert/strict";
import { test } from "node:test";
import { hideSecrets } from "../../guardian/shell/hide-secrets.ts";
import { Secret } from "../../shared/secret.ts";

const url = "https://u:passw0rd@example.org/services/T0/abcdefghijkl?access_token=tok3n+x&v=1";

test("a secret, its encodings and the secret parts of an address are taken out", () => {
  const hide = (text: string): string => hideSecrets(text, [new Secret(url), new Secret("k&y=1")]);
  for (const [text, shown] of [
    [`at ${url}: no`, "at [secret]: no"],
    ["token tok3n x unknown", "token [secret] unknown"],
    ["no hook abcdefghijkl", "no hook [secret]"],
    ["login passw0rd", "login [secret]"],
    [`key ${encodeURIComponent("k&y=1")}`, "key [secret]"],
    [`key ${Buffer.from("k&y=1").toString("base64")}`, "key [secret]"],
    ["the services of version 1 are down", "the services of version 1 are down"],
  ] as const) {
    assert.equal(hide(text), shown);
  }
});

test("a longer secret goes before one that is part of it", () => {
  const secrets = [new Secret("abc123"), new Secret("abc123-and-more")];
  assert.equal(hideSecrets("x abc123-and-more y abc123", secrets), "x [secret] y [secret]");
});

test("a header's secret is hidden without its first word; an empty one hides nothing", () => {
  assert.equal(hideSecrets("got c2VjcmV0OnB3", [new Secret("Basic c2VjcmV0OnB3")]), "got [secret]");
  assert.equal(hideSecrets("nothing", [new Secret("")]), "nothing");
});
