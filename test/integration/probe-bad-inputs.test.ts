/** What the world answers when it makes no sense: plugins and a libvirt that say anything at all give a result, never an error. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { startChild } from "../../compute-probe/shell/child.ts";
import { createCommandCheck } from "../../compute-probe/shell/command-check.ts";
import { createDirectoryCheck } from "../../compute-probe/shell/directory-check.ts";
import { createLibvirtHypervisor } from "../../compute-probe/shell/libvirt-hypervisor.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";

const common = { clock: systemClock, log: silentLogger };

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "guardian-probe-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const plugins: readonly (readonly [string, string, string, string])[] = [
  ["garbage and a clean end", "head -c 3000 /dev/urandom; exit 0", "ok", ""],
  ["no end of words", "exec cat /dev/zero", "hung", "did not end within"],
  ["no word and an odd end", "exit 77", "unknown", "ended with 77"],
  ["its own end by a signal", "kill -SEGV $$", "unknown", "ended by a signal"],
  ["a child that holds its output", "sleep 30 & exit 2", "hung", "did not end within"],
  ["no numbers where numbers are", "echo 'OK|a=b;;;; c=1e999 =3 d='; exit 1", "warning", "OK"],
];

for (const [says, script, state, text] of plugins) {
  test(`a plugin with ${says}: ${state}`, async () => {
    const watched = { kind: "command", command: "/bin/sh", args: ["-c", script] } as const;
    const own = { name: "p", resource: "p", deadlineMs: 500 };
    const check = createCommandCheck({ ...common, ...own, watched });
    await check.round();
    const summary = check.summary();
    assert.equal(summary?.state, state);
    assert.ok(summary.text.includes(text), summary.text);
    assert.ok(summary.samples.every(({ volume }) => Number.isFinite(volume)));
  });
}

test("a plugin that is not there, and a directory in its place", async () => {
  for (const command of ["/nonexistent/plugin", "/tmp"]) {
    const watched = { kind: "command", command, args: [] } as const;
    const check = createCommandCheck({
      ...common,
      name: "p",
      resource: "p",
      deadlineMs: 500,
      watched,
    });
    await check.round();
    assert.equal(check.summary()?.level, "unknown", command);
  }
});

test("a program that the system refuses is one that did not start, whether Node says so or throws", async () => {
  const long = startChild("/bin/true", ["x".repeat(4_000_000)], 500);
  const refused = await long.settled;
  assert.ok(refused.kind === "not-started" && refused.code === "E2BIG", JSON.stringify(refused));
  assert.equal(long.isGone(), true);
  const none = await startChild("/nonexistent/program", [], 500).settled;
  assert.ok(none.kind === "not-started" && none.code === "ENOENT");
});

test("a failed directory is found failing when a write has failed, not while one is slow", async (t) => {
  const path = join(folderOf(t), "gone", "instances");
  const times = { host: "h", deadlineMs: 5000, slowAfterMs: 1, expectMount: false };
  const check = createDirectoryCheck({ ...common, ...times, path });
  await check.round();
  const found = check.latest();
  assert.equal(found?.state, "missing");
  for (let round = 0; round < 5; round += 1) {
    const before = check.latest()?.atMs;
    let isOver = false;
    const done = check.round().then(() => (isOver = true));
    await sleep(3);
    if (!isOver) assert.equal(check.latest()?.atMs, before, "nothing was found by then");
    await done;
    assert.notEqual(check.latest()?.atMs, before);
  }
});

const nonsense: readonly (readonly [string, (call: Buffer) => Buffer])[] = [
  ["nothing, and hangs up", () => Buffer.alloc(0)],
  ["a length of four gigabytes", () => Buffer.alloc(28, 0xff)],
  ["a length of zero", () => Buffer.alloc(28)],
  ["its own question", (call) => call],
  ["an answer without a body", (call) => answerTo(call, Buffer.alloc(0))],
  [
    "a list that says it has four billion entries",
    (call) => answerTo(call, Buffer.alloc(64, 0xff)),
  ],
  ["words of another protocol", () => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n".repeat(4))],
];

function answerTo(call: Buffer, body: Buffer): Buffer {
  const header = Buffer.from(call.subarray(0, 28));
  header.writeUInt32BE(28 + body.length, 0);
  header.writeUInt32BE(1, 16);
  header.writeUInt32BE(0, 24);
  return Buffer.concat([header, body]);
}

for (const [says, answer] of nonsense) {
  test(`a libvirt that answers ${says}: down, with a reason, in time`, async (t) => {
    const socket = join(folderOf(t), "sock");
    const server = createServer((client) => {
      client.on("error", () => client.destroy());
      client.on("data", (call) => client.write(answer(call)) || client.end());
      if (says.startsWith("nothing")) client.end();
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const hypervisor = createLibvirtHypervisor({
      socket,
      uri: "qemu:///system",
      clock: systemClock,
    });
    t.after(() => {
      hypervisor.close();
      server.close();
    });
    const fromMs = performance.now();
    const look = await hypervisor.look(600);
    assert.equal(look.kind, "down", JSON.stringify(look));
    assert.notEqual(look.kind === "down" ? look.reason : "", "");
    assert.equal((await hypervisor.stats(300)).kind, "none");
    assert.ok(performance.now() - fromMs < 5000);
  });
}
