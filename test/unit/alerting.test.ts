import assert from "node:assert/strict";
import { test } from "node:test";
import { step } from "../../guardian/core/guardian.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { CoreFixture, host1, type Facts } from "../support/core-fixture.ts";

function settled(changes: Partial<Settings> = {}): CoreFixture {
  return new CoreFixture(changes).run(15_000);
}

function back(core: CoreFixture): void {
  core.fact(host1, { reports: true, echo: ["management", "storage"], power: "on" });
  core.fact(host1, { novaReports: true });
}

const troubles: readonly (readonly [
  string,
  string,
  string,
  (core: CoreFixture) => void,
  number,
])[] = [
  ["dead, mode observe", "dead", "page", (core) => core.powerLoss(host1), 20_000],
  [
    "power unknown",
    "unproven",
    "page",
    (core) => {
      core.powerLoss(host1);
      core.fact(host1, { power: "unknown" });
    },
    20_000,
  ],
  ["probe dead", "probe-dead", "ticket", (core) => core.fact(host1, { reports: false }), 30_000],
  [
    "one network",
    "isolated",
    "notification",
    (core) => core.fact(host1, { reports: false, echo: ["storage"] }),
    30_000,
  ],
  [
    "storage down",
    "degraded",
    "notification",
    (core) => core.fact(host1, checks(core, { storage: "down" })),
    70_000,
  ],
  [
    "libvirt down",
    "degraded",
    "ticket",
    (core) => core.fact(host1, checks(core, { libvirt: "down" })),
    70_000,
  ],
];

function checks(core: CoreFixture, changes: Partial<Facts["checks"]>): Partial<Facts> {
  return { checks: { ...core.factsOf(host1).checks, ...changes } };
}

for (const [name, kind, alertClass, cause, ms] of troubles) {
  test(`${name}: one ${alertClass} of kind ${kind}, and its end`, () => {
    const core = settled({ mode: "observe" });
    const well = core.factsOf(host1).checks;
    cause(core);
    core.run(ms);
    const fired = core.alerts().filter((alert) => alert.kind === kind);
    assert.deepEqual(
      fired.map((alert) => [alert.class, alert.status]),
      [[alertClass, "firing"]],
    );
    const [first] = fired;
    assert.equal(first?.dedupKey, `guardian/lab/compute-1/${kind}`);
    assert.ok((first?.why.length ?? 0) > 0 && first?.next !== "", "evidence, and what to do");
    back(core);
    core.fact(host1, { checks: well });
    core.run(10_000);
    const resolved = core.alerts().filter((alert) => alert.status === "resolved");
    assert.ok(resolved.some((alert) => alert.dedupKey === first?.dedupKey));
    assert.deepEqual(Object.keys(core.state.memory.alerts), []);
  });
}

test("a restart repeats its pages once, nothing else, and ends what ended under the same key", () => {
  const core = settled({ mode: "observe" });
  core.powerLoss(host1);
  core.run(20_000);
  const before = core.alerts().length;
  const keys = Object.keys(core.state.memory.alerts);
  core.restart();
  core.run(15_000);
  assert.deepEqual(Object.keys(core.state.memory.alerts), keys);
  const again = core.alerts().slice(before);
  // The process may have died before a page left; the receiver knows it by its key.
  const pages = Object.values(core.state.memory.alerts).filter((a) => a.message.class === "page");
  assert.deepEqual(
    again.map(({ dedupKey, class: of }) => [dedupKey, of]),
    pages.map(({ message }) => [message.dedupKey, "page"]),
  );
  assert.ok(again.length > 0);
  back(core);
  core.run(30_000);
  const ended = core.alerts().slice(before + again.length);
  assert.deepEqual(
    ended.map(({ dedupKey, status }) => [dedupKey, status]),
    keys.map((key) => [key, "resolved"]),
  );
});

test("a page is repeated every 30 min until its cause ends; a ticket is not", () => {
  const core = settled({ mode: "observe" });
  core.powerLoss(host1);
  core.run(20_000);
  const pages = (): number => core.alerts().filter((alert) => alert.kind === "dead").length;
  assert.equal(pages(), 1);
  core.run(1_780_000);
  assert.equal(pages(), 1);
  core.run(20_000);
  assert.equal(pages(), 2);
});

test("whatever holds it, a host silent for 120 s has a page of its own that names the hold", () => {
  const core = settled();
  core.fact(host1, { reports: false, echo: ["storage"] });
  core.run(120_000);
  assert.ok(!core.alerts().some((alert) => alert.kind === "unattended"));
  core.run(10_000);
  const page = core.alerts().find((alert) => alert.kind === "unattended");
  assert.equal(page?.class, "page");
  assert.match(page?.why[0] ?? "", /^held by row 11/);
});

test("each message has an id of its own, which a retry would keep", () => {
  const core = settled();
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.run(30_000);
  const ids = core.alerts().map((alert) => alert.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.length >= 2);
});

test("Nova and our own eyes are told of before a host dies", () => {
  const core = settled();
  core.nova.answers = false;
  core.anchorsAnswer = false;
  core.run(70_000);
  const kinds = new Set(core.alerts().map((alert) => `${alert.class} ${alert.kind}`));
  for (const kind of ["page nova", "page blind", "ticket network-management"]) {
    assert.ok(kinds.has(kind), `${kind} not in ${[...kinds].join(", ")}`);
  }
});

test("alerts speak the language of the configuration; names and commands stay as they are", () => {
  const core = settled({ language: "zh", mode: "observe" });
  core.powerLoss(host1);
  core.run(20_000);
  const page = core.alerts().find((alert) => alert.kind === "dead");
  assert.equal(page?.title, `${host1} 判为死亡：无上报，所有网络均无应答，电源读数为关机`);
  for (const text of [...page.why, page.impact, page.next]) {
    assert.match(text, /[\u4e00-\u9fff]/, "Chinese");
    assert.doesNotMatch(text, /[{}]|\[object/);
  }
  const sent = core.alerts().length;
  core.run(5000);
  assert.equal(core.alerts().length, sent, "the same title is not sent twice");
});

test("what fires is told anew, under the same key, when the language was changed", () => {
  const core = settled({ mode: "observe" });
  core.powerLoss(host1);
  core.run(20_000);
  const { state } = core;
  const english = core.alerts().find((alert) => alert.kind === "dead");
  const chinese = step(
    { ...state, settings: { ...state.settings, language: "zh" } },
    { kind: "tick", at: monoMs(core.now + 500), wall: wallMs(core.wall + 500), disarmed: false },
  );
  const told = chinese.effects.flatMap((effect) => (effect.kind === "alert" ? effect.message : []));
  const again = told.find((message) => message.dedupKey === english?.dedupKey);
  assert.match(again?.title ?? "", /判为死亡/);
});
