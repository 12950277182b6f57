/** Whether a host may start its servers: every mixture of words, the guardian's list, and the bytes between them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createFencedHosts,
  forgottenAfterMs,
  guardiansMax,
  listForMs,
} from "../../collector/core/fenced-hosts.ts";
import {
  decideStart,
  describeStart,
  listOnItsWayMs,
  standingOfStart,
  type HeardWord,
  type StartFacts,
} from "../../compute-probe/core/start-decision.ts";
import { fencedHostsOf } from "../../guardian/fenced-list.ts";
import { stateWith } from "../../guardian/core/state.ts";
import type { Incident, Phase } from "../../guardian/core/memory.ts";
import { decodeFencedList, type FencedList } from "../../shared/fenced-list.ts";
import { hostName } from "../../shared/names.ts";
import { startGuardStates } from "../../shared/telemetry.ts";
import { deriveHostKey, importKey, signQuestion } from "../../shared/wire-auth.ts";
import { decodeQuestion, type StartQuestion } from "../../shared/wire-question.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const minutes = 60_000;

function heard(word: HeardWord["word"], changes: Partial<HeardWord> = {}): HeardWord {
  return { collector: "c1", word, askedMs: 60_000, listAgeMs: 1000, ...changes };
}

/** One second after it was asked, and after the boot by a minute. */
const common: StartFacts = {
  nowMs: 61_000,
  beganMs: 20_000,
  giveUpAfterMs: 5 * minutes,
  heard: [],
  wasFenced: false,
  override: undefined,
};

const late = { nowMs: 20_000 + 5 * minutes };
const other = { collector: "c2" };
const override = { by: "root (uid 0)", reason: "I looked" };

const decisions: readonly (readonly [string, Partial<StartFacts>, string])[] = [
  ["nobody answers", {}, "asking"],
  ["nobody answers, a moment before the end", { nowMs: late.nowMs - 1 }, "asking"],
  ["nobody answers for five minutes", late, "without-word"],
  ["a collector knows nothing", { heard: [heard("unknown")] }, "asking"],
  [
    "a collector knows nothing for five minutes",
    { ...late, heard: [heard("unknown", { askedMs: late.nowMs })] },
    "without-word",
  ],
  ["not fenced", { heard: [heard("not-fenced")] }, "not-fenced"],
  [
    "one knows, one does not",
    { heard: [heard("unknown"), heard("not-fenced", other)] },
    "not-fenced",
  ],
  ["fenced", { heard: [heard("fenced")] }, "held"],
  [
    "fenced, whatever another says",
    { heard: [heard("not-fenced"), heard("fenced", other)] },
    "held",
  ],
  [
    "not fenced by a list that may be older than the boot",
    { heard: [heard("not-fenced", { listAgeMs: 60_000 - listOnItsWayMs + 1 })] },
    "asking",
  ],
  [
    "not fenced by a list that is just younger than the boot",
    { heard: [heard("not-fenced", { listAgeMs: 60_000 - listOnItsWayMs })] },
    "not-fenced",
  ],
  [
    "fenced by a list older than the boot",
    { heard: [heard("fenced", { listAgeMs: 90_000 })] },
    "held",
  ],
  ["a word of long ago", { nowMs: 70_001, heard: [heard("not-fenced")] }, "asking"],
  ["fenced, and then silence for hours", { nowMs: 600 * minutes, wasFenced: true }, "held"],
  [
    "fenced, and then a collector that knows nothing",
    { wasFenced: true, heard: [heard("unknown")] },
    "held",
  ],
  ["fenced, and then released", { wasFenced: true, heard: [heard("not-fenced")] }, "not-fenced"],
  ["fenced, and a person takes it upon themselves", { wasFenced: true, override }, "overridden"],
  ["fenced now, and a person", { heard: [heard("fenced")], override }, "overridden"],
];

for (const [says, facts, state] of decisions) {
  test(`start: ${says}: ${state}`, () => {
    const decision = decideStart({ ...common, ...facts });
    assert.equal(decision.state, state);
    assert.equal(decision.mayStart, state !== "asking" && state !== "held");
  });
}

test("the console is told what is held, and both ways out of it", () => {
  const times = { waitedMs: 301_000, giveUpAfterMs: 300_000 };
  const told = (facts: Partial<StartFacts>): string =>
    describeStart(decideStart({ ...common, ...facts }), "compute-1", times).join("\n");
  const held = told({ heard: [heard("fenced")] });
  assert.match(held, /compute-1 IS FENCED \(collector c1 says so\)/);
  assert.match(held, /guardian host release compute-1 --reason/);
  assert.match(held, /--start-guard --override --reason/);
  assert.match(told({}), /no collector answers; it starts without an answer after 300 s/);
  assert.match(told({ heard: [heard("unknown")] }), /no guardian has told collector c1/);
  assert.match(told(late), /WITHOUT A WORD \(after 301 s, must be <= 300 s\)/);
  assert.match(told({ override }), /root \(uid 0\) says so: I looked/);
  assert.match(told({ heard: [heard("not-fenced")] }), /not fenced .* may start/);
});

