/** Every way of pinging; those that this machine does not allow are skipped, not failed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { choosePinger } from "../../guardian/shell/choose-pinger.ts";
import { createFping, loadFping } from "../../guardian/shell/fping.ts";
import { loadNetPing } from "../../guardian/shell/net-ping.ts";
import { createUdpEchoPinger } from "../../guardian/shell/udp-echo.ts";
import type { PingTarget } from "../../guardian/ports.ts";
import { SimulatedHost } from "../support/simulated-host.ts";
import { startUdpEchoServer } from "../support/udp-echo-server.ts";
import { simulatedUuid } from "../support/simulated-nova.ts";

function at(address: string, sourceAddress?: string): PingTarget {
  return { network: "management", address, sourceAddress };
}

/** Blocks this thread, as a long computation would. */
function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

test("net-ping: an echo from loopback, v4 and v6; silence where nobody is", async (t) => {
  const load = await loadNetPing();
  if (load.kind === "failed") return t.skip(load.reason);
  const { pinger } = load;
  const echo = await pinger.ping(at("127.0.0.1"), 5000);
  assert.equal(echo.kind, "echo", JSON.stringify(echo));
  t.diagnostic(JSON.stringify(echo));
  t.diagnostic(JSON.stringify(await pinger.ping(at("::1"), 500)));
  const many = await Promise.all(
    Array.from({ length: 50 }, (_, n) => pinger.ping(at(`127.0.1.${n + 1}`), 5000)),
  );
  assert.ok(many.every((result) => result.kind === "echo"));
  // TEST-NET-2: routed away or not routed at all, but never answered with an echo.
  const none = await pinger.ping(at("198.51.100.1"), 200);
  assert.notEqual(none.kind, "echo");
  t.diagnostic(JSON.stringify(none));
  await pinger.close();
});

test("net-ping: a host that answers never vouches for one that does not", async (t) => {
  const loads = await Promise.all([loadNetPing(), loadNetPing()]);
  const pingers = loads.flatMap((load) => (load.kind === "pinger" ? [load.pinger] : []));
  const [one, other] = pingers;
  if (one === undefined || other === undefined) return t.skip("net-ping cannot be used here");
  const rounds = Array.from({ length: 20 }, async () => {
    const [live, dead] = await Promise.all([
      one.ping(at("127.0.0.1"), 5000),
      other.ping(at("198.51.100.1"), 300),
    ]);
    return `${live.kind} ${dead.kind}`;
  });
  assert.deepEqual(new Set(await Promise.all(rounds)), new Set(["echo no-echo"]));
});

test("net-ping: a silence while our own loop was blocked is our fault, not the host's", async (t) => {
  const load = await loadNetPing();
  if (load.kind === "failed") return t.skip(load.reason);
  const pending = load.pinger.ping(at("198.51.100.1"), 100);
  block(300);
  const result = await pending;
  assert.ok(result.kind === "local-fault", JSON.stringify(result));
  await load.pinger.close();
});

test("fping: an echo, with and without a source address, and a silence", async (t) => {
  const load = await loadFping();
  if (load.kind === "failed") return t.skip(load.reason);
  const { pinger } = load;
  const echo = await pinger.ping(at("127.0.0.1"), 5000);
  assert.ok(echo.kind === "echo" && echo.rttMs > 0 && echo.rttMs < 5000);
  assert.equal((await pinger.ping(at("127.0.0.2", "127.0.0.3"), 5000)).kind, "echo");
  const alien = await pinger.ping(at("127.0.0.2", "10.255.255.254"), 5000);
  assert.equal(alien.kind, "local-fault", JSON.stringify(alien));
  const none = await pinger.ping(at("198.51.100.1"), 200);
  assert.notEqual(none.kind, "echo");
  t.diagnostic(JSON.stringify([alien, none]));
});

test("a missing net-ping is survived, and with no fping both are named", async () => {
  const missing = await loadNetPing("net-ping-is-not-here");
  assert.ok(missing.kind === "failed" && /cannot be loaded/.test(missing.reason));
  const neither = await choosePinger({
    netPingModule: "net-ping-is-not-here",
    fpingCommand: "/no/fping",
  });
  assert.ok(neither.kind === "failed");
  assert.match(neither.reason, /net-ping cannot be loaded.*fping cannot be used/);
  const odd = await createFping("/bin/true").ping(at("127.0.0.1"), 200);
  assert.equal(odd.kind, "local-fault", "a program that says nothing proves nothing");
});

test("udp-echo: answers follow power and network of the simulated host", async (t) => {
  const host = new SimulatedHost({
    name: "compute-1",
    uuid: simulatedUuid("c0", 1),
    addresses: { management: "127.77.1.1", storage: "127.77.2.1" },
  });
  const server = await startUdpEchoServer([host]);
  t.after(() => server.close());
  const pinger = createUdpEchoPinger(server.port);
  const kinds = async (): Promise<readonly string[]> =>
    (await Promise.all(["127.77.1.1", "127.77.2.1"].map((a) => pinger.ping(at(a), 1000)))).map(
      (result) => result.kind,
    );
  assert.deepEqual(await kinds(), ["echo", "echo"]);
  host.cutNetwork("storage");
  assert.deepEqual(await kinds(), ["echo", "no-echo"]);
  host.powerLoss();
  assert.deepEqual(await kinds(), ["no-echo", "no-echo"]);
  host.powerOn();
  host.healNetwork("storage");
  assert.deepEqual(await kinds(), ["echo", "echo"]);
  assert.equal((await pinger.ping(at("10.0.0.1"), 100)).kind, "local-fault");
});

test("udp-echo server: a port that is taken on one address is given up for the next", async (t) => {
  const at = (management: string, storage: string): SimulatedHost =>
    new SimulatedHost({
      name: "h",
      uuid: simulatedUuid("c0", 1),
      addresses: { management, storage },
    });
  const first = await startUdpEchoServer([at("127.10.9.1", "127.10.9.2")]);
  t.after(() => first.close());
  // Its second address is the first one's: that port cannot be had there.
  const hosts = [at("127.10.9.3", "127.10.9.2")];
  const second = await startUdpEchoServer(hosts, [first.port, 0]);
  assert.notEqual(second.port, first.port);
  await second.close();
  await assert.rejects(startUdpEchoServer(hosts, [first.port]), /EADDRINUSE/);
  // What the failed one had bound is free again.
  await (await startUdpEchoServer([at("127.10.9.3", "127.10.9.4")], [first.port])).close();
});
