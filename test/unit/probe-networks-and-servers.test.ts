/** What echoes, peers and statistics of servers add up to; no process, no socket. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { roundOfReach } from "../../compute-probe/core/network-result.ts";
import { readEchoLine, streamArguments } from "../../compute-probe/core/ping-line.ts";
import {
  hungServers,
  samplesOfServer,
  watchServers,
  type WatchedServers,
} from "../../compute-probe/core/server-stats.ts";
import {
  lossOf,
  medianRttMs,
  reachOf,
  withOutcome,
  type TargetWindow,
} from "../../compute-probe/core/target-window.ts";
import { createWitness, peersOn } from "../../compute-probe/core/witness.ts";
import { hostName, serverId } from "../../shared/names.ts";

test("fping's lines, as fping 5.1 wrote them; all else is passed by", () => {
  for (const [line, wanted] of [
    ["127.0.0.1 : [0], 64 bytes, 0.037 ms (0.037 avg, 0% loss)", ["127.0.0.1", 0.037]],
    ["10.9.9.9  : [12], timed out (NaN avg, 100% loss)", ["10.9.9.9", undefined]],
    ["fd77:1::2 : [3], 64 bytes, 1.2 ms (1 avg, 0% loss)", ["fd77:1::2", 1.2]],
    ["ICMP Host Unreachable from 10.9.9.1 for ICMP Echo sent to 10.9.9.9", undefined],
    ["", undefined],
  ] as const) {
    const echo = readEchoLine(line);
    assert.deepEqual(echo && [echo.address, echo.rttMs], wanted);
  }
  const asked = { targets: ["10.0.0.1"], sourceAddress: "10.0.0.9", interface: "stor" };
  assert.equal(
    streamArguments({ ...asked, everyMs: 1000, timeoutMs: 5000 }).join(" "),
    "-l -p1000 -t1000 -S 10.0.0.9 -I stor 10.0.0.1",
  );
});

test("a target's window: what is too old says nothing; loss and the middle of the echoes", () => {
  let window: TargetWindow = [];
  assert.equal(reachOf(window, 0, 1000), "nothing");
  for (const [index, rttMs] of [3, 1, undefined, 2].entries()) {
    window = withOutcome(window, { atMs: index * 100, rttMs });
  }
  assert.equal(reachOf(window, 400, 1000), "reached");
  assert.equal(reachOf(window, 1400, 1000), "nothing");
  assert.equal(lossOf(window), 0.25);
  assert.equal(medianRttMs(window), 2);
  assert.equal(medianRttMs([{ atMs: 0, rttMs: undefined }]), undefined);
  for (let atMs = 0; atMs < 100; atMs += 1)
    window = withOutcome(window, { atMs, rttMs: undefined });
  assert.deepEqual([window.length, lossOf(window), reachOf(window, 99, 10)], [30, 1, "lost"]);
});

test("quorum: enough answer, too few, or it is not known yet", () => {
  const kind = (reach: Parameters<typeof roundOfReach>[0], quorum: number): string =>
    roundOfReach(reach, quorum).kind;
  assert.equal(kind(["reached", "lost", "lost"], 1), "answered");
  assert.equal(kind(["reached", "lost", "lost"], 2), "unanswered");
  assert.equal(kind(["reached", "nothing", "lost"], 2), "not-checked");
  assert.equal(kind(["lost", "lost"], 1), "unanswered");
});

test("a witness tells what it saw since its last word, and nothing of a fault of our own", () => {
  const [self, other] = [hostName("compute-1"), hostName("compute-2")];
  const peer = { host: other, network: "storage", address: "10.0.0.2" } as const;
  const own = { host: self, network: "storage", address: "10.0.0.1" } as const;
  const options = { network: "storage", self, countMax: 3 } as const;
  assert.deepEqual(peersOn({ ...options, configured: [], ring: [own, peer] }), [peer]);
  assert.deepEqual(peersOn({ ...options, configured: [own], ring: [peer] }), []);
  assert.deepEqual(peersOn({ ...options, countMax: 0, configured: [], ring: [peer] }), []);

  const witness = createWitness("storage", 0);
  const look = (answered: readonly boolean[]): void => {
    for (const one of answered) witness.note("10.0.0.2", one);
  };
  look([true, false, true]);
  witness.noteAnchor(true);
  const [seen] = witness.take({ peers: [peer], nowMs: 3000, ownFault: false });
  const wanted = { host: other, network: "storage", echoes: 2, sent: 3 };
  assert.deepEqual(seen, { ...wanted, overMs: 3000, anchorAnswered: true });
  look([false, false]);
  assert.deepEqual(witness.take({ peers: [peer], nowMs: 6000, ownFault: true }), []);
  look([false]);
  const [after] = witness.take({ peers: [peer], nowMs: 7000, ownFault: false });
  assert.deepEqual([after?.sent, after?.overMs, after?.anchorAnswered], [1, 1000, false]);
});

const server = serverId("00000000-0000-4000-8000-000000000005");
/** As libvirt 9.0 told them of a guest that runs, and of the same one with its QEMU stopped. */
const well = {
  "cpu.time": 100,
  "balloon.rss": 40_476,
  "block.0.rd.bytes": 512,
  "block.1.rd.bytes": 8,
};
const stopped = { "cpu.time": 100, "balloon.current": 32_768 };

test("a server hangs when its QEMU tells nothing and its CPU time stands still, for long enough", () => {
  const stats = (fields: Readonly<Record<string, number>>) => [
    { server, fields: new Map(Object.entries(fields)) },
  ];
  const play = (...looks: readonly Readonly<Record<string, number>>[]): readonly boolean[] => {
    let watched: WatchedServers = new Map();
    return looks.map((fields, index) => {
      watched = watchServers(watched, stats(fields), index * 10_000);
      return hungServers(watched, index * 10_000, 10_000).length === 1;
    });
  };
  assert.deepEqual(play(well, stopped, stopped, stopped), [false, false, true, true]);
  assert.deepEqual(play(well, stopped, stopped, well, stopped), [false, false, true, false, false]);
  const moving = { ...stopped, "cpu.time": 101 };
  assert.deepEqual(play(well, moving, moving, moving), [false, false, false, true]);
  // One without a disk has never told anything: nothing is known against it.
  assert.deepEqual(play(stopped, stopped, stopped), [false, false, false]);
  assert.deepEqual(hungServers(watchServers(new Map(), [], 0), 0, 0), [], "one that is gone");
});

test("a server's numbers have Ceilometer's names; what was not told is left out", () => {
  const fields = new Map(Object.entries(well));
  const told = samplesOfServer({ server, fields }).map(({ name, volume, resource }) => {
    return [name, Math.round(volume), resource];
  });
  assert.deepEqual(told, [
    ["cpu", 100, server],
    ["memory.resident", 40, server],
    ["disk.device.read.bytes", 520, `${server}/all`],
  ]);
});
