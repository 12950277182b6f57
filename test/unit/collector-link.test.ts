import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollectorLink } from "../../compute-probe/core/collector-link.ts";
import { collectorId, hostName } from "../../shared/names.ts";
import type { Acknowledgement } from "../../shared/wire-ack.ts";

const settings = {
  version: 1,
  reportEveryMs: 500,
  serversEveryMs: 0,
  storageEveryMs: 0,
  businessEveryMs: 0,
  directoryEveryMs: 0,
  libvirtEveryMs: 0,
};

function ack(sequence: number, changes: Partial<Acknowledgement> = {}): Acknowledgement {
  return {
    keyId: 1,
    path: "management",
    host: hostName("compute-1"),
    bootId: "a".repeat(16),
    probeEpoch: 1,
    sequence,
    collector: collectorId("c1"),
    collectorEpoch: 1,
    nonce: "",
    received: sequence,
    every: 10,
    settings: undefined,
    peers: [],
    ...changes,
  };
}

/** Endpoints 0 and 1 by management, 2 by storage. */
function newLink(reportEveryMs = 1000) {
  const paths = ["management", "management", "storage"] as const;
  return createCollectorLink({ paths, nowMs: 0, reportEveryMs: () => reportEveryMs });
}

test("a path is cut off when none of its collectors has answered for three answers' time", () => {
  const link = newLink();
  assert.equal(link.status(30_000).cutOff, 0);
  link.take(1, ack(5), 20_000);
  assert.equal(link.status(31_000).cutOff, 0b100);
  assert.deepEqual(link.changes(31_000), [
    { endpoint: 0, heard: false },
    { endpoint: 2, heard: false },
  ]);
  assert.deepEqual(link.changes(32_000), []);
  link.take(2, ack(6, { path: "storage" }), 33_000);
  assert.deepEqual(link.changes(33_000), [{ endpoint: 2, heard: true }]);
  assert.equal(link.status(51_000).cutOff, 0b010);
  assert.equal(link.status(64_000).cutOff, 0b110);
});

test("a collector that answers every report is missed after ten seconds", () => {
  const link = newLink(200);
  link.take(0, ack(1, { every: 1 }), 1000);
  assert.equal(link.status(11_000).cutOff & 0b010, 0);
  assert.equal(link.status(11_001).cutOff & 0b010, 0b010);
});

test("nonces are echoed to all who ask, each once, until they ask no more", () => {
  const link = newLink();
  const [one, two] = ["1".repeat(16), "2".repeat(16)];
  link.take(0, ack(1, { nonce: one }), 1);
  link.take(1, ack(1, { nonce: two }), 1);
  link.take(2, ack(1, { nonce: one, path: "storage" }), 1);
  assert.deepEqual(link.status(2).echoes, [one, two]);
  link.take(0, ack(2), 3);
  link.take(2, ack(2, { path: "storage" }), 3);
  assert.deepEqual(link.status(4).echoes, [two]);
});

test("an answer played again, or for another path, changes nothing", () => {
  const link = newLink();
  link.take(0, ack(7), 1);
  link.take(0, ack(7, { nonce: "f".repeat(16), settings }), 2);
  link.take(0, ack(3, { settings }), 2);
  link.take(0, ack(9, { path: "storage", settings }), 2);
  assert.equal(link.settings(), undefined);
  assert.deepEqual(link.status(3).echoes, []);
});

test("the highest version counts, whoever sends it, and every interval stays within its bounds", () => {
  const link = newLink();
  assert.equal(link.take(0, ack(1, { settings }), 1), true);
  assert.equal(link.take(1, ack(1, { settings: { ...settings, reportEveryMs: 900 } }), 1), false);
  assert.equal(link.settings()?.reportEveryMs, 500);
  const wild = {
    version: 2,
    reportEveryMs: 86_400_000,
    serversEveryMs: 1,
    storageEveryMs: 1,
    businessEveryMs: 4_294_967_295,
    directoryEveryMs: 1,
    libvirtEveryMs: 0,
  };
  assert.equal(link.take(1, ack(2, { settings: wild }), 2), true);
  assert.deepEqual(link.settings(), {
    version: 2,
    reportEveryMs: 2000,
    serversEveryMs: 1000,
    storageEveryMs: 200,
    businessEveryMs: 60_000,
    directoryEveryMs: 500,
    libvirtEveryMs: 0,
  });
  assert.equal(link.status(3).settingsVersion, 2);
});
