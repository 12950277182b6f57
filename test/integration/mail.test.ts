/** Alerts by SMTP, against a real server with STARTTLS and a login, and against broken ones. */
import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import type { Notifier } from "../../guardian/ports.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import { createMailNotifier, type MailOptions } from "../../guardian/shell/notify-mail.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import { alertOf, look } from "../support/alert-fixture.ts";
import { failed, send } from "../support/channel-contract.ts";
import { hostile } from "../support/hostile-text.ts";
import {
  startMailServer,
  type MailServer,
  type MailServerOptions,
} from "../support/mail-server.ts";
import { makeCertificate } from "../support/test-certificate.ts";

const password = "mail-p4ssword";
const login = { username: "guardian", password };
const secrets = [
  password,
  Buffer.from(password).toString("base64"),
  Buffer.from(`\0guardian\0${password}`).toString("base64"),
];

interface World {
  readonly server: MailServer;
  notifier(extra?: Partial<MailOptions>): Notifier;
}

/** Undefined, and the test skipped, without openssl. */
async function world(
  t: TestContext,
  options: Omit<MailServerOptions, "certificate"> = { login },
): Promise<World | undefined> {
  const certificate = makeCertificate(t);
  if (certificate === undefined) {
    t.skip("openssl is not installed");
    return undefined;
  }
  const server = await startMailServer({ certificate, ...options });
  t.after(() => server.close());
  const asked = options.login;
  return {
    server,
    notifier: (extra = {}) =>
      createMailNotifier({
        name: "mail",
        host: "127.0.0.1",
        port: server.port,
        tls: "starttls",
        caFile: certificate.certFile,
        login: asked && { ...asked, password: new Secret(asked.password) },
        from: "guardian@cloud.example.org",
        to: ["duty@example.org"],
        look,
        lookup: createChannelLookup(),
        ...extra,
      }),
  };
}

test("a mail goes out over TLS with a login; beginning and end are one thread", async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const notifier = w.notifier();
  const first = await send({ notifier, secrets });
  assert.equal(first.kind, "delivered", JSON.stringify(first));
  await send({ notifier, secrets }, alertOf({ id: "end", status: "resolved" }));
  const [fire, end] = w.server.received;
  assert.ok(fire !== undefined && end !== undefined);
  assert.deepEqual([fire.secure, fire.user, fire.to], [true, "guardian", ["duty@example.org"]]);
  assert.equal(fire.headers.get("subject"), "[PAGE] compute-1 is dead: its power cannot be proven");
  assert.match(end.headers.get("subject") ?? "", /^\[RESOLVED\] /);
  assert.equal(fire.headers.get("auto-submitted"), "auto-generated");
  assert.match(fire.headers.get("message-id") ?? "", /^<[0-9a-f]{40}@cloud\.example\.org>$/);
  assert.notEqual(fire.headers.get("message-id"), end.headers.get("message-id"));
  for (const name of ["references", "in-reply-to"]) {
    assert.match(fire.headers.get(name) ?? "", /^<[0-9a-f]{40}@cloud\.example\.org>$/);
    assert.equal(fire.headers.get(name), end.headers.get(name), name);
  }
  assert.match(fire.text, /^Impact: 3 servers on it\r?$/m);
  assert.match(fire.text, /^Runbook: https:\S+unproven\.md\r?$/m);
  await send({ notifier, secrets });
  const again = w.server.received[2];
  assert.equal(
    again?.headers.get("message-id"),
    fire.headers.get("message-id"),
    "sent twice: one id",
  );
});

test("no name of a server becomes a header, a recipient or a part of the mail", async (t) => {
  const w = await world(t, {});
  if (w === undefined) return;
  const names = [
    ...hostile,
    "x\r\nBcc: all@example.org",
    "\r\n.\r\nMAIL FROM:<a@b.c>",
    "\r\n\r\nbody",
  ];
  for (const name of names) {
    const notifier = w.notifier();
    const message = alertOf({ title: `server ${name}`, impact: name, why: [name], id: name });
    assert.equal((await send({ notifier, secrets: ["-"] }, message)).kind, "delivered", name);
  }
  assert.equal(w.server.received.length, names.length);
  for (const { headers, to, text } of w.server.received) {
    assert.deepEqual(to, ["duty@example.org"]);
    assert.equal(headers.has("bcc"), false);
    assert.match(headers.get("content-type") ?? "", /^text\/plain/);
    assert.match(text, /guardian\/lab\/compute-1\/unproven\s*$/, "it ends where we ended it");
  }
});

test("a long alert in any script arrives whole", async (t) => {
  const w = await world(t, {});
  if (w === undefined) return;
  const why = Array.from({ length: 500 }, (_, at) => `服务器-${at} 👨‍👩‍👧 ${"y".repeat(900)}`);
  await send({ notifier: w.notifier(), secrets: ["-"] }, alertOf({ why: why.slice(0, 100) }));
  const text = w.server.received[0]?.text.replaceAll("\r\n", "\n") ?? "";
  assert.ok(text.includes(`- ${why[99]}`));
});

