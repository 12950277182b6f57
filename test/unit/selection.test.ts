/** Which servers of a fenced host are moved, which are left and why, and in which order they go. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy, type EvacuationPolicy } from "../../guardian/core/evacuation-policy.ts";
import { matchesName } from "../../guardian/core/selection.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import { render } from "../../guardian/core/words.ts";
import type { ComputeServer } from "../../guardian/ports.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

type Changes = Partial<ComputeServer>;

/** A host with these servers loses its power; returns it once its moves have ended. */
function dies(
  policy: Partial<EvacuationPolicy>,
  servers: Readonly<Record<string, Changes>>,
  prepare: (core: CoreFixture) => void = () => undefined,
  settings: Partial<Settings> = {},
): CoreFixture {
  const evacuation = { ...defaultPolicy, ...policy };
  const core = new CoreFixture({ evacuation, ...settings });
  prepare(core);
  core.run(15_000);
  for (const [name, changes] of Object.entries(servers)) core.nova.addServer(host1, name, changes);
  core.powerLoss(host1);
  return core.run(40_000);
}

/** Names of the servers that were evacuated, in the order of the calls. */
function called(core: CoreFixture): readonly string[] {
  return core.done("evacuate").map(({ server }) => server.replace("id-", ""));
}

function reasonOf(core: CoreFixture, name: string): string {
  const move = Object.values(core.phase(host1, "ended").moves).find((one) => one.name === name);
  return move?.state.kind === "left" ? render(move.state.reason) : "";
}

const tagged = { servers: "tagged" } as const;

const says: readonly (readonly [string, Changes, boolean])[] = [
  ["nothing", {}, false],
  ["Masakari's metadata", { metadata: { HA_Enabled: "True" } }, true],
  ["Masakari's metadata, and it says no", { metadata: { HA_Enabled: "False" } }, false],
  ["a server tag", { tags: ["evacuable"] }, true],
  ["InstanceHA's flavor", { flavorSpecs: { evacuable: "true" } }, true],
  ["a flavor with a scope", { flavorSpecs: { "hw:evacuable": "true" } }, true],
  ["a flavor with a longer key", { flavorSpecs: { evacuables: "true" } }, false],
  ["its image", { image: { kind: "read", properties: { evacuable: "yes" } } }, true],
  ["its image, nothing", { image: { kind: "read", properties: { os: "linux" } } }, false],
  [
    "no, though its flavor says yes",
    { metadata: { evacuable: "false" }, flavorSpecs: { evacuable: "true" } },
    false,
  ],
];

for (const [what, changes, moves] of says) {
  test(`tagged servers alone: ${moves ? "moved" : "left"}, when it says ${what}`, () => {
    const core = dies(tagged, { "vm-1": changes });
    assert.deepEqual(called(core), moves ? ["vm-1"] : []);
    const reason = "nothing on it, its image, flavor or aggregate says HA_Enabled, evacuable";
    assert.equal(reasonOf(core, "vm-1"), moves ? "" : reason);
  });
}

test("a host aggregate speaks for all servers of its hosts", () => {
  const core = dies(
    tagged,
    { "vm-1": {}, "vm-2": { metadata: { evacuable: "no" } } },
    ({ nova }) => {
      nova.aggregates = { ha: [host1] };
      nova.aggregateMetadata = { evacuable: "true" };
    },
  );
  assert.deepEqual(called(core), ["vm-1"]);
});

test("an image that cannot be read speaks for its server, and that is said", () => {
  const image = { kind: "unread", reason: "503" } as const;
  const core = dies(tagged, { "vm-1": { image }, "vm-2": {} });
  assert.deepEqual(called(core), ["vm-1"]);
  const lines = core.done("line").filter(({ event }) => event === "images-unread");
  assert.deepEqual(
    lines.map(({ text }) => text),
    ["moved although nothing says so, since their images cannot be asked: vm-1 (503)"],
  );
});

test("other keys, if the operator has others; a key with a value wants that value", () => {
  const policy = { ...tagged, tags: ["tier=gold"] };
  const core = dies(policy, {
    "vm-1": { metadata: { tier: "gold" } },
    "vm-2": { metadata: { tier: "silver" } },
    "vm-3": { tags: ["tier=gold"] },
    "vm-4": { tags: ["evacuable"] },
  });
  assert.deepEqual(called(core), ["vm-1", "vm-3"]);
});

