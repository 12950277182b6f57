/** Channels through a proxy: a tunnel for HTTPS, a login by file, and nothing from the environment. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { webhook } from "../../guardian/channels/webhook.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import { createHttpNotifier } from "../../guardian/shell/notify-http.ts";
import type { Proxy } from "../../guardian/shell/proxy.ts";
import { basic } from "../../guardian/shell/channel-secrets.ts";
import { systemClock } from "../../shared/clock.ts";
import { Secret } from "../../shared/secret.ts";
import { alertOf } from "../support/alert-fixture.ts";
import { failed } from "../support/channel-contract.ts";
import { startConnectProxy, type ProxyMood } from "../support/connect-proxy.ts";
import { startProvider } from "../support/provider-server.ts";
import { makeCertificate } from "../support/test-certificate.ts";

const password = "p@ss:w/rd";

function proxyAt(port: number, login = false): Proxy {
  const secret = new Secret(password);
  const authorization = login ? basic("guardian", secret) : undefined;
  return { host: "127.0.0.1", port, authorization, password: login ? secret : undefined };
}

function hookAt(origin: string, proxy: Proxy | undefined, caFile?: string) {
  const url = new Secret(`${origin}/hook/token-of-the-hook?a=b`);
  const channel = webhook({ url, runbookBase: "docs/runbooks" });
  const lookup = createChannelLookup();
  return createHttpNotifier({ name: "hook", channel, caFile, proxy, lookup, clock: systemClock });
}

async function secureProvider(t: TestContext) {
  const certificate = makeCertificate(t);
  if (certificate === undefined) return undefined;
  const server = await startProvider(() => ({ status: 200, body: "" }), certificate);
  t.after(() => server.close());
  return { server, caFile: certificate.certFile };
}

test("HTTPS goes through a tunnel: the proxy sees name and port, and no token", async (t) => {
  const secure = await secureProvider(t);
  if (secure === undefined) return t.skip("openssl is not installed");
  const { server, caFile } = secure;
  const proxy = await startConnectProxy();
  t.after(() => proxy.close());
  const notifier = hookAt(server.origin, proxyAt(proxy.port), caFile);
  assert.deepEqual(await notifier.send(alertOf(), 5000), {
    kind: "delivered",
    answer: "answered 200",
  });
  assert.deepEqual(proxy.asked, [`CONNECT ${new URL(server.origin).host}`]);
  const [request] = server.requests;
  assert.equal(request?.url.pathname, "/hook/token-of-the-hook");
  assert.equal(request?.headers["proxy-authorization"], undefined);

  // The certificate is still the provider's own, and is checked.
  const strange = failed(await hookAt(server.origin, proxyAt(proxy.port)).send(alertOf(), 5000));
  assert.match(strange.reason, /self-signed certificate/);
  assert.equal(server.requests.length, 1);
});

test("plain HTTP is asked of the proxy, with the login that only the proxy sees", async (t) => {
  const server = await startProvider(() => ({ status: 200, body: "" }));
  const proxy = await startConnectProxy(`guardian:${password}`);
  t.after(() => Promise.all([server.close(), proxy.close()]));
  const delivery = await hookAt(server.origin, proxyAt(proxy.port, true)).send(alertOf(), 5000);
  assert.equal(delivery.kind, "delivered");
  assert.deepEqual(proxy.asked, [`POST ${server.origin}/hook/token-of-the-hook?a=b`]);
  assert.equal(server.requests[0]?.headers.host, new URL(server.origin).host);
  assert.equal(server.requests[0]?.headers["proxy-authorization"], undefined);
});

test("a login that is missing or wrong is tried again, and says what to set", async (t) => {
  const secure = await secureProvider(t);
  const plain = await startProvider(() => ({ status: 200, body: "" }));
  const proxy = await startConnectProxy("guardian:another");
  t.after(() => Promise.all([plain.close(), proxy.close()]));
  for (const origin of [plain.origin, ...(secure === undefined ? [] : [secure.server.origin])]) {
    for (const login of [false, true]) {
      const one = hookAt(origin, proxyAt(proxy.port, login), secure?.caFile);
      const { retryable, reason } = failed(await one.send(alertOf(), 5000));
      assert.equal(retryable, true, reason);
      assert.match(reason, login ? /refuses the login/ : /asks for a login: set proxyUsername/);
      const basicOf = Buffer.from(`guardian:${password}`).toString("base64");
      for (const secret of [password, basicOf, "token-of-the-hook"]) {
        assert.ok(!reason.includes(secret), reason);
      }
    }
  }
  assert.equal(plain.requests.length, 0);
});

test("a proxy that is gone, silent, closes, talks or forbids is a failed try within its time", async (t) => {
  const secure = await secureProvider(t);
  if (secure === undefined) return t.skip("openssl is not installed");
  let mood: ProxyMood = "open";
  const proxy = await startConnectProxy(undefined, () => mood);
  const { server, caFile } = secure;
  const words: Readonly<Record<Exclude<ProxyMood, "open">, RegExp>> = {
    silent: /no tunnel within 400 ms/,
    closed: /closed the connection|ECONNRESET|hang up/,
    chatty: /more than it was asked|EPROTO|wrong version/,
    "other-protocol": /does not speak HTTP/,
    forbidden: /answered 403 to CONNECT/,
  };
  for (const [next, expected] of Object.entries(words)) {
    mood = next as ProxyMood;
    const startedMs = performance.now();
    const one = hookAt(server.origin, proxyAt(proxy.port), caFile);
    const { retryable, reason } = failed(await one.send(alertOf(), 400));
    assert.equal(retryable, true, reason);
    assert.match(reason, expected, next);
    assert.ok(performance.now() - startedMs < 1500, next);
  }
  await proxy.close();
  const gone = failed(
    await hookAt(server.origin, proxyAt(proxy.port), caFile).send(alertOf(), 400),
  );
  assert.match(gone.reason, /ECONNREFUSED/);
  assert.equal(server.requests.length, 0);
});

test("what the environment says of proxies counts for nothing", async (t) => {
  const server = await startProvider(() => ({ status: 200, body: "" }));
  const proxy = await startConnectProxy();
  t.after(() => Promise.all([server.close(), proxy.close()]));
  const names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "NODE_USE_ENV_PROXY"];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`;
  t.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const delivery = await hookAt(server.origin, undefined).send(alertOf(), 5000);
  assert.equal(delivery.kind, "delivered");
  assert.deepEqual(proxy.asked, []);
});
