import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../support/properties.ts";
import { lossesOf } from "../../collector/core/loss-ledger.ts";
import { readRememberedLives } from "../../collector/core/remembered-lives.ts";
import { hostName } from "../../shared/names.ts";
import {
  createReplayTable,
  type Admitted,
  type Origin,
  type RememberedLife,
  type ReplayTable,
} from "../../shared/replay-window.ts";

const bootA = "a".repeat(16);
const bootB = "b".repeat(16);
const longUpMs = 1e9;

function origin(sequence: number, changes: Partial<Origin> = {}): Origin {
  const host = hostName("compute-1");
  const life = { bootId: bootA, probeEpoch: 100, sentMonoMs: 100 + 1000 * sequence };
  return { host, path: "storage", sequence, sent: sequence, ...life, ...changes };
}

/** A table with nonces of its own; `told` are the ones it made. */
function newTable(restored: readonly RememberedLife[] = [], hostsMax = 100) {
  const told: string[] = [];
  const newNonce = (): string => {
    told.push(String(told.length + 1).padStart(16, "0"));
    return told.at(-1) ?? "";
  };
  return { table: createReplayTable({ restored, hostsMax, newNonce }), told };
}

function admission(table: ReplayTable, of: Origin): string {
  return table.admit(of, longUpMs).admission;
}

/** Admits one datagram and lets its life echo the nonce that was made for it. */
function confirm(table: ReplayTable, of: Origin): void {
  const { life } = taken(table.admit(of, longUpMs));
  assert.ok(table.confirm(life, [life.nonce]));
}

function taken(admitted: Admitted): Extract<Admitted, { readonly life: unknown }> {
  assert.ok("life" in admitted, admitted.admission);
  return admitted;
}

test("on a path that was not heard yet what another path has left behind for long is no sign of life", () => {
  const { table } = newTable();
  for (let sequence = 1; sequence <= 60; sequence += 1) admission(table, origin(sequence));
  const recorded = (sequence: number): string =>
    admission(table, origin(sequence, { path: "management" }));
  assert.deepEqual([1, 20, 49, 50, 58].map(recorded), ["late", "late", "late", "newest", "newest"]);
});

test("newest, late, replayed and too old are told apart", () => {
  const { table } = newTable();
  const verdicts = [5, 5, 3, 3, 6, 70, 6, 7, 7, 5, 71, 38, 38, 39].map((sequence) =>
    admission(table, origin(sequence)),
  );
  assert.deepEqual(verdicts, [
    "newest",
    "replayed",
    "late",
    "replayed",
    "newest",
    "newest",
    "too-old",
    "late",
    "replayed",
    "too-old",
    "newest",
    "late",
    "replayed",
    "late",
  ]);
});

test("the window is that of a list that remembers every sequence, in any order of arrival", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 300 }), (sequences) => {
      const { table } = newTable();
      const seen = new Set<number>();
      let highest = 0;
      for (const sequence of sequences) {
        const isOld = highest - sequence >= 64;
        const known = seen.has(sequence) ? "replayed" : "late";
        const expected = sequence > highest ? "newest" : isOld ? "too-old" : known;
        assert.equal(admission(table, origin(sequence)), expected, String(sequence));
        seen.add(sequence);
        highest = Math.max(highest, sequence);
      }
    }),
  );
});

test("the same sequence counts once per path", () => {
  const { table } = newTable();
  assert.equal(admission(table, origin(1)), "newest");
  assert.equal(admission(table, origin(1, { path: "business" })), "newest");
  assert.equal(admission(table, origin(1, { path: "business" })), "replayed");
});

test("a new life is unconfirmed until it echoes the nonce made for it, and no other one", () => {
  const { table, told } = newTable();
  const { life } = taken(table.admit(origin(1), longUpMs));
  assert.equal(life.confirmed, false);
  assert.equal(table.confirm(life, ["f".repeat(16), ""]), false);
  assert.equal(life.confirmed, false);
  assert.ok(table.confirm(life, ["f".repeat(16), ...told]));
  assert.ok(taken(table.admit(origin(2), longUpMs)).life.confirmed);
});

test("a recording of an earlier boot ends no life that is confirmed", () => {
  const { table } = newTable();
  confirm(table, origin(50));
  const played = taken(table.admit(origin(900, { bootId: bootB, probeEpoch: 999 }), longUpMs));
  assert.equal(played.life.confirmed, false);
  const true1 = taken(table.admit(origin(51), longUpMs));
  assert.deepEqual([true1.admission, true1.life.confirmed], ["newest", true]);
});

test("lives that nobody confirms crowd out each other, never the one that is confirmed", () => {
  const { table } = newTable();
  confirm(table, origin(1));
  for (let boot = 0; boot < 20; boot += 1) {
    const bootId = String(boot).padStart(16, "0");
    assert.equal(admission(table, origin(1, { bootId })), "newest");
  }
  assert.ok(taken(table.admit(origin(2), longUpMs)).life.confirmed);
  assert.equal(table.remembered().length, 1);
  assert.equal(table.remembered()[0]?.bootId, bootA);
});

