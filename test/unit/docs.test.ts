/** Pages that list what the code knows are checked against it: a key or a row without a line fails. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { z } from "zod";
import { configSchema } from "../../guardian/config.ts";
import { gatesOfDegraded } from "../../guardian/core/degraded-gates.ts";
import { gatesToDisable } from "../../guardian/core/degraded.ts";
import { gateEntry, gateList } from "../../guardian/core/gate-list.ts";
import { gatesToBegin } from "../../guardian/core/gates.ts";
import type { HostSettings, Settings } from "../../guardian/core/settings.ts";
import { signalValues, type Signals } from "../../guardian/core/assessment.ts";
import { defaultTable, type Row } from "../../guardian/core/verdict-table.ts";
import { render } from "../../guardian/core/words.ts";
import { collectorSchema } from "../../collector/config.ts";
import { probeSchema } from "../../compute-probe/config.ts";
import type { HostName } from "../../shared/names.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

function page(name: string): string {
  return readFileSync(`docs/${name}`, "utf8");
}

const begin = "<!-- begin: generated, see test/unit/docs.test.ts -->";
const end = "<!-- end -->";

function verdictLine({ row, when, verdict, action, says }: Row): string {
  const conditions = (Object.keys(signalValues) as (keyof Signals)[]).flatMap((signal) => {
    const values = when[signal];
    return values === undefined ? [] : [`${signal} ${values.join(" or ")}`];
  });
  return `| ${row} | ${conditions.join("; ")} | ${verdict} | ${action} | ${render(says)} |`;
}

test("docs/verdicts.md has the default table, row by row", () => {
  const table = [
    "| row | when | verdict | action | it says |",
    "|---|---|---|---|---|",
    ...defaultTable.map(verdictLine),
  ].join("\n");
  const text = page("verdicts.md");
  const [head, rest] = text.split(begin);
  const tail = rest?.split(end)[1];
  assert.ok(tail !== undefined, `docs/verdicts.md needs ${begin} and ${end}`);
  const wanted = `${head}${begin}\n${table}\n${end}${tail}`;
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync("docs/verdicts.md", wanted);
  else assert.equal(text, wanted, "UPDATE_GOLDEN=1 npm test writes it");
});

test("docs/gates.md has every gate, with its operator", () => {
  const core = new CoreFixture({ ...inRack("B7"), drain: true }, 40).run(15_000);
  core.fact(host2, { checks: { ...core.factsOf(host2).checks, directory: "read-only" } });
  core.run(65_000);
  core.powerLoss(host1);
  core.run(6000);
  const lines = page("gates.md").split("\n");
  const host = core.hostState(host1);
  const gates = [
    ...gatesToBegin(core.state, host, core.assessment(host1)),
    ...gatesToDisable(core.state, host),
    ...gatesOfDegraded(core.state, core.hostState(host2)),
  ];
  const printed = gates.map(({ gate, operator }) => {
    const entry = gateEntry(gate);
    assert.ok(entry !== undefined, `guardian/core/gate-list.ts has no entry for "${gate}"`);
    const line = lines.find((found) => found.startsWith(`| ${entry.gate} |`));
    assert.ok(line !== undefined, `docs/gates.md has no line for "${entry.gate}"`);
    assert.ok(line.includes(`\`${operator}\``), `${gate}: operator ${operator} not in: ${line}`);
    assert.ok(
      line.includes(`| ${entry.fails} |`),
      `${gate}: fails ${entry.fails}, not in: ${line}`,
    );
    assert.ok(
      line.includes(entry.asks) && line.includes(entry.why),
      `${gate}: other words: ${line}`,
    );
    return entry.gate;
  });
  const missing = gateList.filter(({ gate }) => !printed.includes(gate));
  // Printed only while its power is cycled, and once somebody of the domain was fenced.
  assert.deepEqual(
    missing.map(({ gate }) => gate),
    ["rehearsal", "fence rate in …"],
  );
});

/** The first ten of 40 hosts share a rack. */
function inRack(rack: string): Partial<Settings> {
  const { hosts } = new CoreFixture({}, 40).settings;
  const racked = [...hosts].map(([host, entry], at): [HostName, HostSettings] => [
    host,
    at < 10 ? { ...entry, domains: { rack } } : entry,
  ]);
  return { hosts: new Map(racked) };
}