const excluded: readonly (readonly [string, Partial<EvacuationPolicy["exclude"]>])[] = [
  ["ci-*", { names: ["ci-*"] }],
  ["spot", { tags: ["spot"] }],
  ["p-octavia", { projects: ["p-octavia"] }],
];

for (const [by, exclude] of excluded) {
  test(`left out by the configuration, and named with what left it out: ${by}`, () => {
    const policy = { exclude: { ...defaultPolicy.exclude, ...exclude } };
    const core = dies(policy, {
      "ci-7": { flavorSpecs: { spot: "true" }, project: "p-octavia" },
      "vm-1": {},
    });
    assert.deepEqual(called(core), ["vm-1"]);
    assert.equal(reasonOf(core, "ci-7"), `left out by the configuration: ${by}`);
  });
}

test("what the policy leaves is a ticket that names it; with anything else it is a page", () => {
  const policy = { exclude: { ...defaultPolicy.exclude, names: ["ci-*"] } };
  const alone = dies(policy, { "ci-7": {}, "vm-1": {} }).alerts();
  assert.ok(alone.every((alert) => alert.class !== "page"));
  const ticket = alone.find(({ kind }) => kind === "left-by-policy");
  assert.equal(ticket?.class, "ticket");
  assert.equal(ticket?.why[0], "ci-7 (left out by the configuration: ci-*)");
  assert.match(ticket?.title ?? "", /1 server run elsewhere, 1 left by policy/);
  const mixed = dies(policy, { "ci-7": {}, "vm-1": { vmState: "paused" } });
  const page = mixed.alerts().find(({ kind }) => kind === "left-behind");
  assert.equal(page?.class, "page");
  assert.match(page?.why.join() ?? "", /ci-7.*vm-1/);
});

test("groups in their order, in each the tagged first, then by priority, then as listed", () => {
  const groups = [
    { name: "databases", names: ["db-*"], tags: [] },
    { name: "web", names: [], tags: ["tier=web"] },
  ];
  const core = dies(
    { groups },
    {
      "vm-1": {},
      "vm-2": { metadata: { evacuable: "true" } },
      "web-1": { metadata: { tier: "web" } },
      "web-2": { metadata: { tier: "web", "guardian:priority": "900" } },
      "db-1": { metadata: { "guardian:priority": "100" } },
      "db-2": {},
      "x-1": { metadata: { "instanceha:restart_group": "databases" } },
      "x-2": { metadata: { "guardian:priority": "no number", "instanceha:restart_priority": "1" } },
      "x-3": { metadata: { "instanceha:restart_priority": "99999" } },
    },
  );
  assert.deepEqual(called(core), [
    "db-2",
    "x-1",
    "db-1",
    "web-2",
    "web-1",
    "vm-2",
    "x-3",
    "vm-1",
    "x-2",
  ]);
});

test("a group begins as soon as the one before has no move that waits to start", () => {
  const { limits } = new CoreFixture().settings;
  const groups = [{ name: "first", names: ["a-*"], tags: [] }];
  const core = dies({ groups }, { "b-1": {}, "b-2": {}, "a-1": {}, "a-2": {} }, undefined, {
    limits: { ...limits, movesAtOnce: 1 },
  });
  assert.deepEqual(called(core), ["a-1", "a-2", "b-1", "b-2"]);
});

test("a policy of tags waits until Nova has shown its aggregates", () => {
  const core = dies(tagged, { "vm-1": { tags: ["evacuable"] } }, ({ nova }) => {
    nova.inventoryFails = "no answer within 10 s";
  });
  assert.deepEqual(called(core), []);
  const gate = core.assessment(host1).gates.find((one) => one.gate === "host aggregates");
  assert.equal(gate?.pass, false);
});

const names: readonly (readonly [string, string, boolean])[] = [
  ["vm-1", "vm-1", true],
  ["vm-1", "vm-10", false],
  ["vm-*", "vm-", true],
  ["*-db", "eu-db", true],
  ["*-db", "eu-db-2", false],
  ["a*b*c", "aXbYc", true],
  ["a*bc*c", "abc", false],
  ["*", "", true],
  ["a.c", "abc", false],
];

for (const [pattern, name, matches] of names) {
  test(`the pattern ${pattern} ${matches ? "is" : "is not"} ${name === "" ? "nothing" : name}`, () => {
    assert.equal(matchesName(pattern, name), matches);
  });
}
