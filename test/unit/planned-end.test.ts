import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { noticeOfJobs } from "../../compute-probe/core/planned-end.ts";
import { readPlannedEnd } from "../../compute-probe/shell/planned-end.ts";

const others = "  812 guardian-probe.service    stop  running\n  790 umount.target start waiting\n";

test("what systemd has under way tells a reboot from a power-off and from a mere stop", () => {
  for (const [jobs, notice] of [
    ["", "stopping"],
    [others, "stopping"],
    [`${others}  788 reboot.target start waiting\n`, "rebooting"],
    [`  788 kexec.target start waiting\n${others}`, "rebooting"],
    [`${others}  788 poweroff.target start waiting\n`, "powering-off"],
    [`${others}  788 halt.target start waiting\n`, "powering-off"],
    ["  788 reboot.target stop waiting\n", "stopping"],
    ["No jobs running.\n", "stopping"],
  ] as const) {
    assert.equal(noticeOfJobs(jobs), notice, jobs);
  }
});

function program(t: TestContext, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), "guardian-systemctl-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "systemctl");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

test("systemd is asked for its jobs; without an answer in time the probe merely stops", async (t) => {
  const asked =
    '[ "$*" = "list-jobs --no-legend --plain" ] && echo "788 reboot.target start waiting"';
  assert.equal(await readPlannedEnd(program(t, asked)), "rebooting");
  assert.equal(await readPlannedEnd("/no/such/program"), "stopping");
  const from = performance.now();
  assert.equal(await readPlannedEnd(program(t, "sleep 20")), "stopping");
  assert.ok(performance.now() - from < 3000);
});
