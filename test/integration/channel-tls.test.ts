/** Channels over HTTPS: the certificate is checked before a byte of an alert or a token goes out. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { webhook } from "../../guardian/channels/webhook.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import { createHttpNotifier } from "../../guardian/shell/notify-http.ts";
import { systemClock } from "../../shared/clock.ts";
import { Secret } from "../../shared/secret.ts";
import { failed, send } from "../support/channel-contract.ts";
import { startProvider } from "../support/provider-server.ts";
import { makeCertificate } from "../support/test-certificate.ts";

test("an authority of our own is believed where it is named, and nobody else is", async (t) => {
  const certificate = makeCertificate(t);
  if (certificate === undefined) return t.skip("openssl is not installed");
  const server = await startProvider(() => ({ status: 200, body: "" }), certificate);
  t.after(() => server.close());
  const url = new Secret(`${server.origin}/hook/with-a-token-in-it`);
  const channel = webhook({ url, runbookBase: "docs/runbooks" });
  const notifierWith = (caFile: string | undefined) =>
    createHttpNotifier({
      name: "hook",
      channel,
      caFile,
      lookup: createChannelLookup(),
      clock: systemClock,
    });
  const secrets = ["with-a-token-in-it"];

  const strange = failed(await send({ notifier: notifierWith(undefined), secrets }));
  assert.equal(strange.retryable, true);
  assert.match(strange.reason, /self-signed certificate/);
  assert.equal(server.requests.length, 0, "nothing went out");

  const notifier = notifierWith(certificate.certFile);
  assert.equal((await send({ notifier, secrets })).kind, "delivered");

  // The file is read anew each time: a renewed authority needs no restart, a broken one is told.
  writeFileSync(certificate.certFile, "no certificate");
  assert.equal(failed(await send({ notifier, secrets })).retryable, true);
  const gone = failed(await send({ notifier: notifierWith("/nowhere/ca.pem"), secrets }));
  assert.match(gone.reason, /^hook: ENOENT/);
  assert.equal(server.requests.length, 1);
});
