import assert from "node:assert/strict";
import { test } from "node:test";
import { advancedAfter, advancedTwiceAfter, novaSignal } from "../../guardian/core/nova-record.ts";
import { defaultLimits, type Limits } from "../../guardian/core/settings.ts";
import {
  hostWith,
  newHostState,
  stateWith,
  type HostState,
  type ServiceTrack,
} from "../../guardian/core/state.ts";
import type { ComputeService } from "../../guardian/ports.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

interface Answer {
  /** Seconds after suspicion; answered 100 ms later. */
  readonly asked: number;
  readonly updatedAt: string;
  readonly change?: Partial<ComputeService>;
}

const service: ComputeService = {
  serviceId: "service-compute-1",
  host: host1,
  zone: "nova",
  status: "enabled",
  state: "up",
  forcedDown: false,
  disabledReason: undefined,
  updatedAt: "",
};
const suspectAt = 1_000_000;

function track(answers: readonly Answer[]) {
  const core = new CoreFixture();
  for (const { asked, updatedAt, change } of answers) {
    const askedAt = monoMs(suspectAt + asked * 1000);
    const services = [{ ...service, updatedAt, ...change }];
    const at = monoMs(askedAt + 100);
    core.take({ kind: "services", at, askedAt, services, unreadable: [] });
  }
  return core.hostState(host1).service;
}

const cases: readonly (readonly [string, readonly Answer[], number, string])[] = [
  ["never answered", [], 0, "unseen"],
  ["one answer proves nothing", [{ asked: 1, updatedAt: "a" }], 2, "unsure"],
  ["our own waiting proves nothing", [{ asked: 1, updatedAt: "a" }], 15, "unsure"],
  ["an answer older than 15 s is none", [{ asked: 1, updatedAt: "a" }], 16.2, "unseen"],
  [
    "advanced between two answers asked for since suspicion",
    [
      { asked: 1, updatedAt: "a" },
      { asked: 3, updatedAt: "b" },
    ],
    4,
    "alive",
  ],
  [
    "advanced since suspicion, and then stood still for 1.5 cadences: it died in its silence",
    [
      { asked: 1, updatedAt: "a" },
      { asked: 3, updatedAt: "b" },
      { asked: 18.2, updatedAt: "b" },
    ],
    19,
    "quiet",
  ],
  [
    "advanced between an answer from before and one from after: perhaps before it died",
    [
      { asked: -1, updatedAt: "a" },
      { asked: 3, updatedAt: "b" },
    ],
    4,
    "unsure",
  ],
  [
    "still for less than 1.5 cadences",
    [
      { asked: -5, updatedAt: "a" },
      { asked: 10, updatedAt: "a" },
    ],
    11,
    "unsure",
  ],
  [
    "still for 1.5 cadences",
    [
      { asked: -5, updatedAt: "a" },
      { asked: 10.1, updatedAt: "a" },
    ],
    11,
    "quiet",
  ],
  [
    "still for a minute",
    [
      { asked: -50, updatedAt: "a" },
      { asked: 10.1, updatedAt: "a" },
    ],
    11,
    "quiet-long",
  ],
  [
    "touched by an API call: disabled",
    [
      { asked: 1, updatedAt: "a" },
      { asked: 3, updatedAt: "b", change: { status: "disabled", disabledReason: "by alice" } },
    ],
    4,
    "unsure",
  ],
  [
    "touched by an API call: forced down",
    [
      { asked: 1, updatedAt: "a" },
      { asked: 3, updatedAt: "b", change: { forcedDown: true, state: "down" } },
    ],
    4,
    "unsure",
  ],
  [
    "touched by an API call: another reason",
    [
      { asked: 1, updatedAt: "a", change: { status: "disabled", disabledReason: "x" } },
      { asked: 3, updatedAt: "b", change: { status: "disabled", disabledReason: "y" } },
    ],
    4,
    "unsure",
  ],
  [
    "touched by an API call, which may hide a report: the stillness begins anew",
    [
      { asked: -10, updatedAt: "a" },
      { asked: -5, updatedAt: "b", change: { status: "disabled", disabledReason: "by alice" } },
      { asked: 9.9, updatedAt: "b", change: { status: "disabled", disabledReason: "by alice" } },
    ],
    11,
    "unsure",
  ],
  [
    "touched by an API call, and still for 1.5 cadences since",
    [
      { asked: -10, updatedAt: "a" },
      { asked: -5, updatedAt: "b", change: { status: "disabled", disabledReason: "by alice" } },
      { asked: 10.1, updatedAt: "b", change: { status: "disabled", disabledReason: "by alice" } },
    ],
    11,
    "quiet",
  ],
  [
    "a state that Nova computes by itself is no API call",
    [
      { asked: 1, updatedAt: "a", change: { state: "down" } },
      { asked: 3, updatedAt: "b", change: { state: "up" } },
    ],
    4,
    "alive",
  ],
  [
    "answers out of order: the older question says nothing new",
    [
      { asked: 3, updatedAt: "b" },
      { asked: 1, updatedAt: "a" },
    ],
    4,
    "unsure",
  ],
];

