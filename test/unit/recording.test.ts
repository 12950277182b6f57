/** What is recorded is what was taken, exactly; what cannot be recorded is refused and counted. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { exactText, fromExactText } from "../../guardian/core/exact-text.ts";
import { createInputReader, createInputWriter } from "../../guardian/core/input-codec.ts";
import { step } from "../../guardian/core/guardian.ts";
import { replay, type Frame } from "../../guardian/core/replay.ts";
import { createRowReader, createRowWriter, type KeyedRow } from "../../guardian/core/row-deltas.ts";
import { partsOf, stateOfParts, stateText } from "../../guardian/core/state-parts.ts";
import type { StoredChunk } from "../../guardian/ports.ts";
import { readRecordingText } from "../../guardian/shell/recording-file.ts";
import { framesOf } from "../../guardian/shell/recording-frames.ts";
import { Recorder } from "../../guardian/shell/recorder.ts";
import { hostName } from "../../shared/names.ts";
import { seededRandom } from "../../shared/random.ts";
import { Secret } from "../../shared/secret.ts";
import { after, wallMs } from "../../shared/time.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";
import { recordScript } from "../support/recorded-world.ts";

const story = readFileSync("test/scenario/guardian-killed-during-moves/commands.txt", "utf8");
const recorded = recordScript(story);

function inputsOf(chunks: readonly StoredChunk[]): readonly GuardianEvent[] {
  return [...framesOf(chunks)].flatMap((frame) => (frame.kind === "input" ? [frame.event] : []));
}

test("every input that was written reads back as it was, absent fields absent", () => {
  const read = inputsOf(recorded.chunks);
  const writer = createInputWriter();
  const reader = createInputReader();
  const again = recorded.inputs.map((event) => reader(writer(event)));
  assert.deepStrictEqual(again, recorded.inputs);
  // What the killed process had not written yet is missing, and nothing else.
  const second = (events: readonly GuardianEvent[]): number =>
    events.findLastIndex(({ kind }) => kind === "started");
  const [wrote, took] = [second(read), second(recorded.inputs)];
  assert.ok(wrote > 100 && took - wrote < 100, `${wrote} of ${took} inputs written`);
  assert.deepStrictEqual(read.slice(0, wrote), recorded.inputs.slice(0, wrote));
  assert.deepStrictEqual(read.slice(wrote), recorded.inputs.slice(took));
});

test("a field that came after this codec is recorded all the same", () => {
  const write = createInputWriter();
  const read = createInputReader();
  for (const kind of ["tick", "telemetry", "services"] as const) {
    const event = recorded.inputs.find((input) => input.kind === kind);
    assert.ok(event !== undefined);
    const later = { ...event, moon: "full", sun: undefined };
    assert.deepStrictEqual(read(write(later)), later);
  }
});

test("what a later release added to the state begins in an old snapshot as in a new guardian", () => {
  const { state } = new CoreFixture().run(5000);
  const parts = partsOf(state);
  const texts = Array.from({ length: parts.count }, (_, at) => parts.text(at));
  const older = texts.map((text) =>
    text.replaceAll(/"(domainAggregates|domains|silentAfterMs|goodMs)":/g, '"was_$1":'),
  );
  assert.notDeepEqual(older, texts);
  const read = stateOfParts(older);
  assert.deepEqual(read.settings.domainAggregates, []);
  assert.equal(read.settings.limits.silentAfterMs, 5000);
  assert.deepEqual(read.settings.hosts.get(host1)?.domains, {});
  assert.deepEqual(read.hosts.get(host1)?.domains, []);
  assert.equal(read.eyes.goodMs, 0);
});

test("rows that come and go, change shape, repeat, and hold odd numbers, read back exactly", () => {
  const random = seededRandom(5);
  const pick = (...values: unknown[]): unknown => values[Math.floor(random.next() * values.length)];
  const row = (): object => ({
    at: pick(0, -0, 1.001, 1e15, 0.1 + 0.2, Number.NaN, 1000 * random.next()),
    ...(random.next() < 0.2 ? { extra: pick(undefined, null, "x", true) } : {}),
    checks: { age: Math.floor(random.next() * 5), state: pick("ok", "down") },
    empty: {},
  });
  const rows = new Map<string, object>();
  const writer = createRowWriter();
  const reader = createRowReader();
  for (let look = 0; look < 300; look += 1) {
    if (random.next() < 0.3) rows.delete(`k${Math.floor(random.next() * 6)}`);
    for (let change = 0; change < 3; change += 1)
      rows.set(`k${Math.floor(random.next() * 6)}`, row());
    const list: KeyedRow[] = [...rows];
    if (random.next() < 0.1 && list[0] !== undefined) list.push([list[0][0], row()]);
    const stream = random.next() < 0.5 ? "store" : "live";
    const changes = fromExactText(exactText(writer.changes(stream, list)));
    const read = reader.rows(stream, changes as Parameters<typeof reader.rows>[1]);
    assert.deepStrictEqual(
      read,
      list.map(([, value]) => value),
    );
  }
});

test("rows that did not change cost next to nothing, and a second source neither", () => {
  const writer = createRowWriter();
  const list = (at: number): KeyedRow[] =>
    Array.from({ length: 100 }, (_, index) => [`k${index}`, { at, name: `host ${index}` }]);
  const first = exactText(writer.changes("live", list(1))).length;
  assert.equal(exactText(writer.changes("live", list(1))), "{}");
  const seen = exactText(writer.changes("store", list(1)));
  assert.match(seen, /"known"/);
  assert.doesNotMatch(seen, /"fresh"/);
  assert.ok(exactText(writer.changes("live", list(2))).length < first / 3);
});

test("maps, sets, undefined, infinities and shared objects survive; classes are refused", () => {
  const shared = { a: undefined, b: -0, c: Number.NEGATIVE_INFINITY };
  const value = { map: new Map<unknown, unknown>([["x", shared]]), set: new Set([1]), shared };
  const read = fromExactText(exactText(value, "refs")) as typeof value;
  assert.deepStrictEqual(read, value);
  assert.equal(read.map.get("x"), read.shared, "one object stays one");
  assert.throws(() => exactText({ password: new Secret("hush") }), /a Secret cannot be recorded/);
  assert.throws(() => exactText({ run: () => 1 }), /a function cannot be recorded/);
  assert.throws(() => exactText({ $: 1 }), /our own mark/);
});

test("a state in parts is the state, and goes on as it would have", () => {
  const core = new CoreFixture().run(15_000);
  const { state } = core;
  const parts = partsOf(state);
  const read = stateOfParts(Array.from({ length: parts.count }, (_, at) => parts.text(at)));
  assert.equal(stateText(read), stateText(state));
  const at = after(state.now, 250);
  const tick: GuardianEvent = { kind: "tick", at, wall: state.wall, disarmed: false };
  const [went, goes] = [step(state, tick), step(read, tick)];
  assert.deepStrictEqual(goes.effects, went.effects);
  assert.equal(stateText(goes.state), stateText(went.state));
});

test("an input that holds a secret is refused, counted, and the next one begins anew", () => {
  const { state } = new CoreFixture().run(2000);
  const recorder = new Recorder();
  const bad = { kind: "nova-failed", at: state.now, reason: new Secret("hush") };
  recorder.input(state, bad as unknown as GuardianEvent);
  recorder.output(state, []);
  assert.deepEqual(recorder.chunks(1), []);
  assert.equal(recorder.lost.inputs, 1);
  assert.match(recorder.lost.reason, /Secret cannot be recorded/);
  const wall = wallMs(state.wall);
  recorder.input(state, { kind: "tick", at: state.now, wall, disarmed: false });
  recorder.output(state, []);
  const chunks = recorder.chunks(2);
  assert.deepEqual([...new Set(chunks.map(({ kind }) => kind))], ["inputs", "snapshot"]);
});

test("what could not be written is counted; the replay names the gap and goes on after it", () => {
  const chunks = recorded.chunks.filter(({ epoch, kind }) => epoch === 2 || kind !== "inputs");
  const inputs = recorded.chunks.filter(({ epoch, kind }) => epoch === 1 && kind === "inputs");
  const lost = inputs[3];
  const holed = [...inputs.filter((chunk) => chunk !== lost), ...chunks];
  const result = replay(framesOf(holed));
  assert.deepEqual(
    result.gaps,
    [`${lost?.count} inputs were not recorded`].concat(result.gaps.slice(1)),
  );
  assert.ok(result.inputs > 0);
  assert.equal(result.difference, undefined);
});

test("a line that came out differently is the first difference", () => {
  let changed = false;
  const frames = [...framesOf(recorded.chunks)].map((frame): Frame => {
    if (frame.kind !== "input" || changed) return frame;
    const output = frame.output.map((text) => text.replace("row 14", "row 99"));
    changed = output.join() !== frame.output.join();
    return { ...frame, output };
  });
  assert.ok(changed);
  const { difference } = replay(frames);
  assert.match(difference?.recorded ?? "", /row 99/);
  assert.match(difference?.replayed ?? "", /row 14/);
});

test("an input that was tampered with leads elsewhere, and the next snapshot shows it", () => {
  const frames = [...framesOf(recorded.chunks)];
  const at = frames.findIndex((frame) => frame.kind === "input" && frame.event.kind === "services");
  const { difference } = replay(frames.filter((_, index) => index !== at));
  assert.ok(difference !== undefined);
});

test("with the settings that were recorded the other run does the same", () => {
  const { other, timeline, fates } = replay(framesOf(recorded.chunks), (settings) => settings);
  assert.deepEqual(other?.fates, fates);
  assert.deepEqual(other?.timeline, timeline);
  assert.equal(other?.unanswered, 0);
});

test("a more patient policy fences later, one that observes never", () => {
  const { chunks } = recordScript(readFileSync("test/scenario/power-loss/commands.txt", "utf8"));
  const host = hostName("compute-3");
  const patient = replay(framesOf(chunks), (settings) => ({
    ...settings,
    limits: { ...settings.limits, silentAfterMs: 9000 },
  }));
  const was = patient.fates.get(host)?.fencedAt ?? 0;
  const is = patient.other?.fates.get(host)?.fencedAt ?? 0;
  assert.ok(is >= was + 3000 && is < was + 6000, `${was} and ${is}`);
  assert.equal(patient.difference, undefined, "what was recorded is compared all the same");
  const watching = replay(framesOf(chunks), (settings) => ({ ...settings, mode: "observe" }));
  assert.equal(watching.fates.get(host)?.fencedAt, was);
  assert.equal(watching.other?.fates.get(host)?.fencedAt, undefined);
});

const golden = "test/unit/recording-version-1.ndjson";

/**
 * Written once, by the release that made version 1. It must stay readable: never write it anew. Who
 * changes the shape of the state converts the old shape in state-parts.ts; who changes the lines
 * makes the next version, with a file of its own.
 */
