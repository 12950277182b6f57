/**
 * The Redfish adapter against a service of its own process, over TLS, with a chassis that is a folder: hosts/redfish_server.py.
 * Debian has no Redfish simulator; so that this one is no mirror of what the adapter expects, real clients of others
 * (sushy, redfishtool, fence_redfish) must take it for a BMC first. Part of the lab, not of `npm test`.
 * Run: npx tsc -p . && node --test dist/test/lab/redfish.lab.js
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readAgentMetadata } from "../../guardian/shell/agent-metadata.ts";
import { createFenceAgent } from "../../guardian/shell/fence-agent.ts";
import { createRedfish, type RedfishOptions } from "../../guardian/shell/redfish.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import { makeCertificate } from "../support/test-certificate.ts";
import {
  startRedfishServer,
  type RedfishServer,
  type RedfishServerOptions,
} from "./redfish-server.ts";

const enoughMs = 10_000;
const otherUuid = "10e3a7cf-50c0-5ba9-9129-2555bc44bebe";

function certificateFiles(t: TestContext): { readonly certFile: string; readonly keyFile: string } {
  const made = makeCertificate(t);
  assert.ok(made !== undefined, "openssl is one of the lab's packages");
  const keyFile = made.certFile.replace(/cert\.pem$/, "key.pem");
  return { certFile: made.certFile, keyFile };
}

/** A BMC over TLS, and the guardian's device for it, which trusts its certificate. */
async function bmc(t: TestContext, port: number, options: Partial<RedfishServerOptions> = {}) {
  const certificate = certificateFiles(t);
  const server = await startRedfishServer(t, { port, certificate, ...options });
  const device = (own: Partial<RedfishOptions> = {}) =>
    createRedfish({
      url: server.url,
      username: "admin",
      password: new Secret("s3cret"),
      caFile: certificate.certFile,
      ...own,
    });
  return { server, device, certificate };
}

function identityOf({ uuid, serial }: RedfishServer) {
  const plain = (text: string): string => text.toLowerCase().replaceAll("-", "");
  return { guid: undefined, uuid: plain(uuid), serial: plain(serial) };
}

const sushyScript = `
import sys, sushy
url, ca, auth = sys.argv[1:]
login = sushy.auth.SessionAuth if auth == 'session' else sushy.auth.BasicAuth
root = sushy.Sushy(url, verify=ca, auth=login(username='admin', password='s3cret'))
system = root.get_system()
said = [str(system.power_state), system.uuid]
system.reset_system(sushy.RESET_FORCE_OFF)
system.refresh(force=True)
print(said[1], said[0], str(system.power_state))
`;

/** What a program of others printed; its exit code must be 0. */
function run(command: string, words: readonly string[], ca: string): string {
  const env = { PATH: "/usr/bin:/bin", PYTHONWARNINGS: "ignore", REQUESTS_CA_BUNDLE: ca };
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: "utf8", env });
  assert.equal(status, 0, `${command}: ${stdout}${stderr}`);
  return stdout;
}

for (const [index, auth] of ["session", "basic"].entries()) {
  test(`OpenStack's sushy takes the service for a BMC (${auth})`, async (t) => {
    const { server, certificate } = await bmc(t, 19741 + index);
    const words = ["-c", sushyScript, server.url, certificate.certFile, auth];
    const said = run("/usr/bin/python3", words, certificate.certFile);
    t.diagnostic(said.trim());
    assert.match(said, new RegExp(`^${server.uuid} PowerState.ON PowerState.OFF`, "i"));
    assert.deepEqual([server.isOn(), server.orders()], [false, 1]);
  });
}

test("DMTF's redfishtool takes the service for a BMC", async (t) => {
  const { server, certificate } = await bmc(t, 19743);
  const tool = ["-r", server.url.replace("https://", ""), "-u", "admin", "-p", "s3cret"];
  const system = [...tool, "-S", "Always", "-A", "Session", "Systems", "-1"];
  const said = run("redfishtool", [...system, "-P", "PowerState", "get"], certificate.certFile);
  assert.match(said, /"PowerState": "On"/);
  run("redfishtool", [...system, "reset", "ForceOff"], certificate.certFile);
  assert.deepEqual([server.isOn(), server.orders()], [false, 1]);
});

