/** What happens to a running probe: a new configuration, a bad one, collectors that are all gone; and checks that act. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
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
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createCommandCheck } from "../../compute-probe/shell/command-check.ts";
import { createDirectoryCheck } from "../../compute-probe/shell/directory-check.ts";
import { createReportSender } from "../../compute-probe/shell/report-sender.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { collectorId, hostName } from "../../shared/names.ts";
import type { RingPeer } from "../../shared/wire-ack.ts";
import { importKey, signAcknowledgement } from "../../shared/wire-auth.ts";
import { decodeHeader } from "../../shared/wire.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { observeProbe } from "../lab/observed-probe.ts";
import { healthyChecks } from "../support/sample-report.ts";
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

test("peers are pinged by their addresses alone, whatever a collector hands out", async (t) => {
  const host = hostName("compute-1");
  const key = importKey(new Uint8Array(32).fill(7));
  const collector = createSocket("udp4");
  collector.bind(0, "127.0.0.1");
  await once(collector, "listening");
  const peerAt = (address: string): RingPeer => ({
    host: hostName("compute-2"),
    network: "storage",
    address,
  });
  const handedOut = [
    "10.0.0.2",
    "-f/etc/shadow",
    "peer.example",
    "",
    "10.0.0.2 8.8.8.8",
    "fd00::2",
  ];
  collector.on("message", (bytes, from) => {
    const header = decodeHeader(bytes);
    assert.ok(typeof header !== "string");
    const { keyId, path, bootId, probeEpoch, sequence } = header;
    const ack = signAcknowledgement(key, {
      keyId,
      path,
      host,
      bootId,
      probeEpoch,
      sequence,
      collector: collectorId("c1"),
      collectorEpoch: 1,
      nonce: "",
      received: 1,
      every: 1,
      settings: undefined,
      peers: handedOut.map(peerAt),
    });
    collector.send(ack, from.port, from.address);
  });
  const sender = createReportSender({
    ...common,
    identity: { host, keyId: 1, key, bootId: "0123456789abcdef", probeEpoch: 1 },
    collectors: [
      {
        address: "127.0.0.1",
        port: collector.address().port,
        path: "storage",
        sourceAddress: undefined,
      },
    ],
  });
  t.after(() => {
    sender.close();
    collector.close();
  });
  sender.send(healthyChecks, undefined);
  const peers = await waitFor("peers", () => (sender.answered() > 0 ? sender.peers() : undefined));
  assert.deepEqual(
    peers.map(({ address }) => address),
    ["10.0.0.2", "fd00::2"],
  );
});
