/** Which guardians spoke to a collector, over its restarts: what the file says, how long it counts, what spoils it. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  createFencedHosts,
  forgottenAfterMs,
  guardiansMax,
  type FencedHosts,
} from "../../collector/core/fenced-hosts.ts";
import {
  awaitedForMs,
  guardiansFrom,
  nameless,
  notedEveryMs,
} from "../../collector/core/noted-guardians.ts";
import { openGuardiansFile } from "../../collector/shell/guardians-file.ts";
import type { FencedList } from "../../shared/fenced-list.ts";
import { silentLogger, type LogFields, type Logger } from "../../shared/log.ts";
import { hostName } from "../../shared/names.ts";

const noon = 1_780_000_000_000;
const hour = 3_600_000;

const acting: FencedList = {
  guardian: "a",
  journal: 1000,
  epoch: 3,
  version: 7,
  fenced: ["h1"],
  unknown: [],
};
const trial: FencedList = { ...acting, guardian: "b", journal: 2000, fenced: [] };

const wordOf = (hosts: FencedHosts, host: string, nowMs: number): string =>
  hosts.wordFor(hostName(host), nowMs, 0).word;

test("whoever spoke before the start must speak again: until then no list of another one frees a host", () => {
  const known = [
    { guardian: "a", journal: 1000, silentMs: 0 },
    { guardian: "b", journal: 2000, silentMs: 5000 },
  ];
  const hosts = createFencedHosts(known, 100);
  assert.equal(hosts.figures(100), undefined);
  assert.equal(wordOf(hosts, "h2", 100), "unknown");
  assert.equal(hosts.take(trial, 200), undefined);
  assert.deepEqual([wordOf(hosts, "h1", 201), wordOf(hosts, "h2", 201)], ["unknown", "unknown"]);
  assert.deepEqual(hosts.figures(200), { ageMs: 100, fenced: 0 });
  // Another journal of the same id is another guardian, also here.
  assert.equal(hosts.take({ ...acting, journal: 1001, fenced: [] }, 200), undefined);
  assert.equal(wordOf(hosts, "h1", 201), "unknown");
  // Whatever its epoch: the collector has forgotten the one before.
  assert.equal(hosts.take({ ...acting, epoch: 1 }, 300), undefined);
  assert.deepEqual([wordOf(hosts, "h1", 301), wordOf(hosts, "h2", 301)], ["fenced", "not-fenced"]);
  assert.deepEqual(
    hosts.guardians(400).map(({ guardian, silentMs }) => [guardian, silentMs]),
    [
      ["a", 100],
      ["b", 200],
      ["a", 200],
    ],
  );
});

test("one that never speaks again is forgotten 24 h after it was heard, and an hour after a start at the soonest", () => {
  const heard = [{ guardian: "a", journal: 1000, heardMs: noon }];
  const cases = [
    ["at once", noon, forgottenAfterMs],
    ["after two hours", noon + 2 * hour, forgottenAfterMs - 2 * hour],
    ["after a weekend without power", noon + 60 * hour, awaitedForMs],
    ["with a clock that was put back", noon - 60 * hour, forgottenAfterMs],
  ] as const;
  for (const [says, wallMs, heldForMs] of cases) {
    const hosts = createFencedHosts(guardiansFrom(heard, wallMs), 50);
    const endMs = 50 + heldForMs;
    assert.equal(hosts.take(trial, endMs - 1), undefined);
    assert.equal(wordOf(hosts, "h1", endMs - 1), "unknown", says);
    assert.equal(hosts.take(trial, endMs), undefined);
    assert.equal(wordOf(hosts, "h1", endMs), "not-fenced", says);
    assert.equal(hosts.guardians(endMs).length, 1);
  }
});

test("those of before count among so many; each of them is heard again, a further one is not", () => {
  const known = Array.from({ length: guardiansMax }, (_, at) => {
    return { guardian: "a", journal: at, silentMs: 0 };
  });
  const hosts = createFencedHosts(known, 0);
  assert.match(
    hosts.take(trial, 1) ?? "",
    /8 guardians .* stop .* delete .* \.guardians at the end/,
  );
  assert.equal(hosts.take({ ...acting, journal: 7 }, 1), undefined);
});

/** A file in a folder of its own, and what was told of it. */
function folderOf(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "guardian-guardians-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const events: unknown[] = [];
  const tell = ({ event }: LogFields): void => void events.push(event);
  const log: Logger = { ...silentLogger, info: tell, warn: tell };
  const file = join(folder, "guardians");
  const open = (wallMs: number, path = file) => openGuardiansFile(path, wallMs, log);
  const stored = (): unknown => JSON.parse(readFileSync(file, "utf8"));
  return { folder, file, open, stored, events };
}

