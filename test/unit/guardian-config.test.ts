import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { readGuardianConfig } from "../../guardian/config.ts";
import { settingsFrom } from "../../guardian/settings-from-config.ts";
import { hostName } from "../../shared/names.ts";
import { defaultPolicy } from "../../guardian/core/evacuation-policy.ts";
import { defaultLimits } from "../../guardian/core/settings.ts";

const good = `
collectors: [{ id: collector-1 }]
networks: { management: { anchors: [192.0.2.1] } }
`;

function problemsOf(text: string): readonly string[] {
  const loaded = readGuardianConfig(text, {});
  return loaded.kind === "problems" ? loaded.problems : [];
}

test("the least configuration observes, with every default", () => {
  const loaded = readGuardianConfig(good, {});
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  assert.equal(loaded.config.mode, "observe");
  const { limits } = settingsFrom(loaded.config, "lab");
  assert.deepEqual(limits, defaultLimits);
});

test("the example in deploy/ is good", () => {
  const path = "deploy/guardian.example.yaml";
  assert.ok(existsSync(path), `${path} is missing`);
  assert.deepEqual(problemsOf(readFileSync(path, "utf8")), []);
});

test("five mistakes are five problems, each with its place and the nearest key", () => {
  const text = `
mod: act
collectors: [{ id: collector-1, liveVew: {} }]
networks: { management: { anchors: [gateway.example.org] } }
hosts:
  compute-1:
    addresses: { managment: 192.0.2.11 }
limits: { silentAfter: 1s }
`;
  const problems = problemsOf(text).join("\n");
  assert.match(problems, /^mod: unknown key; did you mean "mode"\?$/m);
  assert.match(problems, /^collectors\.0\.liveVew: unknown key; did you mean "liveView"\?$/m);
  assert.match(problems, /^networks\.management\.anchors\.0: must be an IP address, not a name$/m);
  assert.match(
    problems,
    /^hosts\.compute-1\.addresses\.managment: unknown key; did you mean "management"\?$/m,
  );
  assert.match(problems, /^limits\.silentAfter: "1s" is less than 4s$/m);
  assert.equal(problemsOf(text).length, 5, problems);
});

test("a list of levels: names, deadlines, and every device in one list", () => {
  const loaded = readGuardianConfig(
    `${good}
hosts:
  plain: { power: [${bmc("192.0.2.20")}] }
  levels:
    power:
      - devices: [${bmc("192.0.2.21")}]
      - kind: level
        deadline: 60s
        devices:
          - { name: a, kind: fence-agent, agent: fence_apc, parameters: { ip: 192.0.2.7, plug: 1 } }
          - { name: b, kind: fence-agent, agent: fence_apc, parameters: { ip: 192.0.2.8, plug: 1 } }
`,
    {},
  );
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const { hosts } = settingsFrom(loaded.config, "lab");
  assert.deepEqual(hosts.get(hostName("plain"))?.levels, undefined);
  const { devices, levels } = hosts.get(hostName("levels")) ?? {};
  assert.deepEqual(devices, ["bmc", "a", "b"]);
  assert.deepEqual(levels, [
    { devices: ["bmc"], deadlineMs: 30_000 },
    { devices: ["a", "b"], deadlineMs: 60_000 },
  ]);
});

test("which servers are moved, and in which order: as written, and with its defaults", () => {
  const read = (text: string): unknown => {
    const loaded = readGuardianConfig(`${good}${text}`, {});
    assert.ok(loaded.kind === "config", JSON.stringify(loaded));
    return settingsFrom(loaded.config, "lab").evacuation;
  };
  assert.deepEqual(read(""), defaultPolicy);
  const written = `
evacuation:
  servers: tagged
  tags: [evacuable, tier=gold]
  exclude: { names: ["ci-*"], projects: [0c5e] }
  states: { paused: reset }
  groups: [{ name: databases, names: ["db-*"], tags: [database] }]
`;
  assert.deepEqual(read(written), {
    servers: "tagged",
    tags: ["evacuable", "tier=gold"],
    exclude: { names: ["ci-*"], tags: [], projects: ["0c5e"] },
    states: { paused: "reset", suspended: "leave", rescued: "leave", stuck: "reset" },
    groups: [{ name: "databases", names: ["db-*"], tags: ["database"] }],
  });
});