test("a wrong password is refused for good, and not shown even when the server repeats it", async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const wrong = { username: "guardian", password: new Secret("wr0ng-password") };
  const notifier = w.notifier({ login: wrong });
  const delivery = failed(await send({ notifier, secrets: [...secrets, "wr0ng-password"] }));
  assert.equal(delivery.retryable, false);
  assert.match(delivery.reason, /535.*passwordFile/);
});

test("a recipient that must wait is tried again alone; one that is not there is told", async (t) => {
  const refused = new Map([["later@example.org", 450]]);
  const w = await world(t, { login, refused });
  if (w === undefined) return;
  const notifier = w.notifier({ to: ["duty@example.org", "later@example.org"] });
  const first = failed(await send({ notifier, secrets }));
  assert.equal(first.retryable, true);
  assert.match(first.reason, /450.*later@example\.org/);
  refused.delete("later@example.org");
  assert.equal((await send({ notifier, secrets })).kind, "delivered");
  assert.deepEqual(
    w.server.received.map(({ to }) => to),
    [["duty@example.org"], ["later@example.org"]],
  );
  refused.set("later@example.org", 550);
  const gone = failed(await send({ notifier, secrets }, alertOf({ id: "next" })));
  assert.equal(gone.retryable, false);
  assert.match(gone.reason, /550.*from and to/);
  refused.set("duty@example.org", 451);
  assert.equal(failed(await send({ notifier, secrets }, alertOf({ id: "third" }))).retryable, true);
});

test("no password and no alert goes to a server that nobody vouches for, or in clear", async (t) => {
  const w = await world(t);
  if (w === undefined) return;
  const strange = failed(await send({ notifier: w.notifier({ caFile: undefined }), secrets }));
  assert.match(strange.reason, /self.signed certificate/);
  const clear = await world(t, { noStartTls: true });
  if (clear === undefined) return;
  const refused = failed(await send({ notifier: clear.notifier(), secrets: ["-"] }));
  assert.equal(refused.retryable, false);
  assert.match(refused.reason, /STARTTLS/);
  assert.equal(clear.server.received.length, 0);
  const allowed = clear.notifier({ tls: "none" });
  assert.equal((await send({ notifier: allowed, secrets: ["-"] })).kind, "delivered");
});

test("by name: the address is looked up at the gate, and the certificate must be the name's", async (t) => {
  const asked: string[] = [];
  const lookup = createChannelLookup({
    resolve: (name) => {
      asked.push(name);
      return Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
    },
  });
  const host = "mail.example.org";
  for (const tls of ["starttls", "implicit"] as const) {
    const w = await world(t, { login, implicitTls: tls === "implicit" });
    if (w === undefined) return;
    const wrong = failed(await send({ notifier: w.notifier({ host, lookup, tls }), secrets }));
    assert.match(wrong.reason, /mail\.example\.org.*does not match|altnames/, tls);
    assert.equal(w.server.received.length, 0);
  }
  const clear = await world(t, { noStartTls: true });
  if (clear === undefined) return;
  const notifier = clear.notifier({ host, lookup, tls: "none" });
  assert.equal((await send({ notifier, secrets: ["-"] })).kind, "delivered");
  assert.deepEqual(asked, [host, host, host], "once for each try");
});

test("TLS from the first byte", async (t) => {
  const w = await world(t, { login, implicitTls: true });
  if (w === undefined) return;
  const notifier = w.notifier({ tls: "implicit" });
  assert.equal((await send({ notifier, secrets })).kind, "delivered");
  assert.equal(w.server.received[0]?.secure, true);
});

/** A greeting, and then an answer without end: no single wait is long. */
async function drip(socket: Socket): Promise<void> {
  socket.write("220 hello\r\n");
  while (!socket.destroyed) {
    await sleep(50);
    socket.write("250-more\r\n");
  }
}

test("a server that is gone, silent, resets or talks nonsense may be tried again", async (t) => {
  const sockets: Socket[] = [];
  let greet: (socket: Socket) => void = () => undefined;
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const notifier = createMailNotifier({
    name: "mail",
    host: "127.0.0.1",
    port,
    tls: "none",
    from: "guardian@example.org",
    to: ["duty@example.org"],
    look,
    lookup: createChannelLookup(),
  });
  const faults: readonly (readonly [string, (socket: Socket) => void])[] = [
    ["silent", () => undefined],
    ["reset", (socket) => void socket.resetAndDestroy()],
    ["nonsense", (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["busy", (socket) => void socket.write("421 too many connections\r\n")],
    ["slow", (socket) => void drip(socket)],
    ["huge", (socket) => void socket.write(`220 ${"x".repeat(1024 * 1024)}`)],
  ];
  for (const [name, fault] of faults) {
    greet = fault;
    const startedMs = performance.now();
    const delivery = failed(await send({ notifier, secrets: ["-"] }, alertOf(), 400));
    assert.equal(delivery.retryable, true, `${name}: ${delivery.reason}`);
    assert.ok(performance.now() - startedMs < 3000, `${name}: in time`);
    assert.ok(delivery.reason.length < 400, `${name}: short`);
    await sleep(100);
    assert.ok(sockets.at(-1)?.destroyed, `${name}: nothing is left open`);
  }
});