test("fence_redfish, as the guardian calls it: on, off, off already, stuck", async (t) => {
  const { server } = await bmc(t, 19744);
  const read = await readAgentMetadata("fence_redfish");
  assert.ok(read.kind === "metadata", JSON.stringify(read));
  const device = createFenceAgent({
    agent: "fence_redfish",
    parameters: {
      ip: "127.0.0.1",
      ipport: "19744",
      username: "admin",
      ssl_insecure: "1",
      systems_uri: "/redfish/v1/Systems/1",
    },
    secrets: { password: new Secret("s3cret") },
    offDeadlineMs: 10_000,
    known: new Set(read.metadata.parameters.keys()),
  });
  const none = { guid: undefined, uuid: undefined, serial: undefined };
  const first = await device.read(5000);
  assert.equal(first.power, "on", JSON.stringify(first));
  server.setMode("stuck");
  const stuck = await device.powerOff(none, 5000);
  assert.ok(stuck.kind === "refused" && /still reads on/.test(stuck.reason), JSON.stringify(stuck));
  server.setMode("");
  assert.equal((await device.powerOff(none, 5000)).kind, "done");
  assert.equal((await device.read(5000)).power, "off");
  assert.equal((await device.powerOff(none, 5000)).kind, "already-off");
  assert.equal(server.isOn(), false);
});

for (const [index, auth] of (["session", "basic"] as const).entries()) {
  test(`right: reads on, switches off once, reads off (${auth})`, async (t) => {
    const { server, device } = await bmc(t, 19745 + index);
    const itself = identityOf(server);
    const power = device({ auth });
    const startedMs = performance.now();
    const first = await power.read(enoughMs);
    t.diagnostic(`one reading: ${(performance.now() - startedMs).toFixed(0)} ms`);
    assert.deepEqual(first, { power: "on", identity: itself, restore: "always-off" });
    assert.deepEqual(await power.powerOff(itself, enoughMs), { kind: "done" });
    assert.deepEqual([server.isOn(), server.orders()], [false, 1]);
    assert.equal((await power.read(enoughMs)).power, "off");
    assert.deepEqual(await power.powerOn(itself, enoughMs), { kind: "done" });
    assert.equal(server.isOn(), true);
    // The service has eight session slots: more uses than that only work when each is given back.
    for (let use = 0; use < 10; use += 1) assert.equal((await power.read(enoughMs)).power, "on");
  });
}

test("wrong password: said, not shown, and nothing is asked of the system", async (t) => {
  const { server, device } = await bmc(t, 19747);
  for (const auth of ["session", "basic"] as const) {
    const power = device({ auth, password: new Secret("guess") });
    const reading = await power.read(enoughMs);
    assert.ok(reading.power === "unknown", JSON.stringify(reading));
    assert.match(reading.reason, /wrong user name, password/);
    assert.doesNotMatch(reading.reason, /guess/);
    assert.equal((await power.powerOff(identityOf(server), enoughMs)).kind, "no-answer");
  }
  assert.deepEqual([server.isOn(), server.orders()], [true, 0]);
});

test("unreachable, mute and slow: unknown by the deadline, and no order is called done", async (t) => {
  const { server, device } = await bmc(t, 19748);
  const itself = identityOf(server);
  const gone = await device({ url: "https://127.0.0.1:19798" }).read(2000);
  assert.ok(gone.power === "unknown" && /ECONNREFUSED/.test(gone.reason), JSON.stringify(gone));
  const late = async (): Promise<void> => {
    const startedMs = performance.now();
    assert.equal((await device().read(1500)).power, "unknown");
    assert.equal((await device().powerOff(itself, 1500)).kind, "no-answer");
    assert.ok(performance.now() - startedMs < 4000, "each within its deadline");
  };
  server.setMode("slow");
  await late();
  server.setMode("");
  process.kill(server.pid, "SIGSTOP");
  await late();
  process.kill(server.pid, "SIGCONT");
  assert.equal((await device().read(enoughMs)).power, "on");
  assert.equal(server.orders(), 0, "who cannot say in time which host it is gets no order");
});

