import assert from "node:assert/strict";
import {
  mkdirSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { SpoolClass, StoreLine } from "../../collector/ports.ts";
import { decodeRecords, encodeRecords, segmentMark } from "../../collector/shell/spool-segment.ts";
import { openSpool, type Spool } from "../../collector/shell/spool.ts";
import { silentLogger, type Logger } from "../../shared/log.ts";

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "guardian-spool-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function open(
  t: TestContext,
  directory: string,
  bytesMax = 1_000_000,
  segmentBytes = 200,
  log: Logger = silentLogger,
): Promise<Spool> {
  const spool = await openSpool({ directory, bytesMax, segmentBytes, log });
  t.after(() => spool.close().catch(() => undefined));
  return spool;
}

/** The directory as a process that is killed now would leave it. */
function asKilled(t: TestContext, directory: string): string {
  const copy = folder(t);
  cpSync(directory, copy, { recursive: true });
  return copy;
}

const lines = (from: number, count: number, policy: StoreLine["policy"] = "main"): StoreLine[] =>
  Array.from({ length: count }, (_, index) => ({ policy, line: `ü,host=a n=${from + index} 1` }));

/** Everything that is left of a class, in chunks of 3, acknowledged. */
async function drain(spool: Spool, spoolClass: SpoolClass): Promise<readonly StoreLine[]> {
  const all: StoreLine[] = [];
  for (;;) {
    const chunk = await spool.next(spoolClass, 3);
    if (chunk === undefined) return all;
    all.push(...chunk.lines.map(({ policy, line }) => ({ policy, line })));
    await spool.acknowledge(chunk);
  }
}

test("what is appended comes back in order, once, over many segments and a restart", async (t) => {
  const directory = folder(t);
  const first = await open(t, directory);
  for (let batch = 0; batch < 10; batch += 1) {
    assert.equal(await first.append("liveness", lines(batch * 7, 7)), true);
  }
  await first.append("bulk", lines(500, 2, "servers"));
  assert.equal(first.figures().liveness, 70);
  const before = await first.next("liveness", 14);
  assert.ok(before);
  await first.acknowledge(before);
  const left = asKilled(t, directory);
  const second = await open(t, left);
  assert.deepEqual(
    [second.figures().liveness, second.figures().bulk],
    [70 - before.lines.length, 2],
  );
  const rest = await drain(second, "liveness");
  assert.deepEqual(
    [...before.lines.map(({ line }) => line), ...rest.map(({ line }) => line)],
    lines(0, 70).map(({ line }) => line),
  );
  assert.deepEqual(await drain(second, "bulk"), lines(500, 2, "servers"));
  assert.equal(second.figures().bytes, 0);
  assert.deepEqual(
    readdirSync(left).filter((name) => !name.endsWith(".cursor")),
    [],
  );
  await second.append("liveness", lines(900, 1));
  await second.close();
  assert.deepEqual(await drain(await open(t, left), "liveness"), lines(900, 1));
});

test("a chunk that is not acknowledged is offered again", async (t) => {
  const spool = await open(t, folder(t));
  await spool.append("liveness", lines(0, 4));
  const once = await spool.next("liveness", 2);
  assert.deepEqual(await spool.next("liveness", 2), once);
  assert.equal((await spool.next("liveness", 1))?.lines.length, 1);
});

test("cut anywhere, a segment keeps every record before the cut", () => {
  const batch = lines(0, 5);
  const bytes = Buffer.concat([segmentMark, encodeRecords(batch)]);
  const ends = decodeRecords(bytes, 0).lines.map(({ end }) => end);
  assert.equal(ends.at(-1), bytes.length);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const { lines: kept, damaged } = decodeRecords(bytes.subarray(0, cut), 0);
    assert.equal(kept.length, ends.filter((end) => end <= cut).length, `cut at ${cut}`);
    assert.equal(damaged, 0, `cut at ${cut}`);
  }
});

test("any bit that is turned costs records that are counted, and never makes a false one", () => {
  const batch = lines(0, 5);
  const bytes = Buffer.concat([segmentMark, encodeRecords(batch)]);
  const known = new Set(batch.map(({ line }) => line));
  for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
    const altered = Buffer.from(bytes);
    altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { lines: kept } = decodeRecords(altered, 0);
    assert.ok(kept.length < 5, `bit ${bit} was not noticed`);
    for (const { line } of kept) assert.ok(known.has(line), `bit ${bit} made ${line}`);
  }
});

test("altered records are counted and told once, and those after them are read", async (t) => {
  const directory = folder(t);
  const first = await open(t, directory);
  await first.append("liveness", lines(0, 20));
  await first.close();
  const name = readdirSync(directory).find((one) => one.endsWith(".seg")) ?? "";
  const bytes = readFileSync(join(directory, name));
  const at = bytes.indexOf("n=2 ");
  writeFileSync(join(directory, name), bytes.fill("N", at, at + 1));
  const said: string[] = [];
  const log: Logger = {
    ...silentLogger,
    error: (fields) => void said.push(String(fields["event"])),
  };
  const second = await open(t, directory, 1_000_000, 200, log);
  assert.deepEqual(
    await drain(second, "liveness"),
    lines(0, 20).filter((_, index) => index !== 2),
  );
  assert.equal(second.figures().damaged, 1);
  assert.deepEqual(said, ["spool-damaged"]);
});

