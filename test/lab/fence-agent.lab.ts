/**
 * The driver of fence agents against Debian's real ones (package fence-agents), with a real ipmi_sim behind
 * fence_ipmilan; and the fake agent of the tests beside the real one, word for word. Part of the lab, not of
 * `npm test`. Run: npx tsc -p . && node --test dist/test/lab/fence-agent.lab.js
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { readAgentMetadata } from "../../guardian/shell/agent-metadata.ts";
import { agentProblems } from "../../guardian/shell/fence-agent-problems.ts";
import { createFenceAgent } from "../../guardian/shell/fence-agent.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import { guid, startIpmiSim, startPyghmiBmc } from "./ipmi-sim.ts";

const nothing = { guid: undefined, uuid: undefined, serial: undefined };

async function agent(port: number, password = "s3cret") {
  const parameters = {
    ip: "127.0.0.1",
    ipport: String(port),
    lanplus: "1",
    cipher: "3",
    username: "admin",
  };
  const secrets = { password: new Secret(password) };
  const read = await readAgentMetadata("fence_ipmilan");
  assert.ok(read.kind === "metadata", JSON.stringify(read));
  assert.deepEqual(agentProblems("fence_ipmilan", parameters, secrets, read.metadata), []);
  const known = new Set(read.metadata.parameters.keys());
  return createFenceAgent({
    agent: "fence_ipmilan",
    parameters,
    secrets,
    offDeadlineMs: 10_000,
    known,
  });
}

async function timed<T>(t: TestContext, what: string, work: Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work;
  const ms = (performance.now() - startedMs).toFixed(0);
  t.diagnostic(`${what}: ${ms} ms, ${JSON.stringify(result)}`);
  return result;
}

test("fence_ipmilan: on, off, off already", async (t) => {
  const { orders } = await startIpmiSim(t, 19721);
  const device = await agent(19721);
  assert.equal((await timed(t, "status", device.read(5000))).power, "on");
  assert.equal((await timed(t, "off", device.powerOff(nothing, 5000))).kind, "done");
  assert.equal((await timed(t, "status", device.read(5000))).power, "off");
  assert.equal((await timed(t, "off again", device.powerOff(nothing, 5000))).kind, "already-off");
  assert.equal(orders(), 1, "an agent sends no order to what is off");
});

test("fence_ipmilan: wrong password, out of reach, a stuck and a slow device", async (t) => {
  const { write } = await startIpmiSim(t, 19722);
  const wrong = await timed(t, "wrong password", (await agent(19722, "bad")).read(5000));
  assert.ok(wrong.power === "unknown" && /wrong password, wrong plug/.test(wrong.reason));
  const gone = await timed(t, "out of reach", (await agent(19799)).read(5000));
  assert.ok(gone.power === "unknown" && /out of reach|no answer within/.test(gone.reason));
  const device = await agent(19722);
  write("mode", "stuck");
  const stuck = await timed(t, "stuck", device.powerOff(nothing, 5000));
  assert.ok(stuck.kind === "refused" && /still reads on/.test(stuck.reason));
  write("mode", "slow");
  const startedMs = performance.now();
  assert.equal((await timed(t, "slow", device.read(1500))).power, "unknown");
  assert.ok(performance.now() - startedMs < 2000, "by its deadline");
  write("mode", "fail");
  assert.equal((await timed(t, "failing", device.read(5000))).power, "unknown");
});

test("fence_ipmilan: a device that lies is believed by the agent, which shows no identity", async (t) => {
  const { write } = await startIpmiSim(t, 19723);
  write("power", "0");
  const device = await agent(19723);
  assert.deepEqual(await timed(t, "lying", device.read(5000)), { power: "off", identity: nothing });
});

test("fence_ipmilan: comes back on by itself, dies in the middle", async (t) => {
  const { setMode, isOn, orders } = await startIpmiSim(t, 19725);
  const device = await agent(19725);
  setMode("returns");
  const off = await timed(t, "off", device.powerOff(nothing, 5000));
  // It reads again after two seconds, by which time it is on: the agent says so itself.
  assert.ok(off.kind === "refused" && /still reads on/.test(off.reason), JSON.stringify(off));
  await sleep(1500);
  assert.equal((await timed(t, "status", device.read(5000))).power, "on");
  const before = orders();
  setMode("dies");
  const died = await timed(t, "dies", device.powerOff(nothing, 5000));
  assert.ok(died.kind === "no-answer", JSON.stringify(died));
  assert.deepEqual([isOn(), orders() > before], [false, true]);
  assert.equal((await timed(t, "dead", device.read(5000))).power, "unknown");
});

test("fence_ipmilan: swapped with another host's, it cannot tell, so a pinned identity refuses it", async (t) => {
  const { isOn, orders } = await startIpmiSim(t, 19726);
  const device = await agent(19726);
  const pinned = { ...nothing, guid };
  const answer = await timed(t, "off", device.powerOff(pinned, 5000));
  assert.ok(answer.kind === "refused" && /guid is not shown, pinned is/.test(answer.reason));
  assert.equal((await device.powerOn(pinned, 5000)).kind, "refused");
  assert.deepEqual([isOn(), orders()], [true, 0]);
});

test("fence_ipmilan: a busy device", async (t) => {
  const { write, isOn } = await startPyghmiBmc(t, 19727);
  const device = await agent(19727);
  assert.equal((await timed(t, "status", device.read(5000))).power, "on");
  write("mode", "busy");
  assert.equal((await timed(t, "busy", device.read(5000))).power, "unknown");
  const answer = await timed(t, "off, busy", device.powerOff(nothing, 5000));
  assert.ok(answer.kind === "no-answer" || answer.kind === "refused", JSON.stringify(answer));
  assert.equal(isOn(), true);
});

test("fence_redfish: nothing listens", async (t) => {
  const read = await readAgentMetadata("fence_redfish");
  assert.ok(read.kind === "metadata", JSON.stringify(read));
  const device = createFenceAgent({
    agent: "fence_redfish",
    parameters: { ip: "127.0.0.1", ipport: "19798", username: "admin", ssl_insecure: "1" },
    secrets: { password: new Secret("s3cret") },
    offDeadlineMs: 5000,
    known: new Set(read.metadata.parameters.keys()),
  });
  const reading = await timed(t, "nothing listens", device.read(5000));
  assert.ok(reading.power === "unknown" && /out of reach|no answer within/.test(reading.reason));
});

test("agents that do not cut power are refused by name", async () => {
  for (const name of ["fence_scsi", "fence_sbd", "fence_kdump", "fence_compute", "fence_dummy"]) {
    const read = await readAgentMetadata(name);
    assert.ok(read.kind === "metadata", JSON.stringify(read));
    const problems = agentProblems(name, {}, {}, read.metadata).join("\n");
    assert.match(problems, /is no power fence agent/, name);
  }
});

/** Exit code, standard output, and the error without its time, of one call. */
function say(command: string, lines: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(command, {
    input: `${lines.join("\n")}\n`,
    encoding: "utf8",
  });
  const error = /ERROR: (.*)/.exec(stderr)?.[1] ?? "";
  return { status, stdout, error };
}

test("the fake agent says what fence_ipmilan says", async (t) => {
  const { folder, write } = await startIpmiSim(t, 19724);
  const fake = resolve("test/support/fence_fake");
  const real = ["ip=127.0.0.1", "ipport=19724", "lanplus=1", "cipher=3", "username=admin"];
  // Both keep their power in one file of that folder, each in its own words.
  const compare = (what: string, on: boolean, words: readonly string[]): void => {
    write("power", on ? "ON" : "OFF");
    const faked = say(fake, [`username=${folder}`, "plug=1", ...words]);
    write("power", on ? "1" : "0");
    const said = say("fence_ipmilan", [...real, ...words]);
    t.diagnostic(`${what}: ${JSON.stringify(said)}`);
    assert.deepEqual(faked, said, what);
  };
  compare("status, on", true, ["password=s3cret", "action=status"]);
  compare("status, off", false, ["password=s3cret", "action=status"]);
  compare("off, on", true, ["password=s3cret", "action=off"]);
  compare("off, off", false, ["password=s3cret", "action=off"]);
  compare("wrong password", true, ["password=bad", "action=status"]);
  write("mode", "stuck");
  compare("stuck", true, ["password=s3cret", "action=off", "power_timeout=3"]);
});
