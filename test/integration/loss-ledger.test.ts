/** What our kernel drops at a real socket is missing in the ledger, to the datagram. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { test } from "node:test";
import { createReception } from "../../collector/reception.ts";
import { readKernelDrops } from "../../collector/shell/kernel-drops.ts";
import { openUdpServer } from "../../collector/shell/udp-server.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger, type LogFields } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import { collectorId, hostName } from "../../shared/names.ts";
import {
  deriveHostKey,
  importKey,
  openAcknowledgement,
  signDatagram,
} from "../../shared/wire-auth.ts";
import type { LinkStatus } from "../../shared/wire-records.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";
import { waitFor } from "../support/wait-for.ts";

const master = new Uint8Array(32).fill(7);
const host = hostName("compute-1");
const key = importKey(deriveHostKey(master, host));

function report(sequence: number, echoes: readonly string[] = []): Uint8Array {
  const link: LinkStatus = { settingsVersion: 0, cutOff: 0, echoes };
  // The life is younger than the collector: all that it sent is expected.
  const header = sampleHeader({ sequence, sent: sequence, sentMonoMs: 5000 });
  return signDatagram(key, header, [{ kind: "liveness", checks: healthyChecks, link }]);
}

test("a burst that overruns a small buffer: warned of, and missing = dropped, exactly", async (t) => {
  const warnings: LogFields[] = [];
  const log = { ...silentLogger, warn: (fields: LogFields) => void warnings.push(fields) };
  const reception = createReception({
    collector: collectorId("c1"),
    epoch: 1,
    masters: new Map([[1, master]]),
    restored: [],
    revokedHosts: [],
    serversMax: 100,
    acknowledgeEvery: 10,
    inherited: 0,
    settings: () => undefined,
    guardians: undefined,
    clock: systemClock,
    log: silentLogger,
  });
  let nonce = "";
  const server = await openUdpServer({
    address: "127.0.0.1",
    port: 0,
    receiveBufferBytes: 65_536,
    onDatagram: (bytes, from) => {
      const answer = reception.take(bytes, from.address);
      const ack = answer === undefined ? undefined : openAcknowledgement(key, answer);
      nonce = ack?.nonce || nonce;
    },
    log,
  });
  const socket = createSocket("udp4");
  t.after(async () => {
    socket.close();
    await server.close();
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  let leaving = 0;
  const send = (bytes: Uint8Array): void => {
    leaving += 1;
    socket.send(bytes, server.port, "127.0.0.1", () => (leaving -= 1));
  };
  /** All that was sent has left, and nothing more comes. No marker: a dropped one would count as well. */
  const settled = async (): Promise<void> => {
    let before = -1;
    await waitFor("a quiet socket", async () => {
      const { received } = reception.ingest.ledger(0);
      const isQuiet = leaving === 0 && received === before;
      before = received;
      await sleep(150);
      return isQuiet ? true : undefined;
    });
  };
  assert.deepEqual(
    warnings.map(({ event }) => event),
    ["small-receive-buffer"],
  );

  send(report(1));
  await settled();
  send(report(2, [nonce]));
  await settled();
  assert.deepEqual(
    [reception.ingest.ledger(0).expected, reception.ingest.ledger(0).missing],
    [2, 0],
  );

  const burst = Array.from({ length: 3000 }, (_, index) => report(3 + index));
  // All in one turn of the loop: nobody reads meanwhile.
  for (const bytes of burst) send(bytes);
  await settled();
  send(report(3003));
  await settled();

  const dropped = readKernelDrops(server.address, server.port);
  const ledger = reception.ingest.ledger(dropped);
  assert.ok(dropped > 0, "the buffer was large enough");
  assert.equal(ledger.expected, 3003);
  assert.equal(ledger.missing, dropped);
  assert.equal(ledger.accepted + ledger.late + ledger.missing, 3003);
  const [loss] = reception.losses();
  assert.deepEqual(
    [loss?.sent, loss?.received, loss?.missing, loss?.duplicate],
    [3003, 3003 - dropped, dropped, 0],
  );
});

test("nothing is sent to port 0, from which a forged datagram may come", async (t) => {
  const server = await openUdpServer({
    address: "127.0.0.1",
    port: 0,
    receiveBufferBytes: 65_536,
    onDatagram: () => undefined,
    log: silentLogger,
  });
  t.after(() => server.close());
  assert.doesNotThrow(() => server.send(Buffer.from("x"), { address: "127.0.0.1", port: 0 }));
});
