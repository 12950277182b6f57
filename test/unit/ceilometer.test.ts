import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readSample, readTime } from "../../collector/core/ceilometer-sample.ts";
import { createMessageWindow } from "../../collector/core/message-window.ts";
import { compareByCodePoint, floatText, PythonFloat } from "../../collector/core/python-text.ts";
import {
  createCeilometerReception,
  createVerifier,
} from "../../collector/shell/ceilometer-reception.ts";
import { decodeMessage } from "../../collector/shell/msgpack.ts";
import type { Clock } from "../../shared/clock.ts";
import { integerBetween, seededRandom } from "../../shared/random.ts";
import { Secret } from "../../shared/secret.ts";
import { monoMs } from "../../shared/time.ts";
import { encode, mapOf, sampleEntries, signedSample } from "../support/ceilometer-message.ts";

interface Vector {
  readonly label: string;
  readonly hex: string;
  readonly sig: string;
}

const { secret_utf8: vectorSecret, vectors } = JSON.parse(
  readFileSync("test/vectors/ceilometer_signature_vectors.json", "utf8"),
) as { readonly secret_utf8: string; readonly vectors: readonly Vector[] };

const sampleMs = Date.UTC(2026, 10, 22, 10, 0, 0, 123);

function reception(secret = "s3cret", clock: Partial<{ wall: number; mono: number }> = {}) {
  const now = { wall: sampleMs, mono: 0, ...clock };
  const own = { wallMs: () => now.wall, monoMs: () => monoMs(now.mono) } as Clock;
  const options = { secret: new Secret(secret), windowMs: 600_000, samplesMax: 1000, clock: own };
  return { now, ...createCeilometerReception(options) };
}

test("all 30 messages that genuine Ceilometer signed verify, and none with one bit turned in its signature", () => {
  const verify = createVerifier(new Secret(vectorSecret));
  assert.equal(vectors.length, 30);
  for (const { label, hex, sig } of vectors) {
    const map = decodeMessage(Buffer.from(hex, "hex"));
    assert.ok(map !== undefined, label);
    assert.equal(verify(map, sig), true, label);
    const other = (Number.parseInt(sig.slice(0, 1), 16) ^ 1).toString(16) + sig.slice(1);
    assert.equal(verify(map, other), false, label);
    assert.equal(verify(map, ""), false, label);
  }
});