test("a row of --once for each state but none", () => {
  assert.deepEqual(
    startGuardStates.map((state) =>
      standingOfStart(state)
        .map(({ level }) => level)
        .join(),
    ),
    ["", "unknown", "critical", "ok", "warning", "warning"],
  );
});

const list: FencedList = {
  guardian: "g1",
  journal: 1000,
  epoch: 3,
  version: 7,
  fenced: ["h1"],
  unknown: ["h2"],
};

test("a collector's word follows the list, and ends with its age", () => {
  const hosts = createFencedHosts();
  const word = (host: string, nowMs: number) => hosts.wordFor(hostName(host), nowMs, 0).word;
  assert.equal(word("h1", 5), "unknown");
  assert.equal(hosts.figures(5), undefined);
  assert.equal(hosts.take(list, 10), undefined);
  assert.deepEqual(
    [word("h1", 20), word("h2", 20), word("h3", 20)],
    ["fenced", "unknown", "not-fenced"],
  );
  assert.equal(hosts.wordFor(hostName("h1"), 25, 0).listAgeMs, 15);
  assert.deepEqual(hosts.figures(15), { ageMs: 5, fenced: 1 });
  // An old list frees nobody; whom it has fenced is held until a newer one says else.
  assert.deepEqual([word("h1", 10 + listForMs), word("h3", 10 + listForMs)], ["fenced", "unknown"]);
  assert.equal(hosts.take({ ...list, version: 8, fenced: [] }, 20_000), undefined);
  assert.equal(word("h1", 20_001), "not-fenced");
});

test("a list from before a host began to ask frees it not, however new it looks", () => {
  const hosts = createFencedHosts();
  const word = (nowMs: number, askedMs: number) =>
    hosts.wordFor(hostName("h3"), nowMs, askedMs).word;
  assert.equal(hosts.take(list, 0), undefined);
  // The machine was suspended in between: on its clock a second has passed.
  assert.equal(word(1000, 1000), "unknown");
  assert.equal(hosts.take({ ...list, version: 8 }, 2000), undefined);
  assert.equal(word(2100, 1000), "not-fenced");
});

test("a list that is late is refused, however late", () => {
  const hosts = createFencedHosts();
  assert.equal(hosts.take(list, 0), undefined);
  for (const nowMs of [1, 60_000]) {
    assert.match(hosts.take({ ...list, version: 6, fenced: [] }, nowMs) ?? "", /older than 3, 7/);
    const earlier = { ...list, epoch: 2, version: 9 };
    assert.match(hosts.take(earlier, nowMs) ?? "", /epoch 2, version 9 is older/);
  }
  assert.equal(hosts.take({ ...list, epoch: 4, version: 1 }, 60_001), undefined);
});

test("another guardian's list frees nobody whom the first one has fenced, or may have fenced since", () => {
  const trial = { ...list, journal: 2000, epoch: 9, fenced: ["h4"], unknown: [] };
  // Of the same configured id, which is the default of both; or of another.
  for (const guardian of ["g1", "g2"]) {
    const hosts = createFencedHosts();
    const words = (nowMs: number) =>
      ["h1", "h3", "h4"].map((host) => hosts.wordFor(hostName(host), nowMs, 0).word);
    assert.equal(hosts.take(list, 0), undefined);
    assert.equal(hosts.take({ ...trial, guardian }, 1), undefined);
    assert.deepEqual(words(2), ["fenced", "not-fenced", "fenced"]);
    assert.deepEqual(hosts.figures(2), { ageMs: 2, fenced: 2 });
    // The first one fences on and does not reach this collector any more.
    assert.equal(hosts.take({ ...trial, guardian }, listForMs), undefined);
    assert.deepEqual(words(listForMs), ["fenced", "unknown", "fenced"]);
    assert.equal(hosts.take({ ...trial, guardian }, forgottenAfterMs), undefined);
    assert.deepEqual(words(forgottenAfterMs), ["not-fenced", "not-fenced", "fenced"]);
  }
});

test("so many guardians are remembered, and no more", () => {
  const hosts = createFencedHosts();
  for (let journal = 1; journal <= guardiansMax; journal += 1) {
    assert.equal(hosts.take({ ...list, journal }, 0), undefined);
  }
  assert.match(hosts.take({ ...list, journal: 99 }, 0) ?? "", /8 guardians have spoken here/);
});