test("a restarted probe counts anew once it is confirmed; its former life is refused", () => {
  const { table } = newTable();
  confirm(table, origin(50));
  confirm(table, origin(1, { probeEpoch: 200 }));
  assert.equal(admission(table, origin(51)), "stale-epoch");
  assert.equal(admission(table, origin(2, { probeEpoch: 200 })), "newest");
});

test("a boot that ended never returns", () => {
  const { table } = newTable();
  const boots = Array.from({ length: 17 }, (_, index) => String(index).padStart(16, "0"));
  for (const bootId of boots) confirm(table, origin(1, { bootId }));
  for (const bootId of boots.slice(0, 16)) {
    assert.equal(admission(table, origin(900, { bootId, probeEpoch: 999 })), "retired-boot");
  }
  assert.equal(admission(table, origin(2, { bootId: boots[16] ?? "" })), "newest");
});

test("a full table refuses newcomers and forgets nobody", () => {
  const { table } = newTable([], 1);
  assert.equal(admission(table, origin(1)), "newest");
  assert.equal(admission(table, origin(1, { host: hostName("compute-2") })), "table-full");
  assert.equal(admission(table, origin(1)), "replayed");
});

test("what is remembered outlives the table: ended boots, the current life, sequences seen", () => {
  const { table: before } = newTable();
  confirm(before, origin(9, { bootId: bootB }));
  confirm(before, origin(40));
  before.admit(origin(41, { path: "business" }), longUpMs);
  const saved: unknown = JSON.parse(JSON.stringify(before.remembered()));
  const { table } = newTable(readRememberedLives(saved));
  assert.deepEqual(table.remembered(), before.remembered());
  assert.equal(admission(table, origin(99, { bootId: bootB })), "retired-boot");
  assert.equal(admission(table, origin(40)), "replayed");
  assert.equal(admission(table, origin(3)), "replayed");
  assert.equal(admission(table, origin(99, { probeEpoch: 99 })), "stale-epoch");
  const next = taken(table.admit(origin(41), longUpMs));
  assert.deepEqual([next.admission, next.life.confirmed], ["newest", true]);
});

test("a life that nobody confirmed is not remembered", () => {
  const { table } = newTable();
  table.admit(origin(1), longUpMs);
  assert.deepEqual(table.remembered(), []);
});

test("a saved table that makes no sense is refused as a whole", () => {
  const { table: good } = newTable();
  confirm(good, origin(1));
  const [life] = good.remembered();
  assert.ok(life);
  assert.throws(() => readRememberedLives({}));
  for (const broken of [null, {}, { ...life, bootId: 5 }, { ...life, highest: { storage: "x" } }]) {
    assert.throws(() => readRememberedLives([broken]));
  }
});

test("whatever the network does, sent = received + late + refused + missing, to the datagram", () => {
  const sequences = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(sequences, (arrivals) => {
      const { table } = newTable();
      // The last one comes: what was sent is known to us.
      const last = Math.max(...arrivals) + 1;
      confirm(table, origin(arrivals[0] ?? 1));
      for (const sequence of [...arrivals.slice(1), last]) table.admit(origin(sequence), longUpMs);
      const [loss] = lossesOf(table.windows());
      assert.ok(loss);
      assert.equal(loss.sent, last);
      assert.equal(loss.received + loss.late + loss.refused + loss.missing, loss.sent);
      const came = loss.received + loss.late + loss.duplicate + loss.tooOld;
      assert.equal(came, arrivals.length + 1);
      const distinct = new Set([...arrivals, last]).size;
      // What came too late to know is missing; all else is counted once.
      assert.ok(loss.missing >= last - distinct);
      assert.ok(loss.missing <= last - distinct + loss.tooOld);
    }),
  );
});

test("what was sent before we listened, or while we were away, is no loss of ours", () => {
  const { table } = newTable();
  // The probe has run for 500 s; we have listened for 10 s.
  const { life } = taken(table.admit(origin(500), 10_000));
  table.confirm(life, [life.nonce]);
  table.admit(origin(503), 13_000);
  assert.deepEqual(sums(table), { sent: 4, received: 2, missing: 2 });
  const { table: again } = newTable(table.remembered());
  again.admit(origin(600), 1000);
  again.admit(origin(602), 3000);
  assert.deepEqual(sums(again), { sent: 3, received: 2, missing: 1 });
});

test("the losses of a life stay counted when another one follows it", () => {
  const { table } = newTable();
  confirm(table, origin(1));
  table.admit(origin(4), longUpMs);
  confirm(table, origin(1, { bootId: bootB }));
  table.admit(origin(3, { bootId: bootB }), longUpMs);
  assert.deepEqual(sums(table), { sent: 7, received: 4, missing: 3 });
  assert.equal(lossesOf(table.windows()).length, 1);
});

function sums(table: ReplayTable): object {
  const [loss] = lossesOf(table.windows());
  return { sent: loss?.sent, received: loss?.received, missing: loss?.missing };
}