test("written when one is new, when its time is an hour old, and when one is forgotten; else not", (t) => {
  const { file, open, stored, events } = folderOf(t);
  const kept = open(noon);
  assert.deepEqual(kept.before, []);
  const one = { guardian: "a", journal: 1000, silentMs: 0 };
  const two = { guardian: "b", journal: 2000, silentMs: 400.4 };
  kept.note([one], noon);
  assert.deepEqual(stored(), [{ guardian: "a", journal: 1000, heardMs: noon }]);
  assert.equal(statSync(file).mode & 0o027, 0);
  assert.equal(existsSync(`${file}.new`), false);
  const { ino } = statSync(file);
  for (let atMs = 0; atMs < notedEveryMs; atMs += 60_000) kept.note([one], noon + atMs);
  assert.equal(statSync(file).ino, ino);
  kept.note([one], noon + notedEveryMs);
  assert.deepEqual(stored(), [{ guardian: "a", journal: 1000, heardMs: noon + notedEveryMs }]);
  const laterMs = noon + notedEveryMs + 1000;
  kept.note([one, two], laterMs);
  const both = [
    { guardian: "a", journal: 1000, heardMs: laterMs },
    { guardian: "b", journal: 2000, heardMs: laterMs - 400 },
  ];
  assert.deepEqual(stored(), both);
  assert.deepEqual(events, []);
  assert.deepEqual(open(laterMs + 5000).before, [
    { ...one, silentMs: 5000 },
    { ...two, silentMs: 5400 },
  ]);
  assert.deepEqual(events, ["guardians-awaited"]);
  kept.note([two], laterMs);
  assert.deepEqual(stored(), both.slice(1));
  // A clock that had been ahead is put right.
  kept.note([{ ...two, silentMs: 0 }], noon - 2 * hour);
  assert.deepEqual(stored(), [{ guardian: "b", journal: 2000, heardMs: noon - 2 * hour }]);
});

const good = { guardian: "a", journal: 1000, heardMs: noon };
const damaged: readonly (readonly [string, string])[] = [
  ["empty", ""],
  ["cut off", JSON.stringify([good]).slice(0, 30)],
  ["no list", "{}"],
  ["one without a time", JSON.stringify([good, { ...good, heardMs: undefined }])],
  ["a time that is none", JSON.stringify([{ ...good, heardMs: "noon" }])],
  ["a journal that is none", JSON.stringify([{ ...good, journal: -1 }])],
  ["a name that is none", JSON.stringify([{ ...good, guardian: "a".repeat(65) }])],
  ["null in it", "[null]"],
  ["more than there may be", JSON.stringify(Array.from({ length: guardiansMax + 1 }, () => good))],
];

for (const [says, text] of damaged) {
  test(`a damaged file (${says}) is told, and frees nobody for 24 h, over further starts`, (t) => {
    const { file, open, events } = folderOf(t);
    writeFileSync(file, text);
    assert.deepEqual(open(noon).before, [nameless]);
    assert.deepEqual(events, ["guardians-unreadable"]);
    const { before } = open(noon + 20 * hour);
    assert.deepEqual(before, [{ ...nameless, silentMs: 20 * hour }]);
    const hosts = createFencedHosts(before, 0);
    assert.equal(hosts.take(acting, 1000), undefined);
    assert.deepEqual([wordOf(hosts, "h1", 1001), wordOf(hosts, "h2", 1001)], ["fenced", "unknown"]);
    assert.equal(hosts.take(acting, 4 * hour), undefined);
    assert.equal(wordOf(hosts, "h2", 4 * hour), "not-fenced");
  });
}

test("what cannot be read frees nobody; what cannot be written is told once, and tried again", (t) => {
  const { folder, file, open, stored, events } = folderOf(t);
  mkdirSync(file);
  assert.deepEqual(open(noon).before, [nameless]);
  assert.deepEqual(events, ["guardians-unreadable", "guardians-unsaved"]);
  rmSync(file, { recursive: true });
  rmSync(`${file}.new`);
  events.length = 0;
  // In the way of the file that is to be renamed.
  mkdirSync(`${file}.new`);
  const kept = open(noon);
  const known = [{ guardian: "a", journal: 1000, silentMs: 0 }];
  kept.note(known, noon);
  kept.note(known, noon + 2000);
  assert.deepEqual(events, ["guardians-unsaved"]);
  rmSync(`${file}.new`, { recursive: true });
  kept.note(known, noon + 4000);
  assert.deepEqual(stored(), [{ guardian: "a", journal: 1000, heardMs: noon + 4000 }]);
  assert.deepEqual(open(noon, join(folder, "none", "guardians")).before, []);
});
