/** Limits that people change while the guardian runs: which, how far, and what a restart makes of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  changeableLimits,
  keepLimits,
  limitConfigured,
  limitNames,
  limitNow,
  limitProblems,
  limitText,
  type LimitWish,
} from "../../guardian/core/changed-limits.ts";
import { replay } from "../../guardian/core/replay.ts";
import { defaultLimits, type Limits } from "../../guardian/core/settings.ts";
import { readLimits } from "../../guardian/config-limits.ts";
import { readGuardianConfig } from "../../guardian/config.ts";
import { settingsFrom } from "../../guardian/settings-from-config.ts";
import { framesOf } from "../../guardian/shell/recording-frames.ts";
import { wallMs } from "../../shared/time.ts";
import { recordScript } from "../support/recorded-world.ts";
import { alice, CoreFixture } from "../support/core-fixture.ts";

function set(core: CoreFixture, ...wishes: readonly LimitWish[]): readonly string[] {
  const [at, wall] = [core.now, wallMs(core.wall)];
  const event = { kind: "limits-set", at, wall, wishes, by: alice, reason: "looked" } as const;
  return core.take(event).flatMap((effect) => (effect.kind === "line" ? [effect.text] : []));
}

function problems(core: CoreFixture, wishes: readonly LimitWish[]): readonly string[] {
  return limitProblems(core.state, wishes).map(({ name, message }) => `${name}: ${message}`);
}

function fileWith(name: string, text: string): Limits {
  const [section, key] = name.includes(".") ? name.split(".") : [undefined, name];
  const line = section === undefined ? `${key}: ${text}` : `${section}: { ${key}: ${text} }`;
  const yaml = `collectors: [{ id: c1 }]\nnetworks: { management: {} }\n${line}\n`;
  const loaded = readGuardianConfig(yaml, {});
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  return settingsFrom(loaded.config, "lab").limits;
}

test("each name is the configuration's name for that limit, and for no other", () => {
  assert.ok(limitNames.length >= 20, `${limitNames.length} limits`);
  for (const name of limitNames) {
    const { limit } = changeableLimits[name];
    const value = limit === "stormShare" ? 0.05 : defaultLimits[limit] + 1;
    const limits = fileWith(name, limitText(name, value));
    assert.deepEqual(limits, { ...defaultLimits, [limit]: value }, name);
  }
});

test("no interval can be made so long that the guardian never acts, or never pages", () => {
  const intervals = limitNames.filter((name) => changeableLimits[name].unit === "ms");
  assert.ok(intervals.length >= 15, `${intervals.length} intervals`);
  const { wishes, problems } = readLimits(new Map(intervals.map((name) => [name, "3650d"])));
  assert.deepEqual(wishes, []);
  assert.deepEqual(
    problems.map(({ name }) => name),
    intervals,
  );
  const silent = problems.find(({ name }) => name === "limits.silentAfter");
  assert.equal(silent?.message, '"3650d" is more than 5m');
  const longest = readLimits(new Map([["limits.silentAfter", "5m"]]));
  assert.deepEqual(longest.problems, []);
});

test("a limit counts at once, and is given back", () => {
  const core = new CoreFixture().run(1000);
  assert.deepEqual(set(core, { name: "limits.silentAfter", value: 20_000 }), [
    `limits.silentAfter is 20s now, 5s before: set by ${alice}: looked`,
  ]);
  assert.equal(core.state.settings.limits.silentAfterMs, 20_000);
  assert.equal(limitConfigured(core.state, "limits.silentAfter"), 5000);
  assert.deepEqual(set(core, { name: "limits.silentAfter", value: undefined }), [
    `limits.silentAfter is 5s again, as the configuration says: by ${alice}: looked`,
  ]);
  assert.deepEqual(core.state.memory.changedLimits, {});
  assert.deepEqual(core.state.settings, core.settings);
});

test("what the configuration says itself is no change", () => {
  const core = new CoreFixture().run(1000);
  set(core, { name: "limits.movesAtOnce", value: 8 });
  set(core, { name: "limits.movesAtOnce", value: defaultLimits.movesAtOnce });
  assert.deepEqual(core.state.memory.changedLimits, {});
});

test("a brake is tightened and let go again, and gets no looser than the configuration has it", () => {
  const core = new CoreFixture().run(1000);
  set(core, { name: "limits.fencesPerHour", value: 1 });
  assert.equal(limitNow(core.state, "limits.fencesPerHour"), 1);
  set(core, { name: "limits.fencesPerHour", value: 3 });
  assert.equal(limitNow(core.state, "limits.fencesPerHour"), 3);
  const wishes: readonly LimitWish[] = [
    { name: "limits.fencesPerHour", value: 4 },
    { name: "limits.stormCooldown", value: 299_000 },
  ];
  assert.deepEqual(problems(core, wishes), [
    "limits.fencesPerHour: 4 is more than 3, which the configuration says: a looser brake takes the file and a restart",
    "limits.stormCooldown: 299s is less than 5m, which the configuration says: a looser brake takes the file and a restart",
  ]);
  assert.deepEqual(set(core, ...wishes), []);
  assert.deepEqual(core.state.settings, core.settings);
});

test("all that is wished together counts, or nothing: silence comes after suspicion", () => {
  const core = new CoreFixture().run(1000);
  const suspect = { name: "limits.suspectAfter", value: 10_000 } as const;
  assert.deepEqual(problems(core, [suspect]), [
    "limits.silentAfter: must be more than limits.suspectAfter",
  ]);
  assert.deepEqual(set(core, suspect, { name: "limits.movesAtOnce", value: 2 }), []);
  assert.equal(core.state.settings.limits.movesAtOnce, defaultLimits.movesAtOnce);
  set(core, suspect, { name: "limits.silentAfter", value: 12_000 });
  assert.equal(core.state.settings.limits.suspectAfterMs, 10_000);
});

test("a restart keeps it and says so", () => {
  const core = new CoreFixture().run(1000);
  set(core, { name: "limits.silentAfter", value: 20_000 });
  core.effects.length = 0;
  core.restart();
  assert.equal(core.state.settings.limits.silentAfterMs, 20_000);
  const texts = core.effects.flatMap((effect) => (effect.kind === "line" ? [effect.text] : []));
  assert.ok(
    texts.includes(
      `limits.silentAfter is 20s, not 5s as the configuration says: set while running by ${alice}: looked`,
    ),
    texts.join("\n"),
  );
  set(core, { name: "limits.silentAfter", value: undefined });
  assert.deepEqual(core.state.settings, core.settings);
});

test("a restart keeps two limits that were set together, sooner or later than the configuration", () => {
  for (const [suspectAfterMs, silentAfterMs] of [
    [10_000, 20_000],
    [2000, 4000],
  ] as const) {
    const core = new CoreFixture();
    const limits = { ...core.settings.limits, suspectAfterMs: 6000, silentAfterMs: 8000 };
    Object.assign(core, { settings: { ...core.settings, limits } });
    core.restart();
    core.run(1000);
    set(
      core,
      { name: "limits.suspectAfter", value: suspectAfterMs },
      { name: "limits.silentAfter", value: silentAfterMs },
    );
    core.restart();
    const { suspectAfterMs: suspect, silentAfterMs: silent } = core.state.settings.limits;
    assert.deepEqual([suspect, silent], [suspectAfterMs, silentAfterMs]);
    assert.equal(Object.keys(core.state.memory.changedLimits).length, 2);
  }
});

test("whoever edits the file has the last word, of that limit alone; and silence comes after suspicion", () => {
  const { settings } = new CoreFixture();
  const change = { by: alice, reason: "looked", wall: 0 };
  const changed = {
    "limits.silentAfter": { ...change, value: 20_000, configured: 5000 },
    "limits.movesAtOnce": { ...change, value: 2, configured: 32 },
    "limits.ofAnotherRelease": { ...change, value: 2, configured: 1 },
  };
  const edited = { ...settings, limits: { ...settings.limits, silentAfterMs: 6000 } };
  const kept = keepLimits(edited, changed);
  assert.equal(kept.settings.limits.silentAfterMs, 6000);
  assert.equal(kept.settings.limits.movesAtOnce, 2);
  assert.deepEqual(Object.keys(kept.changedLimits), ["limits.movesAtOnce"]);
  assert.deepEqual(
    kept.dropped.map(([name]) => name),
    ["limits.silentAfter", "limits.ofAnotherRelease"],
  );
  const later = {
    ...settings,
    limits: { ...settings.limits, suspectAfterMs: 30_000, silentAfterMs: 40_000 },
  };
  const sooner = { "limits.silentAfter": { ...change, value: 20_000, configured: 40_000 } };
  assert.equal(keepLimits(later, sooner).settings.limits.silentAfterMs, 40_000);
});

test("what a restart drops is said", () => {
  const core = new CoreFixture().run(1000);
  set(core, { name: "limits.silentAfter", value: 20_000 });
  Object.assign(core, {
    settings: { ...core.settings, limits: { ...core.settings.limits, silentAfterMs: 7000 } },
  });
  core.effects.length = 0;
  core.restart();
  assert.equal(core.state.settings.limits.silentAfterMs, 7000);
  assert.deepEqual(core.state.memory.changedLimits, {});
  const texts = core.effects.flatMap((effect) => (effect.kind === "line" ? [effect.text] : []));
  assert.ok(
    texts.includes(
      `limits.silentAfter is as the configuration says: it was changed since ${alice} set it (looked)`,
    ),
    texts.join("\n"),
  );
});

test("a replay under another policy has what people set where that policy says what the file said", () => {
  const { chunks } = recordScript(
    "hosts 8\nat 1s limit limits.silentAfter 15s upgrade\nat 50s power-loss compute-3\nat 85s end\n",
  );
  // From the snapshot that was taken after the limit was set.
  const start = chunks.findLastIndex(({ kind, part }) => kind === "snapshot" && part === 0);
  const later = chunks.filter((chunk) => chunk.sequence >= (chunks[start]?.sequence ?? 0));
  const seconds = (change: (limits: Limits) => Limits): number => {
    const { difference, other, fates } = replay(framesOf(later), (recorded) => ({
      ...recorded,
      limits: change({ ...recorded.limits, silentAfterMs: defaultLimits.silentAfterMs }),
    }));
    assert.equal(difference, undefined);
    const [recordedAt] = [...fates.values()].map(({ deadAt }) => deadAt);
    const [otherAt] = [...(other?.fates.values() ?? [])].map(({ deadAt }) => deadAt);
    return ((recordedAt ?? 0) - (otherAt ?? 0)) / 1000;
  };
  assert.equal(
    seconds((limits) => limits),
    0,
  );
  const sooner = seconds((limits) => ({ ...limits, silentAfterMs: 6000 }));
  assert.ok(sooner > 5 && sooner < 12, `${sooner} s sooner`);
});