test("busy: 503 is said, and no order is given", async (t) => {
  const { server, device } = await bmc(t, 19749);
  server.setMode("fail");
  const reading = await device().read(enoughMs);
  assert.ok(reading.power === "unknown" && /busy \(503\)/.test(reading.reason));
  assert.equal((await device().powerOff(identityOf(server), enoughMs)).kind, "no-answer");
  assert.deepEqual([server.isOn(), server.orders()], [true, 0]);
});

test("lying: takes off and stays on, reads on; one that reads off while on is believed", async (t) => {
  const { server, device } = await bmc(t, 19750);
  const itself = identityOf(server);
  server.setMode("stuck");
  assert.deepEqual(await device().powerOff(itself, enoughMs), { kind: "done" });
  assert.equal((await device().read(enoughMs)).power, "on");
  server.setMode("lies");
  // No reading can tell: that is what a second device, and the host's own word, are for.
  assert.equal((await device().read(enoughMs)).power, "off");
  assert.equal(server.isOn(), true);
});

test("already off: taken again, or refused and read", async (t) => {
  const { server, device } = await bmc(t, 19751);
  server.write("power", "0");
  assert.deepEqual(await device().powerOff(identityOf(server), enoughMs), { kind: "done" });
  const strict = await bmc(t, 19752, { strict: true });
  strict.server.write("power", "0");
  const answer = await strict.device().powerOff(identityOf(strict.server), enoughMs);
  assert.deepEqual(answer, { kind: "already-off" });
});

test("comes back on by itself: the next reading says so", async (t) => {
  const { server, device } = await bmc(t, 19753);
  server.setMode("returns");
  assert.deepEqual(await device().powerOff(identityOf(server), enoughMs), { kind: "done" });
  assert.equal((await device().read(enoughMs)).power, "off");
  await sleep(1500);
  assert.equal((await device().read(enoughMs)).power, "on");
});

test("dies in the middle: the order was carried out, nobody heard so, and it is not called done", async (t) => {
  const { server, device } = await bmc(t, 19754);
  server.setMode("dies");
  const answer = await device().powerOff(identityOf(server), enoughMs);
  assert.equal(answer.kind, "no-answer", JSON.stringify(answer));
  assert.deepEqual([server.isOn(), server.orders()], [false, 1]);
  assert.equal((await device().read(2000)).power, "unknown");
});

test("another host's: swapped cables or addresses switch neither", async (t) => {
  const first = await bmc(t, 19755);
  const second = await bmc(t, 19756, { uuid: otherUuid, serial: "SN-2" });
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    const answer = await one.device().powerOff(identityOf(other.server), enoughMs);
    assert.ok(
      answer.kind === "refused" && /the device's uuid is .*, pinned is/.test(answer.reason),
    );
    assert.equal((await one.device().powerOn(identityOf(other.server), enoughMs)).kind, "refused");
  }
  const states = [first, second].map(({ server }) => [server.isOn(), server.orders()]);
  assert.deepEqual(states, [
    [true, 0],
    [true, 0],
  ]);
});

test("a certificate nobody vouched for: refused before the password leaves us; caFile takes it", async (t) => {
  const { server, device, certificate } = await bmc(t, 19757);
  const stranger = device({ caFile: undefined });
  const reading = await stranger.read(enoughMs);
  assert.ok(
    reading.power === "unknown" && /self-signed/.test(reading.reason),
    JSON.stringify(reading),
  );
  assert.equal((await stranger.powerOff(identityOf(server), enoughMs)).kind, "no-answer");
  // Another authority's word does not count either, nor this certificate at an address that it does not name.
  const foreign = join(server.folder, "foreign.pem");
  const made = makeCertificate(t);
  assert.ok(made !== undefined, "openssl is one of the lab's packages");
  writeFileSync(foreign, made.cert);
  assert.equal((await device({ caFile: foreign }).read(enoughMs)).power, "unknown");
  const renamed = device({ url: server.url.replace("127.0.0.1", "localhost") });
  const misnamed = await renamed.read(enoughMs);
  assert.ok(misnamed.power === "unknown", JSON.stringify(misnamed));
  assert.deepEqual(server.requests(), [], "it was not told a word, the password least of all");
  assert.equal((await device({ caFile: certificate.certFile }).read(enoughMs)).power, "on");
  assert.notDeepEqual(server.requests(), []);
});