test("floats are written as Python writes them", () => {
  const known: readonly (readonly [number, string])[] = [
    [10, "10.0"],
    [-0, "-0.0"],
    [1e15, "1000000000000000.0"],
    [1e16, "1e+16"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e22, "1e+22"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [1.5e-7, "1.5e-07"],
    [5e-324, "5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [Number.NaN, "nan"],
    [Number.NEGATIVE_INFINITY, "-inf"],
  ];
  for (const [value, text] of known) assert.equal(floatText(value), text);
});

test("names are sorted by code point, not by UTF-16 unit", () => {
  const names = ["\u{1F600}", "\uFFFD", "a", "ab", "\u{10000}"];
  assert.deepEqual(names.toSorted(compareByCodePoint), [
    "a",
    "ab",
    "\uFFFD",
    "\u{10000}",
    "\u{1F600}",
  ]);
});

test("a sample is taken once, with what the store keeps of it", () => {
  const { take, samples } = reception();
  const bytes = signedSample("s3cret", sampleEntries());
  assert.equal(take(bytes), undefined);
  assert.equal(take(bytes), "replayed");
  assert.deepEqual(samples.takeSamples(9), [
    {
      name: "cpu",
      type: "cumulative",
      unit: "ns",
      volume: 123_456,
      resourceId: "r1",
      projectId: "p1",
      source: "openstack",
      wallMs: sampleMs,
    },
  ]);
  assert.deepEqual([...samples.figures().refused], [["replayed", 1]]);
});

/** What each refusal is for; signed correctly, so that only strictness stands in the way. */
const refused: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
  ["another key", { publisher_id: "x" }, "keys"],
  ["a key that is missing", { message_id: undefined }, "keys"],
  ["a volume that is a text", { counter_volume: "12" }, "types"],
  ["a volume that is no number", { counter_volume: new PythonFloat(Number.NaN) }, "types"],
  ["no volume", { counter_volume: null }, "types"],
  ["a type that Ceilometer has not", { counter_type: "rate" }, "types"],
  ["a meter with a space", { counter_name: "cpu x" }, "types"],
  ["nobody's resource", { resource_id: null }, "types"],
  ["None as a text", { project_id: "None" }, "types"],
  ["metadata that is no map", { resource_metadata: "x" }, "types"],
  ["an id that is no UUID", { message_id: "1" }, "types"],
  ["a flag as monotonic time", { monotonic_time: true }, "types"],
  ["a time that is none", { timestamp: "yesterday" }, "timestamp"],
  ["a unit that goes on with the next name", { counter_unit: "nscounter_volume1" }, "ambiguous"],
  ["a project that does", { project_id: "aresource_idb" }, "ambiguous"],
  ["a resource that does", { resource_id: "rresource_metadata:a" }, "ambiguous"],
  ["a sample of an hour ago", { timestamp: "2026-11-22T09:00:00" }, "stale"],
  ["a sample of tomorrow", { timestamp: "2026-11-23T10:00:00+00:00" }, "stale"],
];

for (const [what, changes, reason] of refused) {
  test(`refused although it is signed: ${what}`, () => {
    const { take, samples } = reception();
    const entries = sampleEntries(changes);
    assert.equal(take(signedSample("s3cret", entries)), reason);
    assert.deepEqual([...samples.figures().refused], [[reason, 1]]);
    assert.equal(samples.figures().waiting, 0);
  });
}

test("what Ceilometer's own check lets through is refused: a field folded into another, a number retyped", () => {
  const { take } = reception();
  const entries = sampleEntries();
  const good = signedSample("s3cret", entries);
  const signature = decodeMessage(good)?.values.at(-1);
  const volume = entries.findIndex(([key]) => key === "counter_volume");
  const folded = entries
    .map(([key, value]) =>
      key === "counter_volume"
        ? [key, `123456message_id${String(entries[10]?.[1])}`]
        : [key, value],
    )
    .filter(([key]) => key !== "message_id") as [string, unknown][];
  const retyped = entries.map(
    ([key, value], at) => [key, at === volume ? "123456" : value] as const,
  );
  for (const [forged, reason] of [
    [folded, "keys"],
    [retyped, "types"],
  ] as const) {
    const map = mapOf([...forged, ["message_signature", signature]]);
    assert.equal(createVerifier(new Secret("s3cret"))(map, String(signature)), true);
    assert.equal(take(encode(map)), reason);
  }
});

test("another secret, no signature, a turned bit: not taken", () => {
  const { take } = reception();
  assert.equal(take(signedSample("other", sampleEntries())), "signature");
  assert.equal(take(encode(mapOf([...sampleEntries(), ["message_signature", ""]]))), "signature");
  assert.equal(take(encode(mapOf(sampleEntries()))), "keys");
  const unsigned = reception("");
  assert.equal(
    unsigned.take(encode(mapOf([...sampleEntries(), ["message_signature", ""]]))),
    undefined,
  );
});

test("no recording gets in twice, at any time: by its id while it is young, by its time after that", () => {
  const { take, now } = reception();
  const bytes = signedSample("s3cret", sampleEntries());
  const results = new Set<string | undefined>();
  for (let second = -700; second <= 3000; second += 7) {
    now.wall = sampleMs + 1000 * second;
    now.mono = 1000 * second;
    results.add(`${take(bytes) ?? "taken"}`);
  }
  assert.deepEqual([...results], ["stale", "taken", "replayed"]);
});

test("the window is bounded: beyond it new samples are refused, none is taken twice", () => {
  const window = createMessageWindow({ windowMs: 1000, idsMax: 3 });
  const admit = (id: string, at: number) => window.admit(id, 0, monoMs(at));
  assert.deepEqual(
    [admit("a", 0), admit("b", 0), admit("c", 0), admit("d", 0)],
    ["new", "new", "new", "window-full"],
  );
  assert.equal(admit("a", 1), "replayed");
  assert.equal(admit("d", 2000), "window-full");
  assert.equal(admit("d", 4000), "new");
  assert.ok(window.size() <= 3);
});

test("times as Ceilometer writes them", () => {
  assert.equal(readTime("2026-11-22T10:00:00.123456"), sampleMs);
  assert.equal(readTime("2026-11-22T12:00:00.123+02:00"), sampleMs);
  assert.equal(readTime("2024-02-29T23:59:59Z"), Date.UTC(2024, 1, 29, 23, 59, 59));
  assert.equal(readTime("2000-01-01 00:00:00"), Date.UTC(2000, 0, 1));
  for (let day = 0; day < 40_000; day += 1) {
    const date = new Date(day * 86_400_000);
    assert.equal(readTime(date.toISOString()), date.getTime());
  }
  for (const bad of ["2026-13-01T00:00:00", "", "2026-11-22", 5, null]) {
    assert.equal(readTime(bad), undefined);
  }
});

const fuzzed = Number(process.env["FUZZED_SAMPLES"] ?? 60_000);

test(`${fuzzed} mutated datagrams: none crashes, none is taken, each is counted by its reason`, (t) => {
  const random = seededRandom(Number(process.env["FUZZ_SEED"] ?? 4952));
  const { take, samples, remembered } = reception();
  const seeds = [
    ...vectors.map(({ hex }) => Buffer.from(hex, "hex")),
    signedSample("s3cret", sampleEntries()),
    signedSample(
      "s3cret",
      sampleEntries({ resource_metadata: mapOf([["a", mapOf([["b", [1, null]]])]]) }),
    ),
  ];
  const heapBefore = process.memoryUsage().heapUsed;
  for (let run = 0; run < fuzzed; run += 1) {
    const bytes = mutate(seeds[run % seeds.length] ?? Buffer.alloc(0), random);
    // A mutation may hit what was not covered: nothing is, so it must be a copy of the seed then.
    if (take(bytes) === undefined) {
      assert.ok(
        seeds.some((seed) => seed.equals(bytes)),
        `taken: ${bytes.toString("hex")}`,
      );
    }
  }
  const { refused: reasons, accepted } = samples.figures();
  const counted = [...reasons.values()].reduce((sum, count) => sum + count, accepted);
  assert.equal(counted, fuzzed);
  for (const reason of ["decode", "keys", "types", "signature"] as const) {
    assert.ok((reasons.get(reason) ?? 0) > 0, `nothing was refused for ${reason}`);
  }
  assert.ok(remembered() <= 2 && samples.figures().waiting <= 2);
  assert.ok(process.memoryUsage().heapUsed - heapBefore < 200_000_000);
  t.diagnostic(JSON.stringify(Object.fromEntries(reasons)));
});

/** Bits turned, bytes cut, put in or doubled, lengths made huge, depth made deep. */
function mutate(seed: Buffer, random: ReturnType<typeof seededRandom>): Buffer {
  const bytes = Buffer.from(seed);
  const at = integerBetween(random, 0, bytes.length - 1);
  const way = integerBetween(random, 0, 7);
  if (way < 3) bytes[at] = (bytes[at] ?? 0) ^ (1 << integerBetween(random, 0, 7));
  if (way === 3) return bytes.subarray(0, at);
  if (way === 4) return Buffer.concat([bytes, bytes.subarray(0, integerBetween(random, 1, 20))]);
  if (way === 5) bytes[at] = integerBetween(random, 0xc0, 0xdf);
  if (way === 6) bytes.fill(0xff, at, Math.min(at + 5, bytes.length));
  if (way === 7) {
    const deep = Buffer.alloc(integerBetween(random, 1, 60_000), random.next() < 0.5 ? 0x91 : 0x81);
    return Buffer.concat([bytes.subarray(0, at), deep.subarray(0, way * 4), bytes.subarray(at)]);
  }
  return bytes;
}

test("a small datagram whose signed text would be a gigabyte is refused, and soon", () => {
  const { take } = reception();
  const inner = Array.from({ length: 5000 }, (_, at) => [String(at), 1] as const);
  const metadata = mapOf([["k".repeat(15_000), mapOf(inner)]]);
  const bytes = signedSample("other", sampleEntries({ resource_metadata: metadata }));
  assert.ok(bytes.length < 65_507);
  const before = process.cpuUsage();
  assert.equal(take(bytes), "signature");
  const { user } = process.cpuUsage(before);
  assert.ok(user < 500_000, `${user} us`);
});

test("depth, lengths that lie, and what is no single map cost nothing", () => {
  const bad = [
    Buffer.alloc(65_507, 0x91),
    Buffer.alloc(65_507, 0x81),
    Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x81, 0xa1, 0x61, 0xdb, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2]),
    Buffer.from([0x81, 1, 1]),
    Buffer.from([0x81, 0xa1, 0xff, 1]),
    Buffer.from([0x80, 0x80]),
    Buffer.from([0x90]),
    Buffer.from([0xc1]),
    Buffer.from([0xd4, 1, 1]),
    Buffer.alloc(0),
  ];
  for (const bytes of bad) {
    assert.equal(decodeMessage(bytes), undefined, bytes.subarray(0, 8).toString("hex"));
  }
  assert.equal(readSample(mapOf([])), "keys");
});
