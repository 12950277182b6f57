/** What happens to a running probe: a new configuration, a bad one, collectors that are all gone; and checks that act. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createCommandCheck } from "../../compute-probe/shell/command-check.ts";
import { createDirectoryCheck } from "../../compute-probe/shell/directory-check.ts";
import { createLibvirtHypervisor } from "../../compute-probe/shell/libvirt-hypervisor.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { observeProbe } from "../lab/observed-probe.ts";
import { waitFor } from "../support/wait-for.ts";

const common = { clock: systemClock, log: silentLogger };

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "guardian-probe-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("SIGHUP: the new configuration counts, a bad one changes nothing, and no notice goes out", async (t) => {
  const folder = folderOf(t);
  const directory = join(folder, "written");
  const probe = await observeProbe(folder, "  facts: {}\n");
  t.after(() => probe.end());
  await probe.until(
    "a report without a directory",
    ({ liveness }) => {
      return liveness?.checks.directory === "unknown";
    },
    20_000,
  );
  const config = join(folder, "probe.yaml");
  const good = readFileSync(config, "utf8");
  const hangUp = (): boolean => process.kill(probe.process.pid, "SIGHUP");

  writeFileSync(config, "checks: { directory: often }\n");
  hangUp();
  const refused = await probe.process.logged("reload-refused", 20_000);
  assert.match(JSON.stringify(refused["problems"]), /directory/);
  let epoch = 0;
  await probe.until(
    "the old one goes on",
    ({ header, liveness }) => {
      epoch = header.probeEpoch;
      return liveness !== undefined;
    },
    20_000,
  );

  mkdirSync(directory);
  writeFileSync(config, `${good}  directory: { path: ${directory}, every: 500ms }\n`);
  hangUp();
  await probe.process.logged("reloaded", 20_000);
  const notices = new Set<string>();
  await probe.until(
    "the new one",
    ({ header, liveness }) => {
      if (liveness !== undefined) notices.add(liveness.checks.notice);
      return liveness?.checks.directory === "ok" && header.probeEpoch > epoch;
    },
    20_000,
  );
  assert.deepEqual([...notices], ["none"]);
});

test("collectors that are all gone: measuring goes on, and the log says so once", async (t) => {
  const folder = folderOf(t);
  const key = { host: "compute-1", keyId: 1, key: "07".repeat(32) };
  writeFileSync(join(folder, "key"), JSON.stringify(key), { mode: 0o600 });
  const config = {
    keyFile: join(folder, "key"),
    // Nobody listens on either.
    collectors: [1, 2].map((port) => ({ address: "127.0.0.1", port, path: "management" })),
    reportEvery: "200ms",
    checks: { directory: { path: folder, every: "500ms" } },
  };
  writeFileSync(join(folder, "probe.yaml"), JSON.stringify(config));
  const probe = startDaemon("compute-probe/main.js", ["--config", join(folder, "probe.yaml")]);
  t.after(() => probe.end("SIGKILL"));
  const said = await probe.logged("alone", 25_000);
  assert.match(String(said["msg"]), /no collector is heard on any path; measuring goes on/);
  rmSync(join(folder, ".guardian-probe"), { recursive: true, force: true });
  await waitFor("another write", () => existsSync(join(folder, ".guardian-probe")) || undefined);
  assert.equal(probe.entries().filter(({ event }) => event === "alone").length, 1);
  assert.equal(await probe.end("SIGTERM"), 0);
});

test("the instances directory as another user: what root could write is denied to nobody", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("only root may become another user");
  const nobody = { uid: 65_534, gid: 65_534 };
  const folder = folderOf(t);
  chmodSync(folder, 0o755);
  const look = async (runAs: typeof nobody | undefined): Promise<string | undefined> => {
    const times = { host: "compute-1", deadlineMs: 5000, slowAfterMs: 4000, expectMount: false };
    const check = createDirectoryCheck({ ...common, ...times, path: folder, runAs });
    await check.round();
    return check.latest()?.state;
  };
  assert.equal(await look(nobody), "denied");
  assert.equal(await look(undefined), "ok");
  rmSync(join(folder, ".guardian-probe"), { recursive: true });
  chownSync(folder, nobody.uid, nobody.gid);
  assert.equal(await look(nobody), "ok");
});

test("first aid starts a service that is down, as often as it may, and no more", async (t) => {
  const folder = folderOf(t);
  // A program of a name that nobody else has: the kernel keeps 15 characters of it.
  const name = `gp-${process.pid}-x`;
  copyFileSync("/bin/sleep", join(folder, name));
  const log = join(folder, "aids");
  const script = (body: string): string => `echo aid >>${log}; ${body}`;
  const checkWith = (body: string) =>
    createCommandCheck({
      ...common,
      name: "watched",
      watched: { kind: "process", process: name },
      resource: "watched",
      deadlineMs: 5000,
      firstAid: {
        command: "/bin/sh",
        args: ["-c", script(body)],
        afterFailingMs: 0,
        atMost: 2,
        withinMs: 3_600_000,
      },
    });
  const aids = (): number =>
    existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0;
  const helpless = checkWith("true");
  for (let round = 0; round < 5; round += 1) await helpless.round();
  assert.equal(helpless.summary()?.state, "gone");
  await waitFor("two aids", () => aids() === 2 || undefined);

  rmSync(log);
  const helped = checkWith(`${join(folder, name)} 30 & echo $! >${folder}/pid`);
  await helped.round();
  await waitFor("it runs", async () => {
    await helped.round();
    return helped.summary()?.state === "running" || undefined;
  });
  const pidFile = join(folder, "pid");
  const pid = await waitFor("its pid", () =>
    existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) || undefined : undefined,
  );
  process.kill(pid, "SIGKILL");
  assert.ok(aids() >= 1 && aids() <= 2);
});

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