interface Key {
  readonly path: string;
  /** As text; undefined when there is none, or when it is a list or a map. */
  readonly byDefault: string | undefined;
}

/** Every key of a JSON Schema, with its default; lists and maps by `[]` and `<name>`. */
function keysOf(schema: unknown, path = ""): readonly Key[] {
  const node = Object(schema) as Record<string, unknown>;
  const nested = ["anyOf", "oneOf", "allOf"].flatMap((kind) =>
    (Array.isArray(node[kind]) ? node[kind] : []).flatMap((part: unknown) => keysOf(part, path)),
  );
  const properties = Object.entries(Object(node["properties"])).flatMap(([name, child]) => {
    const at = path === "" ? name : `${path}.${name}`;
    const inner = keysOf(child, at);
    const value: unknown = Reflect.get(Object(child), "default");
    const plain = typeof value === "string" || typeof value === "number" || value === !!value;
    const byDefault = plain ? String(value) : undefined;
    return inner.length > 0 ? inner : [{ path: at, byDefault }];
  });
  const items = node["items"] === undefined ? [] : keysOf(node["items"], `${path}[]`);
  const isMap = typeof node["additionalProperties"] === "object";
  const isRecord = isMap && node["properties"] === undefined;
  const entries = isRecord ? keysOf(node["additionalProperties"], `${path}.<name>`) : [];
  return [...nested, ...properties, ...items, ...entries];
}

const files = {
  "probe.yaml": z.toJSONSchema(probeSchema, { io: "input", unrepresentable: "any" }),
  "collector.yaml": z.toJSONSchema(collectorSchema, { io: "input", unrepresentable: "any" }),
  "guardian.yaml": configSchema(),
};

for (const [file, schema] of Object.entries(files)) {
  test(`docs/configuration.md has every key of ${file} with its default, and no other`, () => {
    const section = page("configuration.md").split(`## ${file}`)[1]?.split("\n## ")[0] ?? "";
    const documented = new Map(
      [...section.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)].map((match) => [
        match[1] ?? "",
        (match[2] ?? "").trim(),
      ]),
    );
    // A level's devices are what a host's are.
    const keys = keysOf(schema).map((key) => ({
      ...key,
      path: key.path.replace("power[].devices[].", "power[]."),
    }));
    assert.ok(keys.length > 10);
    const problems = keys.flatMap(({ path, byDefault }) => {
      const said = documented.get(path);
      if (said === undefined) return [`${path}: no line (default ${byDefault ?? "none"})`];
      if (byDefault === undefined) return [];
      return said.includes(`\`${byDefault}\``)
        ? []
        : [`${path}: default is ${byDefault}, the page says ${said}`];
    });
    const known = new Set(keys.map(({ path }) => path));
    const extra = [...documented.keys()].filter((path) => !known.has(path));
    assert.deepEqual([...problems, ...extra.map((path) => `${path}: no such key`)], []);
  });
}

test("docs/alerts.md has every kind of alert that the core can send", () => {
  const text = page("alerts.md");
  const sources = [
    "alerting",
    "dead-alert",
    "host-alerts",
    "incident-alerts",
    "policy-alerts",
    "verified-share",
  ].map((name) => readFileSync(`guardian/core/${name}.ts`, "utf8"));
  const kinds = sources.flatMap((source) => [
    ...source.matchAll(/^\s+kind: [`"]([a-z]+(?:-[a-z]+)*)-?(?:\$\{[^}]+\})?[`"],$/gm),
    ...source.matchAll(/\bdraft\(\s*"([a-z-]+)"/g),
  ]);
  // Kinds that are named after a verdict or a row when the alert is made.
  const computed = ["hung", "isolated", "degraded", "probe-dead", "row"];
  const names = [...new Set([...kinds.map((match) => match[1] ?? ""), ...computed])];
  assert.ok(names.length >= 15, names.join(", "));
  const missing = names.filter((name) => !new RegExp(`^\\| \`${name}[\`-]`, "m").test(text));
  assert.deepEqual(missing, []);
});
