import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createLibvirtHypervisor } from "../../compute-probe/shell/libvirt-hypervisor.ts";
import { startChild } from "../../compute-probe/shell/child.ts";
import { badDirectories } from "../../guardian/core/self-checks.ts";
import { createDirectoryCheck } from "../../compute-probe/shell/directory-check.ts";
import { createSqliteTelemetry } from "../../guardian/shell/sqlite-telemetry.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import type { LivenessRow } from "../../shared/telemetry.ts";
import { createCollectorFixture } from "../support/collector-fixture.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { startFakeLibvirt } from "../support/fake-libvirt.ts";
import { waitFor } from "../support/wait-for.ts";

const bin = (main: string): string => new URL(`../../${main}`, import.meta.url).pathname;

test("a real probe with an issued key: its checks arrive, and its last word is stopping", async (t) => {
  const fixture = createCollectorFixture();
  const collector = await fixture.start();
  const inDirectory = (name: string): string => join(fixture.directory, name);
  const libvirt = await startFakeLibvirt(inDirectory("libvirt-sock-ro"));
  const uuid = "00112233445566778899aabbccddeeff";
  libvirt.domains = { [uuid]: 1, ["f".repeat(32)]: 5 };
  mkdirSync(inDirectory("instances"));
  const keyFile = inDirectory("probe.key");
  const issue = ["keys", "issue", "compute-1", "--out", keyFile, "--config", fixture.configFile];
  execFileSync(process.execPath, [bin("collector/main.js"), ...issue]);
  assert.equal(statSync(keyFile).mode & 0o777, 0o600);
  writeFileSync(
    inDirectory("probe.yaml"),
    `keyFile: ${keyFile}
collectors:
  - { address: 127.0.0.1, port: ${collector.port}, path: management }
  - { address: 127.0.0.1, port: ${collector.port}, path: storage, sourceAddress: 127.0.0.9 }
reportEvery: 300ms
checks:
  directory: { path: ${inDirectory("instances")}, every: 500ms }
  libvirt: { socket: ${inDirectory("libvirt-sock-ro")}, every: 200ms, timeout: 500ms }
`,
  );
  const probe = startDaemon("compute-probe/main.js", ["--config", inDirectory("probe.yaml")]);
  const store = createSqliteTelemetry(fixture.database);
  t.after(async () => {
    await probe.end("SIGKILL");
    await collector.process.end("SIGKILL");
    await libvirt.close();
    await store.close();
    fixture.remove();
  });
  const rowsWhere = (what: string, wanted: (row: LivenessRow) => boolean) =>
    waitFor(what, async () => {
      const now = await store.read(1000);
      const rows = now.kind === "read" ? now.liveness : [];
      return rows.length === 2 && rows.every(wanted) ? rows : undefined;
    });

  const [row] = await rowsWhere("checked rows", ({ checks }) => {
    return checks.directory === "ok" && checks.libvirt === "up" && checks.serversTotal === 2;
  });
  assert.equal(row?.checks.serversRunning, 1);
  assert.equal(row.checks.storage, "unknown");
  // The next check may be on its way: each takes its file away again.
  const files = (): readonly string[] => readdirSync(inDirectory("instances/.guardian-probe"));
  await waitFor("no file left by the check", () => (files().length === 0 ? true : undefined));

  libvirt.silent = true;
  await rowsWhere("libvirt down", ({ checks }) => checks.libvirt === "down");
  libvirt.silent = false;
  await rowsWhere("libvirt up again", ({ checks }) => checks.libvirt === "up");

  assert.equal(await probe.end("SIGTERM"), 0);
  await rowsWhere("the last word", ({ checks }) => checks.notice === "stopping");
});

test("bad configuration and an open key file: all is told, exit 2, nothing started", (t) => {
  const fixture = createCollectorFixture();
  t.after(() => fixture.remove());
  const file = join(fixture.directory, "probe.yaml");
  const run = (): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [bin("compute-probe/main.js"), "--config", file], {
      encoding: "utf8",
    });
  writeFileSync(file, "keyFle: x\nreportEvery: 1\n");
  const bad = run();
  assert.equal(bad.status, 2);
  assert.match(bad.stderr, /3 problems/);
  assert.match(bad.stderr, /did you mean "keyFile"/);
  const keyFile = join(fixture.directory, "key");
  writeFileSync(keyFile, '{"host":"compute-1","keyId":1,"key":"00"}');
  chmodSync(keyFile, 0o644);
  writeFileSync(file, `keyFile: ${keyFile}\ncollectors: [{ address: 127.0.0.1, path: storage }]\n`);
  const open = run();
  assert.equal(open.status, 2);
  assert.match(open.stderr, /others can read it/);
});

