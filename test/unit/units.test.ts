/** The systemd units in deploy/: as systemd reads them, and what the start guard's must say to hold anything. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const units = readdirSync("deploy").filter((name) => name.endsWith(".service"));
const textOf = (name: string): string => readFileSync(join("deploy", name), "utf8");

/** The words of every line with this key. */
function valuesOf(text: string, key: string): readonly string[] {
  const lines = text.split("\n").filter((line) => line.startsWith(`${key}=`));
  return lines.flatMap((line) => line.slice(key.length + 1).split(" "));
}

test("systemd understands every unit", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "guardian-units-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  // Our programs are not installed where the tests run.
  for (const name of units) {
    const text = textOf(name).replace(/^(Exec\w+=)\/usr\/bin\/guardian\S*/gm, "$1/bin/true");
    assert.match(text, /^ExecStart=\/bin\/true/m, `${name} starts none of our programs`);
    writeFileSync(join(directory, name), text);
  }
  const files = units.map((name) => join(directory, name));
  const verified = spawnSync("systemd-analyze", ["verify", "--man=no", ...files], {
    encoding: "utf8",
    timeout: 30_000,
    // Ours first; the colon stands for the system's own.
    env: { PATH: "/usr/bin:/bin", SYSTEMD_UNIT_PATH: `${directory}:` },
  });
  if (verified.error !== undefined) return t.skip("systemd-analyze is not installed");
  const ours = verified.stderr.split("\n").filter((line) => line.includes("guardian"));
  assert.deepEqual([verified.status, ours], [0, []], verified.stderr);
});

test("no daemon stays down, whatever it ended for", () => {
  for (const name of ["guardian", "guardian-collector", "guardian-probe"]) {
    const text = textOf(`${name}.service`);
    assert.deepEqual(valuesOf(text, "Restart"), ["always"], name);
    assert.deepEqual(valuesOf(text, "RestartPreventExitStatus"), [], name);
    assert.deepEqual(valuesOf(text, "StartLimitIntervalSec"), ["0"], name);
  }
});

test("what comes after the start guard needs it, and nobody stops it by mistake", () => {
  const text = textOf("guardian-start-guard.service");
  const held = ["libvirt-guests.service", "nova-compute.service", "openstack-nova-compute.service"];
  assert.deepEqual(valuesOf(text, "Before"), held);
  assert.deepEqual(valuesOf(text, "RequiredBy"), held);
  assert.deepEqual(valuesOf(text, "RefuseManualStop"), ["yes"]);
  assert.deepEqual(valuesOf(text, "Type"), ["oneshot"]);
  assert.deepEqual(valuesOf(text, "TimeoutStartSec"), ["infinity"]);
});
