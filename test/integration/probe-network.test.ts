/** A network check against a real ping program on the loopback device, and TCP ports that are and are not there. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createNetworkCheck } from "../../compute-probe/shell/network-check.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import { hostName } from "../../shared/names.ts";
import type { RingPeer } from "../../shared/wire-ack.ts";

const self = hostName("compute-1");
const peer: RingPeer = { host: hostName("compute-2"), network: "storage", address: "127.0.0.1" };

function folders(t: TestContext, operstate: string) {
  const folder = mkdtempSync(join(tmpdir(), "guardian-links-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "bond0"));
  writeFileSync(join(folder, "bond0", "operstate"), `${operstate}\n`);
  writeFileSync(join(folder, "bond0", "carrier"), operstate === "up" ? "1\n" : "0\n");
  return { devices: folder, bonding: folder };
}

test("TCP targets, quorum and links make a network's state; our own dark link accuses no peer", async (t) => {
  const server = createServer((socket) => void socket.destroy());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const linkFolders = folders(t, "up");
  const check = createNetworkCheck({
    name: "storage",
    self,
    targets: [],
    tcp: [{ address: "127.0.0.1", port }],
    links: ["bond0"],
    anchor: undefined,
    sourceAddress: "127.0.0.1",
    interface: undefined,
    everyMs: () => 200,
    timeoutMs: 200,
    roundsToDown: 2,
    quorum: 1,
    peers: [peer],
    peersMax: 3,
    ring: () => [],
    linkFolders,
    clock: systemClock,
    log: silentLogger,
  });
  t.after(() => check.close());
  await check.round();
  assert.equal(check.latest()?.state, "up");
  assert.match(check.summary()?.text ?? "", /^1 of 1 targets \(1 needed\); loss 0 %/);

  writeFileSync(join(linkFolders.devices, "bond0", "operstate"), "down\n");
  server.close();
  for (let count = 0; count < 2; count += 1) {
    await sleep(20);
    await check.round();
  }
  assert.equal(check.latest()?.state, "down");
  assert.match(check.summary()?.text ?? "", /no answer: 127\.0\.0\.1:\d+; bond0: down/);
  assert.match(check.summary()?.text ?? "", /our own fault: bond0/);
  assert.deepEqual(check.takeSightings(), []);
});
