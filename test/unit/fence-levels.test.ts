/** Levels of power devices: one complete level is a proof, parts of two never are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fenceState } from "../../guardian/core/fencing.ts";
import { nextLevel } from "../../guardian/core/fence-levels.ts";
import { memoryText, parseMemory } from "../../guardian/core/memory-text.ts";
import { emptyMemory, type OffCommand } from "../../guardian/core/memory.ts";
import { remembered } from "../../guardian/core/remembered.ts";
import { viewPower } from "../../guardian/core/power-view.ts";
import type { FenceLevel, HostSettings, Settings } from "../../guardian/core/settings.ts";
import { showHost } from "../../guardian/core/show.ts";
import { render, words as say } from "../../guardian/core/words.ts";
import { monoMs } from "../../shared/time.ts";
import type { HostName } from "../../shared/names.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

type Word = "on" | "off" | "unknown";

function withLevels(levels: readonly (readonly string[])[]): Partial<Settings> {
  const { hosts } = new CoreFixture().settings;
  const changed = [...hosts].map(([host, entry]): [HostName, HostSettings] => {
    if (host !== host1) return [host, entry];
    const own: readonly FenceLevel[] = levels.map((devices) => ({
      devices,
      deadlineMs: undefined,
    }));
    return [host, { ...entry, devices: levels.flat(), levels: own }];
  });
  return { hosts: new Map(changed) };
}

/** Host 1, hung; its devices say what `words` has, twice, after they answered an off command. */
function story(levels: readonly (readonly string[])[], words: Readonly<Record<string, Word>>) {
  const core = new CoreFixture(withLevels(levels));
  for (const device of levels.flat()) {
    if (device !== "bmc") core.guids.set(`${host1}/${device}`, "");
  }
  core.run(15_000);
  core.take({
    kind: "vouched",
    at: core.now,
    wall: core.state.wall,
    host: host1,
    by: "alice",
    reason: "looked",
  });
  core.tick();
  const askedAt = core.now;
  const commands: Record<string, OffCommand> = {};
  for (const [device, power] of Object.entries(words)) {
    commands[device] = {
      askedAt,
      answer: { kind: "done" },
      answeredAt: monoMs(askedAt + 100),
      wasOn: true,
    };
    const guid = device === "bmc" ? core.factsOf(host1).guid : undefined;
    const identity = { guid, uuid: undefined, serial: undefined };
    for (const afterMs of [500, 2000]) {
      const at = monoMs(askedAt + afterMs);
      const reading = power === "unknown" ? { power, reason: "no answer" } : { power, identity };
      core.take({ kind: "power-read", at, askedAt: at, host: host1, device, reading });
    }
  }
  core.tick(2500);
  const of = (tried: number) =>
    fenceState(core.state, core.hostState(host1), commands, undefined, tried);
  return { core, of, signal: viewPower(core.state, core.hostState(host1)).signal };
}

const bmcThenOutlets = [["bmc"], ["a", "b"]];

test("the first complete level is the proof, whatever the other one lacks", () => {
  const byBmc = story(bmcThenOutlets, { bmc: "off", a: "on", b: "on" });
  const first = byBmc.of(0);
  assert.ok(
    first.kind === "proven" && first.level === 0,
    "outlets stay on when a BMC switches off",
  );
  assert.equal(byBmc.signal, "off");
  const { devices } = Object(showHost(byBmc.core.state, host1)) as Record<string, unknown>;
  const levels = (devices as { readonly level: number }[]).map(({ level }) => level);
  assert.deepEqual(levels, [1, 2, 2], "guardian host show says which level a device is of");
  const byOutlets = story(bmcThenOutlets, { bmc: "unknown", a: "off", b: "off" });
  const second = byOutlets.of(1);
  assert.ok(second.kind === "proven" && second.level === 1, JSON.stringify(second));
  assert.equal(byOutlets.signal, "off");
});

test("a proof is never put together from two levels", () => {
  const mixed = story(
    [
      ["a", "b"],
      ["c", "d"],
    ],
    { a: "off", b: "on", c: "off", d: "unknown" },
  );
  for (const tried of [0, 1]) assert.equal(mixed.of(tried).kind, "waiting", `level ${tried}`);
  assert.notEqual(mixed.signal, "off");
  const half = story(bmcThenOutlets, { bmc: "unknown", a: "off", b: "on" });
  assert.equal(half.of(1).kind, "waiting", "it lives on by its second power supply");
  assert.equal(half.signal, "on");
});

test("a BMC that says on speaks against outlets that are off, in either order", () => {
  const words: Readonly<Record<string, Word>> = { bmc: "on", a: "off", b: "off" };
  for (const [levels, outlets] of [
    [bmcThenOutlets, 1],
    [[["a", "b"], ["bmc"]], 0],
  ] as const) {
    const { of, signal } = story(levels, words);
    const fence = of(outlets);
    assert.ok(
      fence.kind === "waiting" && render(fence.for).startsWith("bmc to read off"),
      JSON.stringify(fence),
    );
    assert.equal(signal, "on");
  }
});

test("passed over: a level that is not verified; one that does not answer, for one that does", () => {
  const { core } = story(bmcThenOutlets, { bmc: "unknown", a: "on", b: "on" });
  core.hang(host1);
  core.run(2000);
  core.fact(host1, { power: "unknown" });
  core.run(6000);
  const devices = new Map(core.hostState(host1).devices);
  const host = { ...core.hostState(host1), devices };
  assert.deepEqual(nextLevel(core.state, host, 0).level, 0, "none answers: the first all the same");
  assert.equal(nextLevel(core.state, host, 2).level, undefined);
  const unverified = { pinned: undefined, vouchedBy: undefined, unverified: undefined };
  const memory = { ...core.state.memory.devices, [`${host1}/bmc`]: unverified };
  const state = { ...core.state, memory: { ...core.state.memory, devices: memory } };
  const distrusted = {
    ...state,
    verification: {
      ...state.verification,
      reasons: new Map([
        [
          host1,
          new Map([
            ["bmc", "it shows nothing"],
            ["a", undefined],
            ["b", undefined],
          ]),
        ],
      ]),
    },
  };
  const next = nextLevel(distrusted, host, 0);
  assert.equal(next.level, 1);
  assert.deepEqual(next.skipped, [
    { level: 0, reason: say("level.unverified", { device: "bmc", reason: "it shows nothing" }) },
  ]);
});

test("the journal of a release without levels loads: fencing begins with the first level", () => {
  const core = new CoreFixture().run(15_000);
  core.hang(host1);
  while (core.done("power-off").length === 0) core.run(250);
  const { run: _run, ...phase } = core.phase(host1, "fencing");
  const incident = core.state.memory.incidents.get(host1);
  assert.ok(incident !== undefined);
  const old = { ...emptyMemory, incidents: new Map([[host1, { ...incident, phase }]]) };
  const loaded = parseMemory(JSON.parse(memoryText(old)));
  assert.ok(loaded !== undefined);
  core.state = { ...core.state, memory: loaded };
  core.restart();
  const before = core.done("power-off").length;
  // Of Nova's records this process must have seen others move for a while.
  core.run(40_000);
  assert.equal(remembered(loaded, core.now).incidents.get(host1)?.phase.kind, "fencing");
  assert.ok(core.done("power-off").length > before, "ordered off again");
  assert.ok(core.done("line").some(({ event }) => event === "fenced"));
});
