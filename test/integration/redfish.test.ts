/** The Redfish adapter against BMCs in every mood. */
import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  createRedfish,
  redfishProblem,
  type RedfishOptions,
} from "../../guardian/shell/redfish.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import { startFakeBmc, type FakeBmcOptions } from "../support/fake-bmc.ts";
import { SimulatedHost } from "../support/simulated-host.ts";
import { waitFor } from "../support/wait-for.ts";
import { simulatedUuid } from "../support/simulated-nova.ts";

/** For a device that answers: a busy machine takes its time. */
const enoughMs = 10_000;

async function world(
  t: TestContext,
  options: Partial<RedfishOptions> = {},
  fake: Partial<FakeBmcOptions> = {},
) {
  const host = new SimulatedHost({ name: "compute-1", uuid: simulatedUuid("c0", 1) });
  const bmc = await startFakeBmc({ hosts: [host], slowMs: 150, ...fake });
  t.after(() => bmc.close());
  const power = createRedfish({
    url: bmc.url,
    username: "admin",
    password: new Secret("s3cret"),
    ...options,
  });
  return { host, bmc, power };
}

const itself = {
  guid: undefined,
  uuid: simulatedUuid("c0", 1).replaceAll("-", ""),
  serial: "sncompute1",
};

for (const auth of ["session", "basic"] as const) {
  test(`reads on, switches off, reads off (${auth})`, async (t) => {
    const { host, bmc, power } = await world(t, { auth });
    assert.deepEqual(await power.read(enoughMs), { power: "on", identity: itself });
    assert.deepEqual(await power.powerOff(itself, enoughMs), { kind: "done" });
    assert.equal(host.power, "off");
    assert.deepEqual(await power.read(enoughMs), { power: "off", identity: itself });
    await sleep(50);
    assert.equal(bmc.openSessions, 0, "sessions are closed: BMCs have few");
  });
}

test("what it does after a loss of the mains is read where the device tells", async (t) => {
  const { host, power } = await world(t);
  for (const [said, restore] of [
    ["AlwaysOn", "always-on"],
    ["AlwaysOff", "always-off"],
    ["LastState", "last-state"],
  ] as const) {
    host.restore = said;
    assert.deepEqual(await power.read(enoughMs), { power: "on", identity: itself, restore });
  }
  host.restore = "Sometimes";
  assert.deepEqual(await power.read(enoughMs), { power: "on", identity: itself });
});

test("a stuck device answers done and still reads on", async (t) => {
  const { bmc, power } = await world(t);
  bmc.setMode("compute-1", "stuck");
  assert.deepEqual(await power.powerOff(itself, enoughMs), { kind: "done" });
  const reading = await power.read(enoughMs);
  assert.equal(reading.power, "on");
});

test("busy, mute and late devices are unknown, and their orders unanswered", async (t) => {
  const { host, bmc, power } = await world(t);
  for (const [mode, words, deadlineMs] of [
    ["busy", /busy \(503\)/, enoughMs],
    ["unreachable", /no answer within/, 100],
    ["slow", /no answer within/, 100],
  ] as const) {
    bmc.setMode("compute-1", mode);
    const reading = await power.read(deadlineMs);
    assert.ok(reading.power === "unknown" && words.test(reading.reason), JSON.stringify(reading));
    const answer = await power.powerOff(itself, deadlineMs);
    assert.equal(answer.kind, "no-answer");
  }
  assert.equal(host.power, "on");
  assert.deepEqual(bmc.offOrders, []);
});

test("a session is closed whatever came of it: else a busy device runs out of them, and stays out of reach", async (t) => {
  const { bmc, power } = await world(t, { systemId: "9" });
  for (let reading = 0; reading < 3; reading += 1) {
    assert.equal((await power.read(enoughMs)).power, "unknown");
  }
  assert.equal((await power.powerOff(itself, enoughMs)).kind, "no-answer");
  await waitFor(
    () => `no open session, not ${bmc.openSessions}`,
    () => bmc.openSessions === 0 || undefined,
  );
});

test("no order reaches a device that shows another identity, or none any more", async (t) => {
  const { host, bmc, power } = await world(t);
  bmc.setMode("compute-1", "wrong-identity");
  const answer = await power.powerOff(itself, enoughMs);
  assert.ok(answer.kind === "refused" && /pinned is/.test(answer.reason));
  const guid = { ...itself, guid: "0102" };
  assert.equal((await power.powerOff(guid, enoughMs)).kind, "refused");
  assert.deepEqual([host.power, bmc.offOrders], ["on", []]);
});