test("what is no list of fenced hosts is none", () => {
  assert.deepEqual(decodeFencedList({ ...list, more: 1 }), list);
  const bad: readonly unknown[] = [
    undefined,
    null,
    "x",
    [],
    {},
    { ...list, guardian: "" },
    { ...list, guardian: "g".repeat(65) },
    { ...list, epoch: -1 },
    { ...list, epoch: "3" },
    { ...list, version: 1.5 },
    { ...list, fenced: "h1" },
    { ...list, fenced: ["h 1"] },
    { ...list, unknown: [7] },
    { ...list, unknown: undefined },
  ];
  for (const one of bad) assert.equal(decodeFencedList(one), undefined, JSON.stringify(one));
});

const home = (kind: string): Phase =>
  ({ kind: "ended", wall: 0, moves: {}, home: { step: { kind } } }) as unknown as Phase;

const phases: readonly (readonly [string, Phase, boolean])[] = [
  ["watched", { kind: "watching" }, false],
  ["being fenced", { kind: "fencing" } as Phase, true],
  ["evacuated", { kind: "evacuating" } as Phase, true],
  ["evacuated, and not released", { kind: "ended", wall: 0, moves: {} }, true],
  ["about to come home", home("looking"), true],
  ["ordered on to come home", home("on"), false],
  ["cleaning up", home("cleaning"), false],
  ["coming up", home("up"), false],
  ["being enabled", home("enabling"), false],
  ["switched off again", home("off"), true],
  ["a way home that was given up", home("stopped"), true],
];

for (const [says, phase, isFenced] of phases) {
  test(`a host that is ${says} is ${isFenced ? "" : "not "}held back`, () => {
    const { state } = new CoreFixture({}, 3).run(1000);
    const incident = { id: "i1", host: host1, phase } as Incident;
    const memory = {
      ...state.memory,
      incidents: new Map([[host1, incident]]),
      quarantined: new Map([
        [host1, "x"],
        [host2, "x"],
      ]),
    };
    const told = fencedHostsOf(stateWith(state, { epoch: 2, memory }));
    const expected = isFenced
      ? { fenced: [host1], unknown: [host2] }
      : { fenced: [], unknown: [host1, host2] };
    assert.deepEqual(told, expected);
  });
}

test("a host that bears our fence's mark, and that a lost journal does not know, is not said to be free", () => {
  const core = new CoreFixture({}, 3).run(1000);
  const marked = (reason: string, forcedDown = true) => {
    Object.assign(core.nova.service(host1), { status: "disabled", reason, forcedDown });
    core.run(15_000);
    return fencedHostsOf(core.state)?.unknown;
  };
  const { guardianId } = core.settings;
  assert.deepEqual(marked(`guardian ${guardianId} epoch 7 incident i9-compute-1`), [host1]);
  assert.deepEqual(marked(`guardian ${guardianId} epoch 7 incident i9-compute-1`, false), []);
  assert.deepEqual(marked(`guardian ${guardianId} epoch 7 incident i9-compute-1 degraded`), []);
  assert.deepEqual(marked("bob: new disks"), []);
  const released = { ...core.state.memory, released: [host1] };
  marked(`guardian ${guardianId} epoch 7 incident i9-compute-1`);
  const free = fencedHostsOf(stateWith(core.state, { memory: released }));
  assert.deepEqual(free?.unknown, []);
});

test("before the journal was read nobody is told anything", () => {
  const { state } = new CoreFixture({}, 3);
  assert.equal(fencedHostsOf(stateWith(state, { epoch: 0 })), undefined);
});

test("a question survives its bytes, and what is none is none", () => {
  const host = hostName("compute-1");
  const question: StartQuestion = {
    keyId: 1,
    path: "storage",
    host,
    bootId: "0123456789abcdef",
    epoch: 12_345,
    sequence: 3,
    nonce: "00ff00ff00ff00ff",
  };
  const key = importKey(deriveHostKey(new Uint8Array(32).fill(7), host));
  const bytes = signQuestion(key, question);
  assert.deepEqual(decodeQuestion(bytes), question);
  const changed = (at: number, value: number): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    copy[at] = value;
    return copy;
  };
  const none: readonly Uint8Array[] = [
    changed(0, 0),
    changed(4, 2),
    changed(6, 9),
    changed(7, 200),
    changed(16, 255),
    changed(24, 255),
    changed(64, 0x20),
    changed(31, 0),
    bytes.subarray(0, 40),
    new Uint8Array(0),
    Buffer.concat([bytes, Buffer.alloc(1400)]),
  ];
  for (const [at, one] of none.entries()) assert.equal(decodeQuestion(one), undefined, `${at}`);
});