const bmc = (address: string): string =>
  `{ kind: ipmi, address: ${address}, username: a, passwordFile: /x }`;
const redfish = (system: string): string =>
  `{ kind: redfish, url: "https://192.0.2.9", username: a, passwordFile: /x${system} }`;

const bad: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "two hosts with one address",
    `hosts: { a: { addresses: { storage: 192.0.2.1 } }, b: { addresses: { storage: 192.0.2.1 } } }`,
    ["hosts.b.addresses.storage: address 192.0.2.1 belongs to a already"],
  ],
  [
    "two hosts with one power device",
    `hosts: { a: { power: [${bmc("192.0.2.5")}] }, b: { power: [${bmc("192.0.2.5")}] } }`,
    ["hosts.b.power.0: power device 192.0.2.5:623 belongs to a already"],
  ],
  [
    "two hosts with one Redfish system",
    `hosts: { a: { power: [${redfish("")}] }, b: { power: [${redfish("")}] } }`,
    ["hosts.b.power.0: power device https://192.0.2.9 belongs to a already"],
  ],
  [
    "two systems of one Redfish service are two devices",
    `hosts: { a: { power: [${redfish(", systemId: '1'")}] }, b: { power: [${redfish(", systemId: '2'")}] } }`,
    [],
  ],
  [
    "a policy of evacuation with mistakes",
    `evacuation: { server: tagged, tags: [], exclude: { name: ["ci-*"], tags: ["=x"] }, groups: [{ name: a }, { name: a, tag: [x] }] }`,
    [
      "evacuation.tags: must name a key",
      'evacuation.exclude.tags.0: must be a key, or "key=value"',
      'evacuation.exclude.name: unknown key; did you mean "names"?',
      'evacuation.groups.1.tag: unknown key; did you mean "tags"?',
      "evacuation.groups: must have different names",
      'evacuation.server: unknown key; did you mean "servers"?',
    ],
  ],
  [
    "one device twice in a level, in two levels, and beside a level",
    `
hosts:
  twice: { power: [{ devices: [${bmc("192.0.2.5")}, ${bmc("192.0.2.5")}] }] }
  again: { power: [{ devices: [${bmc("192.0.2.6")}] }, { devices: [${bmc("192.0.2.6")}] }] }
  mixed: { power: [{ devices: [${bmc("192.0.2.7")}] }, ${bmc("192.0.2.8")}] }
  empty: { power: [{ devices: [], deadlin: 5s }] }
`,
    [
      "hosts.mixed.power: must be devices, or levels of devices, not both",
      "hosts.empty.power.0.devices: a level needs a device",
      'hosts.empty.power.0.deadlin: unknown key; did you mean "deadline"?',
      "hosts.twice.power.0.devices.1: power device 192.0.2.5:623 belongs to twice already",
    ],
  ],
  [
    "mode act and nothing to fence with",
    "mode: act",
    ["hosts: mode act needs at least one host with a power device"],
  ],
  [
    "mode ask and nothing to fence with",
    "mode: ask",
    ["hosts: mode ask needs at least one host with a power device"],
  ],
  [
    "windows: no hosts, a name twice, an end before the start, no zone, an unknown group",
    `
groups: { gpu: { hosts: [a] } }
maintenanceWindows:
  - { name: w, start: "2027-01-10T21:00:00Z", end: "2027-01-11T21:00:00Z", reason: r, owner: o }
  - { name: w, start: "2027-01-10T21:00:00Z", end: "2027-01-10T20:00:00Z", hosts: [a], reason: r, owner: o }
  - { name: x, start: "2027-01-10 21:00", end: "2027-01-11T21:00:00+01:00", groups: [gpus], reason: r, owner: o }
`,
    [
      "maintenanceWindows.1.end: must be after start",
      "maintenanceWindows.2.start: must be a time such as 2026-11-22T09:00:00Z, with its zone",
      "maintenanceWindows.0: names neither hosts nor groups",
      'maintenanceWindows.1.name: "w" is there already',
      "maintenanceWindows.2.groups.0: no such group: gpus; known: gpu",
    ],
  ],
  [
    "kinds of proof: none, unknown; three people",
    "proofs: [confirmed]\ngroups: { gpu: { proofs: [hope] } }\nconfirmBy: 3",
    [
      'groups.gpu.proofs.0: Invalid option: expected one of "off"|"confirmed"',
      "proofs: must list off",
      "confirmBy: Too big: expected number to be <=2",
    ],
  ],
  [
    "silent before suspect",
    "limits: { silentAfter: 4s, suspectAfter: 5s }",
    ["limits.silentAfter: must be more than limits.suspectAfter"],
  ],
];

