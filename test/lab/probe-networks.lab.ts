/** The probe's networks in namespaces: a switch port that is down, a black hole, one way cut, 30 % lost; and its peers.
 * Run by `unshare --net --mount bash -c "mount -t sysfs sysfs /sys; node --test dist/test/lab/probe-networks.lab.js"`. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { test } from "node:test";
import type { Report } from "../../shared/wire.ts";
import { sleep } from "../../shared/loop.ts";
import { observeProbe } from "./observed-probe.ts";

const sh = (text: string): string =>
  execFileSync("/bin/bash", ["-c", text], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** A switch, a gateway and a peer in namespaces of their own; our own leg is in the namespace that runs this. */
const fabric = "pl-fabric";
const others = [
  ["pl-gateway", 1],
  ["pl-peer", 2],
] as const;

function build(): void {
  const devices = sh("ls /sys/class/net").trim();
  assert.equal(
    devices,
    "lo",
    "run it by: unshare --net --mount, see above; it changes the network it is in",
  );
  const legs = others.map(
    ([name, at]) => `ip netns add ${name}; ip -n ${name} link set lo up
ip -n ${fabric} link add v-${name} type veth peer name stor netns ${name}
ip -n ${fabric} link set v-${name} master sw up
ip -n ${name} addr add 10.79.0.${at}/24 dev stor; ip -n ${name} link set stor up`,
  );
  sh(`set -e; ip link set lo up; ip netns add ${fabric}; ip -n ${fabric} link add sw type bridge
ip -n ${fabric} link set sw up; ip link add stor type veth peer name v-ours netns ${fabric}
ip -n ${fabric} link set v-ours master sw up; ip addr add 10.79.0.10/24 dev stor
ip link set stor up\n${legs.join("\n")}`);
}

function tearDown(): void {
  const names = [fabric, ...others.map(([name]) => name)];
  sh(`${names.map((name) => `ip netns del ${name} 2>/dev/null`).join("; ")}; true`);
}

test("a network that fails in each way is down, heals, and our own fault accuses no peer", async (t) => {
  const folder = mkdtempSync("/tmp/probe-lab-");
  tearDown();
  build();
  t.after(() => {
    tearDown();
    rmSync(folder, { recursive: true, force: true });
  });
  const checks = `  storage:
    { targets: [10.79.0.1], sourceAddress: 10.79.0.10, links: [stor], anchor: 10.79.0.1, timeout: 500ms }
peers: { list: [{ host: compute-2, network: storage, address: 10.79.0.2 }] }
`;
  const probe = await observeProbe(folder, checks);
  t.after(() => probe.end());
  const is = (state: string) => (report: Report) => report.liveness?.checks.storage === state;
  const sees = (echoed: boolean) => (report: Report) =>
    (report.more ?? []).some(
      (record) =>
        record.kind === "sightings" &&
        record.sightings.some(({ echoes, sent }) => sent > 0 && echoes > 0 === echoed),
    );
  await probe.until("up", is("up"), 15_000);
  await probe.until("the peer is seen", sees(true), 15_000);
  probe.longestGapMs();
  const port = `ip -n ${fabric} link set v-ours`;
  const filter = "iptables-legacy";
  const faults: readonly (readonly [string, string, string])[] = [
    ["switch port down", `${port} down`, `${port} up`],
    ["black hole", `${port} nomaster`, `${port} master sw`],
    ["one way", `${filter} -A INPUT -i stor -j DROP`, `${filter} -F`],
  ];
  for (const [what, cause, cure] of faults) {
    sh(cause);
    const downMs = await probe.until(`down: ${what}`, is("down"), 15_000);
    sh(cure);
    const upMs = await probe.until(`up after: ${what}`, is("up"), 15_000);
    const gapMs = probe.longestGapMs();
    t.diagnostic(`${what}: down told in ${downMs} ms, up in ${upMs} ms, longest gap ${gapMs} ms`);
    assert.ok(gapMs <= 1500, `${what}: a gap of ${gapMs} ms`);
  }
  sh(`ip -n ${others[1][0]} link set stor down`);
  const unseenMs = await probe.until("the peer is not seen", sees(false), 15_000);
  t.diagnostic(`a peer that fell silent: told in ${unseenMs} ms`);
  sh(`${filter} -A INPUT -i stor -p icmp -m statistic --mode random --probability .3 -j DROP`);
  const loss = (): number => probe.samples("network.loss").get("storage/10.79.0.1") ?? 0;
  // Its window of 30 echoes must hold none of the faults before.
  await sleep(33_000);
  t.diagnostic(`30 % lost: told as ${(100 * loss()).toFixed(0)} % of the last 30`);
  assert.ok(loss() >= 0.1 && loss() <= 0.6, `${loss()} of the echoes`);
});
