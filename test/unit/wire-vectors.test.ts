/**
 * test/vectors/wire-v1.json, both ways: what is written there makes these bytes, and these bytes say
 * what is written there. Another program can use the same file.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { hostName } from "../../shared/names.ts";
import { createReplayTable } from "../../shared/replay-window.ts";
import type { Acknowledgement } from "../../shared/wire-ack.ts";
import {
  createHostKeys,
  createReceiver,
  deriveHostKey,
  importKey,
  openAcknowledgement,
  openQuestion,
  signAcknowledgement,
  signDatagram,
  signQuestion,
} from "../../shared/wire-auth.ts";
import type { StartQuestion } from "../../shared/wire-question.ts";
import type { DatagramHeader } from "../../shared/wire.ts";
import type { WireRecord } from "../../shared/wire-records.ts";

const path = "test/vectors/wire-v1.json";

interface Vectors {
  readonly masterKeys: Readonly<Record<string, string>>;
  readonly hostKeys: readonly {
    readonly keyId: number;
    readonly host: string;
    readonly key: string;
  }[];
  readonly datagrams: readonly {
    readonly says: string;
    readonly header: DatagramHeader;
    readonly records: readonly WireRecord[];
    readonly bytes: string;
  }[];
  readonly acknowledgements: readonly {
    readonly says: string;
    readonly acknowledgement: Omit<Acknowledgement, "settings"> &
      Partial<Pick<Acknowledgement, "settings">>;
    readonly bytes: string;
  }[];
  readonly questions: readonly {
    readonly says: string;
    readonly question: StartQuestion;
    readonly bytes: string;
  }[];
  readonly refused: readonly {
    readonly says: string;
    readonly reason: string;
    readonly bytes: string;
  }[];
}

const vectors = JSON.parse(readFileSync(path, "utf8")) as Vectors;
const masters = new Map(
  Object.entries(vectors.masterKeys).map(([id, key]) => [Number(id), Buffer.from(key, "hex")]),
);

function keyOf(keyId: number, host: string) {
  const master = masters.get(keyId);
  assert.ok(master, `master key ${keyId}`);
  return deriveHostKey(master, hostName(host));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function receive(bytes: Uint8Array) {
  const replays = createReplayTable({ newNonce: () => "0123456789abcdef" });
  const keys = createHostKeys(masters);
  return createReceiver({ keys, replays, revokedHosts: new Set() }).receive(bytes, 0);
}

test("the file is as its own values make it", () => {
  const written: Vectors = {
    ...vectors,
    hostKeys: vectors.hostKeys.map((one) => ({ ...one, key: hex(keyOf(one.keyId, one.host)) })),
    datagrams: vectors.datagrams.map((one) => {
      const key = importKey(keyOf(one.header.keyId, one.header.host));
      return { ...one, bytes: hex(signDatagram(key, one.header, one.records)) };
    }),
    acknowledgements: vectors.acknowledgements.map((one) => {
      const { acknowledgement: ack } = one;
      const key = importKey(keyOf(ack.keyId, ack.host));
      const bytes = signAcknowledgement(key, { ...ack, settings: ack.settings });
      return { ...one, bytes: hex(bytes) };
    }),
    questions: vectors.questions.map((one) => {
      const key = importKey(keyOf(one.question.keyId, one.question.host));
      return { ...one, bytes: hex(signQuestion(key, one.question)) };
    }),
  };
  if (process.env["UPDATE_GOLDEN"] === "1") {
    writeFileSync(path, `${JSON.stringify(written, undefined, 2)}\n`);
  }
  assert.deepEqual(vectors, written, "UPDATE_GOLDEN=1 writes it");
  assert.ok(vectors.datagrams.length >= 5 && vectors.acknowledgements.length >= 3);
});

for (const { says, header, records, bytes } of vectors.datagrams) {
  test(`datagram: ${says}`, () => {
    assert.ok(bytes.length <= 2 * 1400);
    const received = receive(Buffer.from(bytes, "hex"));
    assert.ok(received.kind === "accepted", JSON.stringify(received));
    assert.deepEqual(received.report.header, header);
    const { liveness, servers, more } = received.report;
    const read = [liveness, servers, ...more].filter((record) => record !== undefined);
    assert.deepEqual(read, records);
  });
}

for (const { says, acknowledgement, bytes } of vectors.acknowledgements) {
  test(`acknowledgement: ${says}`, () => {
    const key = importKey(keyOf(acknowledgement.keyId, acknowledgement.host));
    const opened = openAcknowledgement(key, Buffer.from(bytes, "hex"));
    assert.deepEqual(opened, { settings: undefined, ...acknowledgement });
    // A report is no acknowledgement, and the other way round.
    assert.deepEqual(receive(Buffer.from(bytes, "hex")), { kind: "refused", reason: "magic" });
  });
}

for (const { says, question, bytes } of vectors.questions) {
  test(`question: ${says}`, () => {
    const opened = openQuestion(createHostKeys(masters), Buffer.from(bytes, "hex"));
    assert.deepEqual(opened?.question, question);
    assert.deepEqual(receive(Buffer.from(bytes, "hex")), { kind: "refused", reason: "magic" });
    const changed = Buffer.from(bytes, "hex");
    changed[40] = 1;
    assert.equal(openQuestion(createHostKeys(masters), changed), undefined);
  });
}

for (const { says, reason, bytes } of vectors.refused) {
  test(`refused: ${says}`, () => {
    assert.deepEqual(receive(Buffer.from(bytes, "hex")), { kind: "refused", reason });
  });
}
