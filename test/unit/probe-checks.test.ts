/** The pure part of each check of the probe: what the world says, whatever it says, and what that means. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  readCopyMs,
  readDirectoryExit,
  readNotStarted,
  readFileSystemFacts,
  summarizeDirectory,
  worseDirectory,
} from "../../compute-probe/core/directory-result.ts";
import { considerFirstAid, noFirstAid } from "../../compute-probe/core/first-aid.ts";
import {
  factsOfCpu,
  factsOfLoad,
  factsOfMemory,
  readChrony,
  readCpuTicks,
  readTimedate,
  tellingSerial,
  taskStateOf,
  threadsOf,
} from "../../compute-probe/core/host-facts.ts";
import { readLink } from "../../compute-probe/core/link-state.ts";
import { mountOf } from "../../compute-probe/core/mount-info.ts";
import { exitOf, renderStandings } from "../../compute-probe/core/once-table.ts";
import { readPlugin } from "../../compute-probe/core/plugin-result.ts";
import { readProcesses, readUnit } from "../../compute-probe/core/service-result.ts";
import { standingOf, worstLevel, type Standing } from "../../compute-probe/core/standing.ts";
import { userIdsOf } from "../../compute-probe/core/user-ids.ts";
import { fc } from "../support/properties.ts";

const fixture = (name: string): string => readFileSync(`test/fixtures/${name}`, "utf8");

const ran = (code: number | undefined, stdout = "", stderr = "") => ({ code, stdout, stderr });

test("a check that hangs ages, says so, and what was well is not well any more", () => {
  const run = { name: "x", everyMs: 1000, deadlineMs: 500, beganMs: 0 };
  const summary = { state: "up", level: "ok", atMs: 1000, text: "fine", samples: [] } as const;
  const fresh = standingOf({ ...run, summary, startedMs: undefined }, 3000);
  assert.deepEqual([fresh.level, fresh.ageMs, fresh.isOverdue], ["ok", 2000, false]);
  const stuck = standingOf({ ...run, summary, startedMs: 1500 }, 9000);
  assert.deepEqual([stuck.level, stuck.state, stuck.isOverdue], ["unknown", "up", true]);
  assert.equal(stuck.text, "fine; overdue: its round has not ended for 7500 ms");
  const bad = standingOf(
    { ...run, summary: { ...summary, level: "critical" }, startedMs: 1 },
    9000,
  );
  assert.equal(bad.level, "critical");
  const never = standingOf({ ...run, summary: undefined, startedMs: undefined }, 9000);
  assert.deepEqual([never.level, never.isOverdue], ["unknown", true]);
});

test("the exit of --once is a monitoring plugin's, and no check's words reach the terminal raw", () => {
  const standing = (level: Standing["level"], text = "t"): Standing => {
    return { name: "n", state: "s", level, ageMs: 100, isOverdue: false, text };
  };
  for (const [levels, exit] of [
    [["ok", "ok"], 0],
    [["ok", "warning"], 1],
    [["ok", "unknown"], 1],
    [["unknown", "critical", "ok"], 2],
    [[], 1],
  ] as const) {
    assert.equal(exitOf(levels.map((level) => standing(level))), exit, levels.join());
  }
  const table = renderStandings("h", [standing("ok", "red \u001b[31m alarm\nand more")]);
  assert.equal(table.includes("\u001b"), false);
  assert.equal(table.split("\n").length, 3);
  assert.equal(worstLevel(["ok", "warning", "unknown"]), "warning");
});

test("the directory helper's end: all eight results, and what it could not even try", () => {
  const stateOf = (code: number | undefined, stderr: string, tookMs = 5): string =>
    readDirectoryExit({ ...ran(code, "", stderr), tookMs, slowAfterMs: 2000 });
  for (const [code, stderr, state] of [
    [0, "", "ok"],
    [10, "dd: failed to open '/m/f': Read-only file system", "read-only"],
    [10, "dd: error writing '/m/f': No space left on device", "full"],
    [10, "dd: fsync failed for '/m/f': Disk quota exceeded", "full"],
    [8, "mkdir: cannot create directory '/m/x': No such file or directory", "missing"],
    [8, "mkdir: cannot create directory '/m/x': Permission denied", "denied"],
    [9, "rm: cannot remove '/m/f': Operation not permitted", "denied"],
    [10, "dd: fsync failed for '/m/f': Input/output error", "io-error"],
    [8, "mkdir: cannot create directory '/m/x': Transport endpoint is not connected", "io-error"],
    [8, "mkdir: cannot create directory '/m/x': Stale file handle", "io-error"],
    [8, "mkdir: cannot create directory '/m/x': Structure needs cleaning", "io-error"],
    [11, "words that nobody knows", "io-error"],
    [undefined, "", "io-error"],
    [126, "", "unknown"],
  ] as const) {
    assert.equal(stateOf(code, stderr), state, stderr);
  }
  assert.equal(stateOf(0, "", 2000), "slow");
  assert.equal(worseDirectory("ok", "hung"), "hung");
  assert.equal(worseDirectory("read-only", "unknown"), "read-only");
  assert.equal(worseDirectory("unknown", "ok"), "unknown");
});

test("a helper that does not start says something of the directory only where both lie on a dead disk", () => {
  assert.equal(readNotStarted("EIO", true), "io-error");
  assert.equal(readNotStarted("EIO", false), "unknown");
  assert.equal(readNotStarted("ENOMEM", true), "unknown");
  assert.equal(readNotStarted(undefined, true), "unknown");
});

test("dd's own time counts, not the shell's; the file system's id and room are read", () => {
  const said =
    "1+0 records in\n1+0 records out\n4096 bytes (4.1 kB, 4.0 KiB) copied, 3.91 s, 1 kB/s\n";
  assert.equal(readCopyMs(`${said}4096 bytes copied, 9.5e-05 s, 43 MB/s`), 3910.095);
  assert.equal(readCopyMs("nothing"), undefined);
  const facts = readFileSystemFacts("7558f245131d96fb 4096 1000 250\n");
  assert.deepEqual(facts, {
    id: "7558f245131d96fb",
    bytesTotal: 4_096_000,
    bytesAvailable: 1_024_000,
  });
  assert.equal(readFileSystemFacts("stat: cannot read"), undefined);
  const mount = mountOf(fixture("mountinfo-nfs.txt"), "/var/lib/nova/instances");
  const found = { path: "/var/lib/nova/instances", state: "ok", atMs: 1, latencyMs: 3.21 } as const;
  const { text, level } = summarizeDirectory({ ...found, detail: "", mount, facts });
  assert.equal(level, "ok");
  assert.match(text, /on nfs-head:\/export\/nova nfs4 7558f245131d96fb; 3\.2 ms$/);
});

test("the mount that holds a path: the nearest one above it, the latest of several", () => {
  const text = fixture("mountinfo-nfs.txt");
  assert.equal(mountOf(text, "/var/lib/nova/instances/x")?.type, "nfs4");
  assert.equal(mountOf(text, "/var/lib/nova")?.type, "ext4");
  assert.equal(mountOf(text, "/var/lib/nova/instances2")?.at, "/");
  assert.equal(mountOf(text, "/mnt/with blank/a")?.source, "tmp fs");
  assert.equal(mountOf("garbage\n- -\n", "/"), undefined);
});

test("links: a bond that lost a port, one that lost all, a dark device, one that is gone", () => {
  const bonding = fixture("bonding-one-port-down.txt");
  const of = (operstate?: string, carrier?: string, bond?: string) =>
    readLink("bond0", { operstate, carrier, bonding: bond });
  assert.equal(of("up\n", "1\n").state, "up");
  assert.equal(of("unknown\n", "1\n").state, "up");
  assert.equal(of("down\n", undefined).state, "down");
  assert.equal(of("lowerlayerdown\n", "0\n").state, "down");
  assert.equal(of(undefined).state, "missing");
  const degraded = of("up\n", "1\n", bonding);
  assert.deepEqual(
    [degraded.state, degraded.text],
    ["degraded", "up, 1 of 2 ports up: ens1f1 down"],
  );
  assert.equal(of("up\n", "1\n", bonding.replaceAll("Status: up", "Status: down")).state, "down");
});

test("a plugin's exit, words and numbers; garbage is a result, too", () => {
  const good = readPlugin(
    ran(1, "DISK WARNING - 5% free|/=950MB;900;980;0;1000 'a b'=3c 'u'=U\nmore | rta=0.5ms;;\n"),
    "plugin:disk",
  );
  assert.deepEqual([good.level, good.text], ["warning", "DISK WARNING - 5% free"]);
  assert.deepEqual(
    good.samples.map(({ resource, volume, unit, type }) => [resource, volume, unit, type]),
    [
      ["plugin:disk//", 950, "MB", "gauge"],
      ["plugin:disk/a b", 3, "c", "cumulative"],
      ["plugin:disk/rta", 0.5, "ms", "gauge"],
    ],
  );
  assert.deepEqual(readPlugin(ran(2), "r").level, "critical");
  assert.deepEqual(readPlugin(ran(127, "", "sh: not found"), "r"), {
    level: "unknown",
    text: "ended with 127: sh: not found",
    samples: [],
  });
  assert.equal(readPlugin(ran(undefined), "r").text, "ended by a signal");
  const endless = ran(0, `|${"a".repeat(16_000)}`);
  const fromMs = performance.now();
  readPlugin(endless, "r");
  assert.ok(performance.now() - fromMs < 300, "a plugin's garbage held the loop up");
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 255 }),
      fc.uint8Array({ maxLength: 300 }),
      (code, bytes) => {
        const text = Buffer.from(bytes).toString("latin1");
        const { samples, text: said } = readPlugin(ran(code, text, text), "r");
        assert.ok(samples.every(({ volume }) => Number.isFinite(volume)) && !said.includes("\n"));
      },
    ),
  );
});

test("services: systemd's own words (recorded), processes by name", () => {
  const text = fixture("systemctl-show.txt");
  const states = text.split("\n\n").map((one) => readUnit(ran(0, one)));
  assert.deepEqual(
    states.map(({ state, level }) => [state, level]),
    [
      ["active", "ok"],
      ["failed", "critical"],
      ["inactive", "critical"],
      ["activating", "warning"],
      ["missing", "critical"],
    ],
  );
  assert.equal(states[1]?.text, "failed (failed, exit-code), 3 restarts");
  assert.equal(readUnit(ran(1, "", "System has not been booted with systemd")).level, "unknown");
  assert.equal(readUnit(ran(0, "garbage")).level, "unknown");
  assert.equal(readProcesses(["sh", "neutron-openvsw"], "neutron-openvswitch-agent").level, "ok");
  assert.equal(readProcesses(["sh"], "nova-compute").state, "gone");
});

test("first aid waits, is counted, and ends where people have to look", () => {
  const policy = { afterFailingMs: 60_000, atMost: 2, withinMs: 3_600_000 };
  let memory = noFirstAid;
  const restarts: number[] = [];
  for (let nowMs = 0; nowMs <= 1_200_000; nowMs += 10_000) {
    const considered = considerFirstAid(memory, { isFailing: true, nowMs }, policy);
    memory = considered.memory;
    if (considered.restart) restarts.push(nowMs);
  }
  assert.deepEqual(restarts, [60_000, 120_000]);
  const healed = considerFirstAid(memory, { isFailing: false, nowMs: 1_210_000 }, policy);
  assert.deepEqual(healed.memory, { failingSinceMs: undefined, restartsAtMs: restarts });
  const later = { isFailing: true, nowMs: 5_000_000 };
  assert.equal(considerFirstAid(healed.memory, later, policy).restart, false);
});

test("facts of the host, and what makes no sense is no fact", () => {
  assert.equal(factsOfLoad("2.50 1 1 1/2 3")[0]?.volume, 2.5);
  assert.deepEqual(factsOfLoad(""), []);
  assert.deepEqual(
    factsOfMemory("MemTotal: 100 kB\nMemAvailable:  40 kB\n").map(({ volume }) => volume),
    [100, 40],
  );
  const ticks = (text: string) => readCpuTicks(`cpu  ${text} 0 0 0 0 0\nintr 1\n`);
  const [before, after] = [ticks("100 0 100 700 100"), ticks("150 0 150 750 150")];
  assert.ok(before && after);
  assert.deepEqual(
    factsOfCpu(before, after).map(({ volume }) => volume),
    [50, 25],
  );
  assert.deepEqual(factsOfCpu(undefined, after), []);
  assert.equal(readCpuTicks("garbage"), undefined);
  assert.equal(taskStateOf("12 (a) D 1) D 1 2 3"), "D");
  assert.equal(taskStateOf(""), "");
  assert.equal(threadsOf(readFileSync("/proc/self/stat", "utf8")) > 1, true);
  assert.deepEqual(readChrony(fixture("chronyc-tracking.txt")), {
    isSynchronized: true,
    offsetMs: -0.012345,
  });
  assert.equal(readChrony(fixture("chronyc-tracking-local.txt"))?.isSynchronized, true);
  assert.equal(readChrony(fixture("chronyc-tracking-unsynchronised.txt"))?.isSynchronized, false);
  assert.equal(readChrony("506 Cannot talk to daemon"), undefined);
  assert.equal(readTimedate("NTPSynchronized=no\n")?.isSynchronized, false);
  assert.deepEqual(userIdsOf("root:x:0:0::/:/bin/sh\nnova:x:64060:64061::/:/bin/sh", "nova"), {
    uid: 64_060,
    gid: 64_061,
  });
  assert.equal(userIdsOf("nova:x:a:b", "nova"), undefined);
});

test("the serial, the id of a file system, a copy's time, chrony's and a bond's words: any garbage gives a result", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      assert.match(tellingSerial(text), /^[\x20-\x7e]{0,64}$/);
      const facts = readFileSystemFacts(text);
      assert.ok(facts === undefined || /^[0-9a-f]+$/.test(facts.id));
      assert.ok((readCopyMs(text) ?? 0) >= 0);
      for (const offset of [
        readChrony(text)?.offsetMs ?? 0,
        readChrony(`${text},`.repeat(14))?.offsetMs ?? 0,
      ]) {
        assert.ok(Number.isFinite(offset));
      }
      assert.ok(
        ["up", "down", "degraded"].includes(
          readLink("bond0", { operstate: text, carrier: text, bonding: text }).state,
        ),
      );
      assert.ok(["unknown", "critical", "warning", "ok"].includes(readUnit(ran(0, text)).level));
      const end = { ...ran(1, text, text), tookMs: 1, slowAfterMs: 2 };
      assert.notEqual(readDirectoryExit(end), "ok");
      const samples = [...factsOfLoad(text), ...factsOfMemory(text)];
      assert.ok(samples.every(({ volume }) => Number.isFinite(volume)));
    }),
  );
});