test("what is not wanted any more in the moment before is not ordered", async (t) => {
  const { host, bmc, power } = await world(t);
  const answer = await power.powerOff(itself, enoughMs, () => "people hold the incident");
  assert.ok(answer.kind === "refused");
  assert.match(answer.reason, /not sent: people hold the incident$/);
  assert.deepEqual([host.power, bmc.offOrders], ["on", []]);
});

test("a device that refuses to switch off what is off answers already-off", async (t) => {
  const { host, bmc, power } = await world(t);
  bmc.setMode("compute-1", "strict");
  host.powerLoss();
  assert.deepEqual(await power.powerOff(itself, enoughMs), { kind: "already-off" });
  assert.equal(bmc.offOrders.length, 1, "the order was given all the same");
});

test("switches on; what is on already is done, and a refusal is told", async (t) => {
  const { host, bmc, power } = await world(t);
  host.powerLoss();
  const before = host.bootId;
  assert.deepEqual(await power.powerOn(itself, enoughMs), { kind: "done" });
  assert.equal(host.power, "on");
  assert.notEqual(host.bootId, before);
  bmc.setMode("compute-1", "strict");
  assert.deepEqual(await power.powerOn(itself, enoughMs), { kind: "done" });
  host.powerLoss();
  bmc.setMode("compute-1", "stuck");
  const refused = await power.powerOn(itself, enoughMs);
  assert.ok(refused.kind === "refused" && /On answered 400/.test(refused.reason));
  bmc.setMode("compute-1", "wrong-identity");
  assert.equal((await power.powerOn(itself, enoughMs)).kind, "refused");
  bmc.setMode("compute-1", "unreachable");
  assert.equal((await power.powerOn(itself, 100)).kind, "no-answer");
  assert.equal(host.power, "off");
});

test("a wrong password is said, and not shown", async (t) => {
  const { power } = await world(t, { password: new Secret("guess") });
  const reading = await power.read(enoughMs);
  assert.ok(reading.power === "unknown");
  assert.match(reading.reason, /wrong user name, password/);
  assert.doesNotMatch(reading.reason, /guess/);
});

test("several systems need a system id", async (t) => {
  const hosts = [1, 2].map(
    (n) => new SimulatedHost({ name: `compute-${n}`, uuid: simulatedUuid("c0", n) }),
  );
  const { bmc, power } = await world(t, {}, { hosts });
  const reading = await power.read(enoughMs);
  assert.ok(reading.power === "unknown" && /several systems/.test(reading.reason));
  const password = new Secret("s3cret");
  const second = createRedfish({
    url: bmc.url,
    username: "admin",
    password,
    systemId: "compute-2",
  });
  assert.equal((await second.powerOff(undefined, enoughMs)).kind, "done");
  assert.deepEqual(
    hosts.map((host) => host.power),
    ["on", "off"],
  );
});

test("plain HTTP only on loopback, or where an operator wrote so", () => {
  const options = { url: "http://10.0.0.1", username: "a", password: new Secret("b") };
  assert.match(redfishProblem(options) ?? "", /in the clear/);
  assert.equal(redfishProblem({ ...options, insecureHttp: true }), undefined);
  assert.equal(redfishProblem({ ...options, url: "https://10.0.0.1" }), undefined);
  assert.match(redfishProblem({ ...options, url: "https://a:b@10.0.0.1" }) ?? "", /holds a user/);
});

test("a certificate is accepted by authority or by fingerprint, else no password is sent", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bmc-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const names = "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1";
  const files = ["-keyout", keyFile, "-out", certFile];
  try {
    execFileSync("openssl", [...request.split(" "), ...names.split(" "), ...files], {
      stdio: "pipe",
    });
  } catch {
    t.skip("openssl is not installed");
    return;
  }
  const cert = readFileSync(certFile, "utf8");
  const tls = { key: readFileSync(keyFile, "utf8"), cert };
  const { bmc, power } = await world(t, {}, { tls });
  const unknown = await power.read(enoughMs);
  assert.ok(unknown.power === "unknown" && /self-signed/.test(unknown.reason));
  const shared = { url: bmc.url, username: "admin", password: new Secret("s3cret") };
  const fingerprint = createHash("sha256").update(new X509Certificate(cert).raw).digest("hex");
  for (const extra of [{ caFile: certFile }, { fingerprint }, { verify: false }]) {
    assert.equal((await createRedfish({ ...shared, ...extra }).read(enoughMs)).power, "on");
  }
  const other = createRedfish({ ...shared, fingerprint: fingerprint.replace(/^../, "00") });
  const pinned = await other.read(enoughMs);
  assert.ok(pinned.power === "unknown" && /not the pinned one/.test(pinned.reason));
});