for (const [name, text, problems] of bad) {
  test(name, () => assert.deepEqual(problemsOf(good + text), problems));
}

test("no collector and no network: both are told", () => {
  const problems = problemsOf("collectors: []\nnetworks: {}\n");
  assert.deepEqual(problems, [
    "collectors: at least one collector must be named",
    "networks: at least one network must be named",
  ]);
  assert.ok(problemsOf("networks: {}\n").includes("collectors: must be given"));
  const wrong = problemsOf("networks: {}\nhosts: { c1: { addresses: { lan: 192.0.2.1 } } }\n");
  const known = "known keys: management, storage, business";
  assert.ok(wrong.includes(`hosts.c1.addresses.lan: unknown key; ${known}`), wrong.join("\n"));
});

test("modes, groups, windows and what no answer means reach the core", () => {
  const text = `${good}
mode: ask
ask: { after: 2m, default: act }
groups: { gpu: { hosts: [compute-1], mode: observe, proofs: [off], comeHome: power-on, drain: true }, plain: {} }
confirmBy: 2
hosts: { compute-1: { mode: act, power: [${bmc("192.0.2.5")}] } }
disableDegraded: false
maintenanceWindows:
  - { name: w, start: "2027-01-10T21:00:00Z", end: "2027-01-11T21:00:00+01:00", groups: [gpu], reason: r, owner: o }
limits: { disableDegradedAfter: 30s, enableHealthyAfter: 10m }
`;
  const loaded = readGuardianConfig(text, {});
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const settings = settingsFrom(loaded.config, "lab");
  assert.equal(settings.mode, "ask");
  assert.deepEqual(settings.ask, { afterMs: 120_000, byDefault: "act" });
  const gpu = {
    hosts: ["compute-1"],
    mode: "observe",
    rows: new Map(),
    proofs: ["off"],
    comeHome: "power-on",
    drain: true,
  };
  assert.deepEqual([settings.proofs, settings.confirmBy], [["off", "confirmed"], 2]);
  assert.deepEqual(settings.groups.get("gpu"), gpu);
  assert.equal(settings.groups.get("plain")?.mode, undefined);
  assert.equal([...settings.hosts.values()][0]?.mode, "act");
  assert.equal(settings.disableDegraded, false);
  const [window] = settings.windows;
  assert.equal(window?.startWall, Date.UTC(2027, 0, 10, 21));
  assert.equal(window?.endWall, Date.UTC(2027, 0, 11, 20));
  assert.deepEqual([window?.groups, window?.hosts], [["gpu"], []]);
  assert.equal(settings.limits.disableDegradedAfterMs, 30_000);
  assert.equal(settings.limits.enableHealthyAfterMs, 600_000);
});
