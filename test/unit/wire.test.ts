import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { fc } from "../support/properties.ts";
import { hostName, serverId } from "../../shared/names.ts";
import { createReplayTable } from "../../shared/replay-window.ts";
import { decodeHeader, encodeDatagram, serversPerDatagram } from "../../shared/wire.ts";
import {
  createHostKeys,
  createReceiver,
  deriveHostKey,
  importKey,
  signDatagram,
  type Receiver,
} from "../../shared/wire-auth.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

const master = new Uint8Array(32).fill(7);
const compute1 = hostName("compute-1");
const nonce = "0123456789abcdef";
const keyBytes = deriveHostKey(master, compute1);
const key = importKey(keyBytes);

function receiver(revoked: readonly string[] = []): Receiver {
  return createReceiver({
    keys: createHostKeys(new Map([[1, master]])),
    replays: createReplayTable({ newNonce: () => nonce }),
    revokedHosts: new Set(revoked),
  });
}

function reasonOf(bytes: Uint8Array, by = receiver()): string {
  const received = by.receive(bytes, 0);
  return received.kind === "accepted" ? "accepted" : received.reason;
}

const liveness = { kind: "liveness", checks: healthyChecks } as const;
const good = signDatagram(key, sampleHeader(), [liveness]);

test("a signed report is read back as it was written", () => {
  const servers = {
    kind: "servers",
    reportSequence: 1,
    part: 0,
    parts: 1,
    servers: [
      { server: serverId("00112233-4455-6677-8899-aabbccddeeff"), state: "running" },
      { server: serverId("f0000000-0000-4000-8000-00000000000f"), state: "crashed" },
    ],
  } as const;
  const received = receiver().receive(signDatagram(key, sampleHeader(), [liveness, servers]), 0);
  assert.equal(received.kind, "accepted");
  assert.deepEqual(received.kind === "accepted" && received.report, {
    header: sampleHeader(),
    liveness,
    servers,
    more: [],
    unknownRecords: 0,
  });
});

test("the test vector of docs/wire-format.md", () => {
  assert.equal(
    Buffer.from(good).toString("hex"),
    "4752444e01010109" +
      "0123456789abcdef" +
      "0000000000001388" +
      "0000000000000001" +
      "0000018bcfe56800" +
      "000000012a1cd560" +
      "0000000000000001" +
      "0000000000000000" +
      "636f6d707574652d31" +
      "010032" +
      "010101010000" +
      "000000c80000012c000004b000000007000000640000000300000002" +
      "a1b2c3d4e5f60718293a4b5c6d7e8f90" +
      "2f17fa4828d325d7665a5b85a82a2055148f796ded41a96a1135a230fecaf455",
  );
});

test("the GUID of a BMC makes a liveness record 16 bytes longer, and is read back", () => {
  const checks = { ...healthyChecks, bmcGuid: "0123456789abcdef0123456789abcde1" };
  const bytes = signDatagram(key, sampleHeader(), [{ kind: "liveness", checks }]);
  assert.equal(bytes.length, good.length + 16);
  const received = receiver().receive(bytes, 0);
  assert.deepEqual(received.kind === "accepted" && received.report.liveness?.checks, checks);
});

test("each fault has its own reason", () => {
  const changed = (offset: number, value: number): Uint8Array => {
    const bytes = Uint8Array.from(good);
    bytes[offset] = value;
    return bytes;
  };
  const otherHost = signDatagram(key, sampleHeader({ host: hostName("compute-2") }), [liveness]);
  assert.equal(reasonOf(good), "accepted");
  assert.equal(reasonOf(good.subarray(0, 60)), "too-short");
  assert.equal(reasonOf(new Uint8Array(1401)), "too-long");
  assert.equal(reasonOf(changed(0, 0)), "magic");
  assert.equal(reasonOf(changed(4, 2)), "version");
  assert.equal(reasonOf(changed(5, 9)), "unknown-key");
  assert.equal(reasonOf(changed(6, 200)), "header");
  assert.equal(reasonOf(otherHost), "mac");
  assert.equal(reasonOf(good, receiver(["compute-1"])), "wrong-host");
  const same = receiver();
  assert.equal(reasonOf(good, same), "accepted");
  assert.equal(reasonOf(good, same), "replayed");
});

test("a forged datagram changes no state: the true one after it is accepted", () => {
  const same = receiver();
  const forged = Uint8Array.from(good);
  forged[31] = 200;
  assert.equal(reasonOf(forged, same), "mac");
  assert.equal(reasonOf(good, same), "accepted");
});

