import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readCollectorConfig } from "../../collector/config.ts";
import { readProbeConfig } from "../../compute-probe/config.ts";
import {
  editDistance,
  formatProblems,
  nearestOf,
  type LoadedConfig,
} from "../../shared/config-problems.ts";

function problemsOf(loaded: LoadedConfig<unknown>): readonly string[] {
  return loaded.kind === "problems" ? loaded.problems : [];
}

const goodProbe = "collectors: [{ address: 10.0.0.5, path: management }]\n";

test("the examples in deploy/ are good", () => {
  const probe = readProbeConfig(readFileSync("deploy/probe.example.yaml", "utf8"), {});
  const collector = readCollectorConfig(readFileSync("deploy/collector.example.yaml", "utf8"), {});
  assert.deepEqual(problemsOf(probe), []);
  assert.deepEqual(problemsOf(collector), []);
});

test("five mistakes are five problems, each with its place and what was probably meant", () => {
  const text = `
keyFle: /etc/guardian/probe.key
collectors:
  - { adress: 10.0.0.5, address: storage.example.org, path: managment }
reportEvery: 30
checks:
  directory: { slowAfter: 5x }
`;
  const problems = problemsOf(readProbeConfig(text, {}));
  const expected = [
    'keyFle: unknown key; did you mean "keyFile"?',
    'collectors.0.adress: unknown key; did you mean "address"?',
    "collectors.0.address: must be an IP address, not a name",
    'reportEvery: must be a duration such as "30s"',
    'checks.directory.slowAfter: "5x" is not a duration such as "30s" or "250ms"',
  ];
  for (const line of expected)
    assert.ok(problems.includes(line), `${line}\n${problems.join("\n")}`);
  assert.equal(problems.length, 6);
  assert.match(problems.join("\n"), /collectors\.0\.path: .*"management"/);
  assert.match(formatProblems("probe.yaml", problems), /^probe\.yaml: 6 problems\n {2}- /);
});

test("rules that span keys are told with the place", () => {
  const probe = `${goodProbe}checks: { directory: { slowAfter: 20s } }`;
  assert.deepEqual(problemsOf(readProbeConfig(probe, {})), [
    "checks.directory.slowAfter: must be shorter than deadline",
  ]);
  const collector = "id: c1\nstore: { kind: influx }\n";
  assert.deepEqual(problemsOf(readCollectorConfig(collector, {})), ["store.influx: must be given"]);
});

test("what is no YAML, or no mapping, is a problem and no crash", () => {
  assert.match(problemsOf(readProbeConfig("a: [", {}))[0] ?? "", /^not YAML: /);
  assert.match(problemsOf(readProbeConfig("- 1", {}))[0] ?? "", /keys and values/);
  assert.ok(problemsOf(readProbeConfig("", {})).length > 0);
});

test("the environment overrides the file, in any spelling of case and underscores", () => {
  const loaded = readProbeConfig(goodProbe, {
    GUARDIAN__REPORT_EVERY: "2s",
    GUARDIAN__COLLECTORS__0__PORT: "9000",
    GUARDIAN__CHECKS__DIRECTORY__EXPECT_MOUNT: "true",
    PATH: "/bin",
  });
  assert.equal(loaded.kind, "config");
  if (loaded.kind !== "config") return;
  assert.equal(loaded.config.reportEvery, 2000);
  assert.equal(loaded.config.collectors[0]?.port, 9000);
  assert.equal(loaded.config.checks.directory?.expectMount, true);
  const wrong = readProbeConfig(goodProbe, {
    GUARDIAN__REPORT_EVRY: "2s",
    GUARDIAN__REPORTEVERY__X: "1",
  });
  assert.match(
    problemsOf(wrong).join("\n"),
    /report_evry: unknown key; did you mean "reportEvery"/,
  );
});

test("the nearest known word is one that could have been meant", () => {
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(nearestOf("adress", ["port", "address", "path"]), "address");
  assert.equal(nearestOf("zzzzzz", ["port", "address"]), undefined);
});