test("libvirt over its socket: states, errors, no answer, gone and back", async (t) => {
  const fixture = createCollectorFixture();
  const socket = join(fixture.directory, "libvirt-sock-ro");
  let libvirt = await startFakeLibvirt(socket);
  t.after(async () => {
    await libvirt.close();
    fixture.remove();
  });
  libvirt.domains = { ["00112233445566778899aabbccddeeff"]: 3 };
  const hypervisor = createLibvirtHypervisor({ socket, uri: "qemu:///system", clock: systemClock });
  t.after(() => hypervisor.close());
  assert.deepEqual(await hypervisor.look(1000), {
    kind: "servers",
    hostUuid: "a1b2c3d4e5f60718293a4b5c6d7e8f90",
    servers: [{ server: "00112233-4455-6677-8899-aabbccddeeff", state: "paused" }],
  });
  await hypervisor.look(1000);
  assert.equal(libvirt.connections, 1);

  libvirt.silent = true;
  const startedMs = systemClock.monoMs();
  assert.equal((await hypervisor.look(400)).kind, "down");
  assert.ok(systemClock.monoMs() - startedMs < 600);
  await libvirt.close();
  assert.equal((await hypervisor.look(400)).kind, "down");

  libvirt = await startFakeLibvirt(socket);
  await waitFor("libvirt again", async () => {
    return (await hypervisor.look(400)).kind === "servers" ? true : undefined;
  });
  libvirt.errorText = "internal error";
  const failed = await hypervisor.look(400);
  assert.equal(failed.kind, "down");
  assert.match(failed.kind === "down" ? failed.reason : "", /libvirt error 1: internal error/);
});

test("a child that does not end is given up at the deadline, with its children", async () => {
  const startedMs = systemClock.monoMs();
  const child = startChild("/bin/sh", ["-c", "sleep 30 & sleep 30"], 300);
  assert.deepEqual(await child.settled, { kind: "deadline" });
  assert.ok(systemClock.monoMs() - startedMs < 1000);
  await waitFor("the end of the group", () => (child.isGone() ? true : undefined));
});

test("the instances directory: there, and missing or not mounted", async (t) => {
  const fixture = createCollectorFixture();
  t.after(() => fixture.remove());
  const common = {
    host: "compute-1",
    deadlineMs: 5000,
    slowAfterMs: 2000,
    clock: systemClock,
    log: silentLogger,
  };
  const stateOf = async (path: string, expectMount: boolean): Promise<string | undefined> => {
    const check = createDirectoryCheck({ ...common, path, expectMount });
    assert.equal(check.latest(), undefined);
    await check.round();
    return check.latest()?.state;
  };
  assert.equal(await stateOf(fixture.directory, false), "ok");
  assert.equal(await stateOf(fixture.directory, true), "missing");
  assert.equal(await stateOf(join(fixture.directory, "none"), false), "missing");
});

test("a directory that has failed stays failed while the next write to it takes long: only one that ends says otherwise", async (t) => {
  const fixture = createCollectorFixture();
  t.after(() => fixture.remove());
  // Where the helper's folder should be there is a file: no write comes to a good end.
  writeFileSync(join(fixture.directory, ".guardian-probe"), "");
  const check = createDirectoryCheck({
    host: "compute-1",
    path: fixture.directory,
    expectMount: false,
    deadlineMs: 20_000,
    slowAfterMs: 0,
    clock: systemClock,
    log: silentLogger,
  });
  await check.round();
  const failed = check.latest()?.state;
  assert.ok(
    badDirectories.some((bad) => bad === failed),
    failed,
  );
  const states = new Set([failed]);
  for (let round = 0; round < 5; round += 1) {
    let isOver = false;
    const over = check.round().then(() => (isOver = true));
    while (!isOver) {
      await sleep(0);
      states.add(check.latest()?.state);
    }
    await over;
  }
  assert.deepEqual([...states], [failed]);
});
