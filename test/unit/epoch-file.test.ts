/** The epoch of a collector's life rises, whatever its clock does. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nextEpoch } from "../../collector/shell/epoch-file.ts";
import { silentLogger, type Logger } from "../../shared/log.ts";

test("later than the one before, also when the clock was put back; a file that is none is said", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "guardian-epoch-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "epoch");
  const lines: unknown[] = [];
  const log: Logger = { ...silentLogger, warn: (fields) => void lines.push(fields) };
  const day = 1_780_000_000_000;
  assert.equal(nextEpoch(file, day, log), day);
  assert.equal(nextEpoch(file, day - 28_800_000, log), day + 1);
  assert.equal(nextEpoch(file, day + 5000, log), day + 5000);
  assert.deepEqual(lines, []);
  writeFileSync(file, "tomorrow");
  assert.equal(nextEpoch(file, day, log), day);
  assert.match(JSON.stringify(lines), /epoch-unreadable/);
  lines.length = 0;
  assert.equal(nextEpoch(join(folder, "none", "epoch"), day, log), day);
  assert.match(JSON.stringify(lines), /epoch-unsaved/);
});
