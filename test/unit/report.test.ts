import assert from "node:assert/strict";
import { test } from "node:test";
import { readDirectoryExit } from "../../compute-probe/core/directory-result.ts";
import { isMountPoint } from "../../compute-probe/core/mount-info.ts";
import {
  noNetworkMemory,
  pingArguments,
  readPingExit,
  rememberRound,
  type PingRound,
} from "../../compute-probe/core/network-result.ts";
import { describeChecks, planReport, serversDue } from "../../compute-probe/core/report.ts";
import { hostName, serverId } from "../../shared/names.ts";
import { serversPerDatagram } from "../../shared/wire.ts";
import { noLink, type WireServer } from "../../shared/wire-records.ts";
import { healthyChecks } from "../support/sample-report.ts";

const host = hostName("compute-1");
const nothingKnown = {
  storage: undefined,
  business: undefined,
  directory: undefined,
  libvirt: undefined,
  servers: [],
  notice: "none",
  hardwareUuid: "",
  bmcGuid: "",
} as const;

function serversOf(count: number): readonly WireServer[] {
  return Array.from({ length: count }, (_, index) => ({
    server: serverId(`00000000-0000-4000-8000-${String(index).padStart(12, "0")}`),
    state: "running" as const,
  }));
}

test("a check without a result is unknown, never down", () => {
  const checks = describeChecks(nothingKnown, 1000);
  const states = [checks.storage, checks.business, checks.directory, checks.libvirt];
  assert.deepEqual(states, ["unknown", "unknown", "unknown", "unknown"]);
});

test("ages are the host's own at sending; a blocked server runs", () => {
  const [first, second, third] = serversOf(3);
  assert.ok(first && second && third);
  const checks = describeChecks(
    {
      ...nothingKnown,
      storage: { state: "down", atMs: 400 },
      directory: { state: "ok", atMs: 100.4, latencyMs: 7.6 },
      servers: [first, { ...second, state: "blocked" }, { ...third, state: "paused" }],
    },
    1000,
  );
  assert.equal(checks.storageAgeMs, 600);
  assert.equal(checks.directoryAgeMs, 900);
  assert.equal(checks.directoryLatencyMs, 8);
  assert.deepEqual([checks.serversTotal, checks.serversRunning], [3, 2]);
});

test("liveness is alone in the first datagram; servers follow in as many as they need", () => {
  const perPart = serversPerDatagram(host);
  for (const [count, datagrams] of [
    [0, 1],
    [1, 2],
    [perPart, 2],
    [perPart + 1, 3],
    [500, 1 + Math.ceil(500 / perPart)],
  ] as const) {
    const servers = serversOf(count);
    const plan = planReport({ host, sequence: 10, checks: healthyChecks, link: noLink, servers });
    assert.equal(plan.length, datagrams);
    assert.deepEqual(plan[0], [{ kind: "liveness", checks: healthyChecks, link: noLink }]);
    const listed = plan
      .flat()
      .flatMap((record) => (record.kind === "servers" ? record.servers : []));
    assert.deepEqual(listed, servers);
  }
});

test("the servers go out when they change and every so often", () => {
  const current = serversOf(2);
  const due = (servers: readonly WireServer[], nowMs: number): boolean =>
    serversDue({
      current: servers,
      lastSent: { servers: current, atMs: 0 },
      nowMs,
      everyMs: 10_000,
    });
  assert.equal(serversDue({ current, lastSent: undefined, nowMs: 0, everyMs: 10_000 }), true);
  assert.equal(due(current, 9999), false);
  assert.equal(due(current, 10_000), true);
  assert.equal(due(current.slice(1), 1), true);
  assert.equal(
    due(
      current.map((one) => ({ ...one, state: "paused" as const })),
      1,
    ),
    true,
  );
});

test("fping and ping are asked with the host's own address", () => {
  const common = { targets: ["10.0.0.1", "10.0.0.2"], timeoutMs: 800 };
  assert.deepEqual(
    pingArguments({ program: "fping", ...common, sourceAddress: "10.0.0.9" }).join(" "),
    "-a -r 0 -t 800 -S 10.0.0.9 10.0.0.1 10.0.0.2",
  );
  assert.deepEqual(
    pingArguments({ program: "ping", ...common, sourceAddress: undefined }).join(" "),
    "-n -q -c 1 -W 1 10.0.0.1",
  );
});

test("what a ping program said: a lost way is down, a missing right is nothing known", () => {
  const kindOf = (
    program: "fping" | "ping",
    code: number,
    stdout: string,
    stderr: string,
  ): string => readPingExit(program, { code, stdout, stderr }).kind;
  assert.equal(kindOf("fping", 0, "10.0.0.1\n", ""), "answered");
  assert.equal(kindOf("fping", 1, "10.0.0.1\n", "ICMP Host Unreachable"), "answered");
  assert.equal(kindOf("fping", 1, "", ""), "unanswered");
  assert.equal(
    kindOf("fping", 4, "", "fping: can't create socket (must run as root?)"),
    "not-checked",
  );
  assert.equal(kindOf("ping", 2, "", "ping: connect: Network is unreachable"), "unanswered");
  assert.equal(kindOf("ping", 2, "", "ping: bind: Cannot assign requested address"), "unanswered");
  assert.equal(kindOf("ping", 2, "", "ping: socket: Operation not permitted"), "not-checked");
});

test("a network is down only after several rounds without any answer", () => {
  const answered: PingRound = { kind: "answered" };
  const unanswered: PingRound = { kind: "unanswered" };
  let memory = noNetworkMemory;
  const states = [unanswered, answered, unanswered, unanswered, unanswered, answered].map(
    (round) => {
      memory = rememberRound(memory, round, 3);
      return memory.state;
    },
  );
  assert.deepEqual(states, ["unknown", "up", "up", "up", "down", "up"]);
  assert.equal(rememberRound(memory, { kind: "not-checked", reason: "" }, 3).state, "unknown");
});

test("what the directory helper said", () => {
  const stateOf = (code: number, stderr: string, tookMs = 5): string =>
    readDirectoryExit({ code, stderr, tookMs, slowAfterMs: 2000 });
  assert.equal(stateOf(0, ""), "ok");
  assert.equal(stateOf(0, "", 2000), "slow");
  const said = (text: string): string => stateOf(10, `dd: failed to open '/x': ${text}`);
  assert.equal(said("Read-only file system"), "read-only");
  assert.equal(said("No space left on device"), "full");
  assert.equal(said("Disk quota exceeded"), "full");
  assert.equal(said("Permission denied"), "denied");
  assert.equal(said("No such file or directory"), "missing");
  assert.equal(said("Input/output error"), "io-error");
  assert.equal(said("Stale file handle"), "io-error");
  assert.equal(said("something nobody has seen"), "io-error");
});

test("mount points are read as the kernel writes them", () => {
  const mountinfo =
    "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:5 / /var/lib/nova\\040x rw - nfs server:/ rw\n";
  assert.equal(isMountPoint(mountinfo, "/var/lib/nova x/"), true);
  assert.equal(isMountPoint(mountinfo, "/var/lib/nova"), false);
  assert.equal(isMountPoint(mountinfo, "/"), true);
});