test("half a record at the end of what was being appended is no record", async (t) => {
  const directory = folder(t);
  const first = await open(t, directory, 1_000_000, 100_000);
  await first.append("liveness", lines(0, 3));
  const left = asKilled(t, directory);
  const path = join(left, readdirSync(left).find((one) => one.endsWith(".open")) ?? "");
  truncateSync(path, readFileSync(path).length - 1);
  const second = await open(t, left, 1_000_000, 100_000);
  assert.equal(second.figures().liveness, 2);
  await second.append("liveness", lines(10, 1));
  assert.deepEqual(await drain(second, "liveness"), [...lines(0, 2), ...lines(10, 1)]);
  assert.equal(second.figures().damaged, 0);
});

test("full, the oldest bulk goes first and is counted; liveness on the disk is never given up", async (t) => {
  const spool = await open(t, folder(t), 1500, 200);
  const bulkRows: StoreLine[] = [];
  for (let round = 0; round < 12; round += 1) {
    for (const spoolClass of ["bulk", "liveness"] as const) {
      await spool.append(spoolClass, lines(10 * round, 3));
      if (spoolClass === "bulk") bulkRows.push(...lines(10 * round, 3));
      assert.ok(spool.figures().bytes <= 1500, `${spool.figures().bytes} bytes`);
    }
  }
  const { evicted, unspooled, liveness, bulk } = spool.figures();
  assert.equal(evicted + bulk, 36, "each bulk row is there or counted");
  assert.equal(unspooled, 0);
  assert.equal(liveness, 36);
  const left = await drain(spool, "bulk");
  assert.deepEqual(left, bulkRows.slice(-left.length), "what is left is the newest");
  assert.ok(left.length > 0 && evicted > 0, `${left.length} left, ${evicted} evicted`);
  assert.equal((await drain(spool, "liveness")).length, 36);
});

test("filled by liveness alone it refuses more, counts it, says so once, and goes on when there is room", async (t) => {
  const said: string[] = [];
  const log: Logger = {
    ...silentLogger,
    error: (fields) => void said.push(String(fields["reason"])),
  };
  const spool = await open(t, folder(t), 600, 200, log);
  let kept = 0;
  for (let round = 0; round < 20; round += 1) {
    if (await spool.append("liveness", lines(3 * round, 3))) kept += 3;
  }
  assert.ok(kept > 0 && kept < 60, `${kept}`);
  assert.equal(spool.figures().unspooled, 60 - kept);
  assert.match(spool.figures().trouble ?? "", /^full: liveness alone takes \d+ of 600 bytes$/);
  assert.equal(said.length, 1);
  assert.deepEqual(await drain(spool, "liveness"), lines(0, kept));
  assert.equal(await spool.append("liveness", lines(0, 1)), true);
  assert.equal(spool.figures().trouble, undefined);
});

test("a chunk that was evicted on its way to the store acknowledges nothing else", async (t) => {
  const spool = await open(t, folder(t), 500, 100);
  await spool.append("bulk", lines(0, 4));
  const chunk = await spool.next("bulk", 4);
  assert.ok(chunk);
  for (let round = 1; round < 6; round += 1) await spool.append("bulk", lines(10 * round, 4));
  const { bulk } = spool.figures();
  await spool.acknowledge(chunk);
  assert.equal(spool.figures().bulk, bulk);
  assert.equal((await drain(spool, "bulk"))[0]?.line, `ü,host=a n=${60 - 10 * (bulk / 4)} 1`);
});

test("a disk that fails costs what came meanwhile, counted, and nothing else", async (t) => {
  const directory = folder(t);
  const spool = await open(t, directory, 1_000_000, 100);
  await spool.append("liveness", lines(0, 4));
  rmSync(directory, { recursive: true });
  assert.equal(await spool.append("liveness", lines(4, 4)), false);
  assert.equal(spool.figures().unspooled, 4);
  assert.match(spool.figures().trouble ?? "", /ENOENT/);
});

test("a disk that fails while its records are written to the store is told, and ends nothing", async (t) => {
  const directory = folder(t);
  const spool = await open(t, directory, 1_000_000, 100);
  await spool.append("liveness", lines(0, 4));
  const chunk = await spool.next("liveness", 10);
  assert.ok(chunk !== undefined);
  await spool.append("bulk", lines(4, 4));
  rmSync(directory, { recursive: true });
  await spool.acknowledge(chunk);
  assert.match(spool.figures().trouble ?? "", /ENOENT/);
  assert.equal(await spool.next("bulk", 10), undefined, "it cannot be read");
  mkdirSync(directory);
  assert.equal(await spool.append("liveness", lines(8, 4)), true, "writes work again");
  assert.match(spool.figures().trouble ?? "", /ENOENT/, "what was there is gone all the same");
});