test("a recording of version 1 is read by this release", () => {
  if (process.env["WRITE_RECORDING"] === "1") writeFileSync(golden, fixtureText());
  const { incident, chunks } = readRecordingText(readFileSync(golden, "utf8"));
  assert.equal(incident, "i1-compute-3");
  const result = replay(framesOf(chunks));
  assert.ok(result.inputs > 500 && result.snapshots >= 1, `${result.inputs} inputs`);
  const orders = result.timeline.filter(({ effect }) => effect.kind === "power-off");
  assert.equal(orders.length, 1, "compute-3 lost its power and is ordered off once");
});

test("a recording of a later version is refused with the next step", () => {
  const [head = "", ...lines] = readFileSync(golden, "utf8").split("\n");
  const newer = [head.replace('"version":1', '"version":2'), ...lines].join("\n");
  assert.throws(() => readRecordingText(newer), /version 2.*reads up to 1: use the release/);
});

function fixtureText(): string {
  const made = recordScript(readFileSync("test/scenario/power-loss/commands.txt", "utf8"));
  const head = { format: "guardian-recording", version: 1, incident: "i1-compute-3", after: 0 };
  const lines = made.chunks.map(({ body, ...chunk }) => ({
    ...chunk,
    body: Buffer.from(body).toString("base64"),
  }));
  return [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
}