test("records of unknown types are skipped and counted, longer records read as far as known", () => {
  const body = encodeDatagram(sampleHeader(), [liveness]);
  const withMore = new Uint8Array([...body, 77, 0, 2, 1, 2, 99, 0, 0]);
  const received = receiver().receive(signRaw(withMore), 0);
  assert.equal(received.kind === "accepted" && received.report.unknownRecords, 2);
  assert.deepEqual(received.kind === "accepted" && received.report.liveness?.checks, healthyChecks);
  const longer = new Uint8Array([...body, 0xaa]);
  longer[64 + 9 + 2] = 51;
  assert.equal(reasonOf(signRaw(longer)), "accepted");
});

test("what a probe hears from its collectors stands behind the GUID, and is read back", () => {
  const link = { settingsVersion: 7, cutOff: 0b100, echoes: [nonce, "f".repeat(16)] };
  const bytes = signDatagram(key, sampleHeader(), [{ ...liveness, link }]);
  assert.equal(bytes.length, good.length + 22 + 16);
  const received = receiver().receive(bytes, 0);
  assert.deepEqual(received.kind === "accepted" && received.report.liveness, {
    kind: "liveness",
    checks: healthyChecks,
    link,
  });
  assert.equal(received.kind === "accepted" && received.life.confirmed, true);
});

test("more echoes than the record has room for are nonsense", () => {
  const link = { settingsVersion: 1, cutOff: 0, echoes: [nonce] };
  const body = encodeDatagram(sampleHeader(), [{ ...liveness, link }]);
  const count = 64 + 9 + 3 + 71;
  for (const [echoes, expected] of [
    [0, "accepted"],
    [1, "accepted"],
    [2, "decode"],
    [17, "decode"],
    [255, "decode"],
  ] as const) {
    body[count] = echoes;
    assert.equal(reasonOf(signRaw(body)), expected, String(echoes));
  }
});

test("authentic nonsense is refused as such", () => {
  const body = encodeDatagram(sampleHeader(), [liveness]);
  for (const tail of [
    [1],
    [1, 0],
    [1, 0, 9, 1],
    [1, 0, 1, 1],
    [2, 0, 1, 1],
    [2, 0, 9, ...Array(9).fill(1)],
  ]) {
    assert.equal(reasonOf(signRaw(new Uint8Array([...body, ...tail]))), "decode", String(tail));
  }
});

function signRaw(body: Uint8Array): Uint8Array {
  const signed = new Uint8Array(body.length + 32);
  signed.set(body);
  signed.set(createHmac("sha256", keyBytes).update(body).digest(), body.length);
  return signed;
}

test("hostile bytes never throw and are never accepted", () => {
  const same = receiver();
  assert.equal(reasonOf(good, same), "accepted");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1500 }), (bytes) => {
      assert.notEqual(reasonOf(bytes, same), "accepted");
    }),
  );
  const prefix = Array.from(good.subarray(0, 8));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1400 }), (bytes) => {
      assert.notEqual(reasonOf(new Uint8Array([...prefix, ...bytes]), same), "accepted");
    }),
  );
});

test("every truncation and every flipped bit is refused", () => {
  for (let length = 0; length < good.length; length += 1) {
    assert.notEqual(reasonOf(good.subarray(0, length)), "accepted");
  }
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const flipped = Uint8Array.from(good);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.notEqual(reasonOf(flipped), "accepted", `bit ${bit}`);
  }
});

test("authentic records of random bytes never throw", () => {
  const header = encodeDatagram(sampleHeader(), []);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1200 }), (records) => {
      const received = receiver().receive(signRaw(new Uint8Array([...header, ...records])), 0);
      assert.ok(received.kind === "accepted" || received.reason === "decode");
    }),
  );
});

test("a report that does not fit is a bug of the sender, said at once", () => {
  const fits = serversPerDatagram(compute1);
  const entry = {
    server: serverId("00112233-4455-6677-8899-aabbccddeeff"),
    state: "running",
  } as const;
  const record = (count: number) =>
    ({
      kind: "servers",
      reportSequence: 1,
      part: 0,
      parts: 1,
      servers: Array(count).fill(entry),
    }) as const;
  assert.ok(encodeDatagram(sampleHeader(), [record(fits)]).length + 32 <= 1400);
  assert.throws(() => encodeDatagram(sampleHeader(), [record(fits + 1)]), /cannot be sent/);
});

test("numbers beyond 2^53 and host names that Nova cannot have are refused before the key", () => {
  const bytes = Uint8Array.from(good);
  bytes[24] = 0xff;
  assert.equal(decodeHeader(bytes), "header");
  const named = Uint8Array.from(good);
  named[64] = 0x20;
  assert.equal(decodeHeader(named), "header");
});