const suspect = { suspectSince: monoMs(suspectAt), lifeAt: undefined };

/** What its record says while those of others move on. */
function signalOf(
  service: ServiceTrack | undefined,
  heard: Pick<HostState, "suspectSince" | "lifeAt">,
  now: MonoMs,
  limits: Limits,
): string {
  const { state, settings } = new CoreFixture();
  const records = { lastMoved: host2, lastMovedAt: now, othersMovedAt: now, stuck: false };
  const eyes = { ...state.eyes, recordsFrom: monoMs(0), recordsMovedAt: now };
  const round = { ...state.round, records };
  const seen = { now, eyes, settings: { ...settings, limits }, round };
  const host = hostWith(newHostState(host1), { service, ...heard });
  return novaSignal(stateWith(state, seen), host);
}

test("a record that stood still long before the last report is no witness until it has stood still after it", () => {
  const answers = (asked: number): readonly Answer[] => [
    { asked: -60, updatedAt: "a" },
    { asked, updatedAt: "a" },
  ];
  const signal = (asked: number): string => {
    const now = monoMs(suspectAt + asked * 1000 + 500);
    const heard = { ...suspect, lifeAt: monoMs(suspectAt - 3000) };
    return signalOf(track(answers(asked)), heard, now, defaultLimits);
  };
  assert.equal(signal(5), "unsure");
  assert.equal(signal(11.9), "unsure");
  assert.equal(signal(12), "quiet");
  assert.equal(signal(56.9), "quiet");
  assert.equal(signal(57), "quiet-long");
});

for (const [name, answers, nowS, expected] of cases) {
  test(`${expected}: ${name}`, () => {
    const now = monoMs(suspectAt + nowS * 1000);
    assert.equal(signalOf(track(answers), suspect, now, defaultLimits), expected);
  });
}

test("a slower cadence is quiet later; a faster one never sooner than 12 s", () => {
  const answers = [
    { asked: -5, updatedAt: "a" },
    { asked: 10.1, updatedAt: "a" },
  ];
  const now = monoMs(suspectAt + 11_000);
  const slow = { ...defaultLimits, novaCadenceMs: 20_000 };
  assert.equal(signalOf(track(answers), suspect, now, slow), "unsure");
  const fast = { ...defaultLimits, novaCadenceMs: 2000 };
  const short = [answers[0], { asked: 6, updatedAt: "a" }] as readonly Answer[];
  assert.equal(signalOf(track(short), suspect, now, fast), "unsure");
});

test("one advance may have been queued; two are life", () => {
  const from = monoMs(suspectAt);
  const one = track([
    { asked: 1, updatedAt: "a" },
    { asked: 3, updatedAt: "b" },
  ]);
  assert.ok(advancedAfter(one, from) && !advancedTwiceAfter(one, from));
  const two = track([
    { asked: 1, updatedAt: "a" },
    { asked: 3, updatedAt: "b" },
    { asked: 5, updatedAt: "c" },
  ]);
  assert.ok(advancedTwiceAfter(two, from));
  assert.ok(!advancedTwiceAfter(two, monoMs(suspectAt + 2000)));
  assert.ok(!advancedAfter(undefined, from));
});
