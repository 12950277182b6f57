/** The start guard's unit under a real systemd: what it holds, what ends it, and that nobody stops servers by it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const main = new URL("../../compute-probe/main.js", import.meta.url).pathname;

test("under systemd: held until it ends, nothing starts when it dies, and it is not stopped by hand", (t) => {
  const folder = mkdtempSync("/tmp/start-guard-lab-");
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const key = { host: "compute-1", keyId: 1, key: "07".repeat(32) };
  writeFileSync(join(folder, "key"), JSON.stringify(key), { mode: 0o600 });
  const config = {
    keyFile: join(folder, "key"),
    collectors: [{ address: "127.0.0.1", port: 9, path: "management" }],
    startGuard: { directory: join(folder, "record") },
  };
  writeFileSync(join(folder, "probe.yaml"), JSON.stringify(config));
  const words = ["test/lab/start-guard.sh", folder, process.execPath, main];
  const said = execFileSync("/bin/bash", words, { encoding: "utf8", timeout: 60_000 });
  // The guard, nova-compute, libvirt-guests.
  assert.deepEqual(said.trim().split("\n"), [
    "booted activating inactive inactive",
    "stop-refused activating inactive inactive",
    "killed failed inactive inactive",
    "nova-started-by-hand activating inactive inactive",
    "overridden active active inactive",
    "restart-refused active active inactive",
    "all active active active",
  ]);
});
