/** The control socket: who calls, by the kernel's word; what each verb does, and what it refuses. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ask } from "../../guardian/cli-client.ts";
import { callerHeader, identifyCaller, proveCaller } from "../../guardian/shell/caller-identity.ts";
import { render } from "../../guardian/core/words.ts";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { wallMs } from "../../shared/time.ts";
import { api, control, dead } from "../support/control-fixture.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const me = process.getuid?.() ?? -1;

/** A request without the command line's own proof. */
function raw(socket: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: socket, method: "POST", path: `${api}/disarm`, headers };
    const call = request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on("error", reject);
    call.end(JSON.stringify({ reason: "x", by: "alice" }));
  });
}

test("the caller's uid is in the audit line, whatever name it gives itself", async (t) => {
  const { core, tell } = await control(t);
  await tell("disarm", { reason: "noises", by: "mallory" });
  const line = core.done("line").findLast((found) => found.event === "disarmed");
  const wanted = `^disarmed by \\S+ \\(uid ${me}\\), says mallory: noises$`;
  assert.match(line?.text ?? "", new RegExp(wanted));
});

test("another user of the group is itself", async (t) => {
  if (me !== 0) return t.skip("only root can be another user");
  const { core, socket } = await control(t);
  const other = "65534";
  const disarm = ["--socket", socket, "disarm", "--reason", "noises"];
  const asUser = (uid: string, gid: string): Promise<unknown> => {
    const argv = ["dist/test/support/another-user.js", uid, gid, ...disarm];
    return promisify(execFile)(process.execPath, argv, { env: { USER: "root" } });
  };
  await asUser(other, "0");
  assert.match(
    render(core.state.memory.disarmed ?? ""),
    /^(?:\w+ \(uid 65534\)|uid 65534), says root: /,
  );
  const failed = await asUser(other, other).then(
    () => assert.fail("a stranger was let in"),
    (error: { code: number; stderr: string }) => error,
  );
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /its user's and its group's alone/);
});

test("who does not prove itself, or with what others could make, is refused", async (t) => {
  const { core, socket, folder } = await control(t);
  const callers = join(folder, "callers");
  const name = (digit: string): string => digit.repeat(32);
  mkdirSync(join(callers, name("1")), { mode: 0o755 });
  chmodSync(join(callers, name("1")), 0o755);
  writeFileSync(join(callers, name("2")), "", { mode: 0o700 });
  mkdirSync(join(callers, name("3")), { mode: 0o700 });
  symlinkSync(join(callers, name("3")), join(callers, name("4")));
  const tokens = ["", name("1"), name("2"), name("4"), name("5"), "../callers", "..", "x"];
  for (const token of tokens) {
    const headers = token === "" ? {} : { [callerHeader]: token };
    assert.equal(await raw(socket, headers), 401, token);
  }
  assert.equal(core.state.memory.disarmed, undefined);
  assert.equal(await raw(socket, { [callerHeader]: name("3") }), 200);
  assert.equal(await raw(socket, { [callerHeader]: name("3") }), 401, "it serves once");
});

test("the folder can be written by the group and listed by the daemon alone", async (t) => {
  const { socket, folder } = await control(t);
  assert.equal(statSync(join(folder, "callers")).mode & 0o7777, 0o1730);
  assert.equal(statSync(socket).mode & 0o777, 0o660);
  const proof = proveCaller(socket);
  assert.equal(readdirSync(join(folder, "callers")).length, 1);
  proof.withdraw();
  proof.withdraw();
  assert.equal(readdirSync(join(folder, "callers")).length, 0);
});

test("a uid without a name is a number; a claimed name that is no name is left out", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "guardian-callers-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const socket = join(folder, "guardian.sock");
  mkdirSync(join(folder, "callers"));
  const passwd = join(folder, "passwd");
  writeFileSync(passwd, `root:x:${me + 1}:0::/:/bin/sh\n`);
  const by = (claimed: string): string => {
    const seen = identifyCaller(socket, proveCaller(socket).token, claimed, passwd);
    return seen.kind === "caller" ? seen.by : seen.reason;
  };
  assert.equal(by("alice"), `uid ${me}, says alice`);
  assert.equal(by("alice (uid 0)\n"), `uid ${me}`);
  writeFileSync(passwd, `alice:x:${me}:0::/:/bin/sh\n`);
  assert.equal(by("alice"), `alice (uid ${me})`);
});

test("incidents: approve, hold, dismiss, acknowledge; each needs a reason", async (t) => {
  const { core, tell } = await control(t, { mode: "ask" });
  const id = dead(core);
  for (const verb of ["approve", "hold", "dismiss", "ack"]) {
    assert.match(String(await tell(`incidents/${id}/${verb}`)), /needs a reason/);
    assert.match(String(await tell(`incidents/i99/${verb}`, { reason: "x" })), /no incident i99/);
  }
  const kind = (): string | undefined => core.state.memory.incidents.get(host1)?.answer?.kind;
  for (const [verb, wanted] of [
    ["hold", "held"],
    ["dismiss", "dismissed"],
    ["approve", "approved"],
  ] as const) {
    await tell(`incidents/${id}/${verb}`, { reason: "looked" });
    assert.equal(kind(), wanted);
  }
  await tell(`incidents/${id}/ack`, { reason: "coming" });
  const acknowledged = Object.values(core.state.memory.alerts).map((alert) => alert.acknowledgedBy);
  assert.ok(acknowledged.length > 0 && acknowledged.every((by) => by?.includes(`uid ${me}`)));
  assert.match(String(await tell(`incidents/${id}/bless`, { reason: "x" })), /no such verb/);
});

test("approve all takes the silent hosts, and says which", async (t) => {
  const { core, tell } = await control(t, { mode: "ask" });
  assert.match(String(await tell("incidents/approve", { reason: "x" })), /no incident of a silent/);
  dead(core);
  core.powerLoss(host2);
  core.fact(host2, { power: "unknown" });
  core.run(20_000);
  const answer = (await tell("incidents/approve", { reason: "looked" })) as { approved: string[] };
  assert.deepEqual(answer.approved, [host1, host2]);
  assert.match(String(await tell("incidents/approve", {})), /needs a reason/);
});

test("approve all leaves what somebody holds or dismissed, and says which", async (t) => {
  const { core, tell } = await control(t, { mode: "ask" });
  const id = dead(core);
  for (const [verb, wanted] of Object.entries({ hold: "held", dismiss: "dismissed" })) {
    await tell(`incidents/${id}/${verb}`, { reason: "I stand before it" });
    const refused = String(await tell("incidents/approve", { reason: "a storm" }));
    assert.match(refused, new RegExp(`left as they are: ${id} \\(${wanted} by`));
    assert.equal(core.state.memory.incidents.get(host1)?.answer?.kind, wanted);
  }
});

test("maintenance is refused between two waves of moves, with what stops them", async (t) => {
  const limits = { ...defaultLimits, movesAtOnce: 1, movesAtFirst: 1 };
  const { core, tell } = await control(t, { limits });
  for (const name of ["vm-1", "vm-2"]) core.nova.addServer(host1, name);
  core.nova.moveMs = 10_000;
  core.powerLoss(host1);
  core.run(8000);
  core.disarmedFile = true;
  core.run(15_000);
  const words = { reason: "disks", until: "2h" };
  assert.match(String(await tell(`maintenance/${host1}`, words)), /guardian incident hold i/);
});

test("mode observe: an approval is refused with the next step", async (t) => {
  const { core, tell } = await control(t, { mode: "observe" });
  const id = dead(core);
  const refused = String(await tell(`incidents/${id}/approve`, { reason: "x" }));
  assert.match(refused, /mode observe: .* set mode ask or act/);
});

test("maintenance: an end is needed and must come; owner and end are kept", async (t) => {
  const { core, tell } = await control(t);
  const set = (words: Readonly<Record<string, string>>): Promise<unknown> =>
    tell(`maintenance/${host1}`, { reason: "disks", ...words });
  for (const until of ["", "soon", "2026-11-22", "2026-11-22T09:00:00"]) {
    assert.match(String(await set({ until })), /an end is needed such as 2h/, until);
  }
  assert.match(String(await set({ until: "2020-01-01T00:00:00Z" })), /is over: it is/);
  assert.match(String(await set({ until: "2h", reason: " " })), /needs a reason/);
  const entry = (): unknown => core.state.memory.maintenance.get(host1);
  assert.equal(entry(), undefined);
  await set({ until: "2h", owner: "bob" });
  const ends = wallMs(core.wall + 7_200_000);
  assert.deepEqual(
    Object.assign({}, entry(), { by: "", sinceWall: 0 }),
    Object.assign({}, entry(), { owner: "bob", untilWall: ends, by: "", sinceWall: 0 }),
  );
  const at = new Date(core.wall + 60_000).toISOString();
  await set({ until: at });
  assert.equal(core.state.memory.maintenance.get(host1)?.untilWall, Date.parse(at));
  assert.match(core.state.memory.maintenance.get(host1)?.owner ?? "", new RegExp(`uid ${me}`));
  await set({ until: "released" });
  assert.equal(core.state.memory.maintenance.get(host1)?.untilWall, undefined);
  await tell(`maintenance/${host1}/clear`, { reason: "done" });
  assert.equal(entry(), undefined);
  const again = String(await tell(`maintenance/${host1}/clear`, { reason: "done" }));
  assert.match(again, /is not in maintenance/);
  assert.match(
    String(await tell("maintenance/nobody", { reason: "x", until: "2h" })),
    /no such host/,
  );
});

test("maintenance of a host whose servers move is refused: hold the incident", async (t) => {
  const { core, tell } = await control(t);
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 3_600_000;
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  const refused = String(await tell(`maintenance/${host1}`, { reason: "x", until: "2h" }));
  assert.match(refused, /are being moved; guardian incident hold i\d+-compute-1/);
});

test("maintenance by the configuration is changed there", async (t) => {
  const { hosts } = new CoreFixture().settings;
  const entry = hosts.get(host1);
  assert.ok(entry !== undefined);
  const changed = new Map(hosts).set(host1, { ...entry, maintenance: "new disks" });
  const { tell } = await control(t, { hosts: changed });
  const refused = String(await tell(`maintenance/${host1}/clear`, { reason: "x" }));
  assert.match(refused, /by the configuration: new disks; change it there/);
});

test("disarm says what it waits for, arm says what still holds", async (t) => {
  const { core, tell } = await control(t);
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 3_600_000;
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  const disarming = Object(await tell("disarm", { reason: "noises" })) as Record<string, unknown>;
  assert.equal(disarming["arming"], "disarming");
  assert.deepEqual(disarming["underWay"], [host1]);
  core.disarmedFile = true;
  core.tick(250);
  const armed = Object(await tell("arm", { reason: "well" })) as Record<string, unknown>;
  assert.match(String(armed["note"]), /^still held: the file/);
});

test("confirm: the host's name again, a reason, no sign of life; the uid is the kernel's", async (t) => {
  const { core, tell } = await control(t, { confirmBy: 2 });
  core.nova.addServer(host1, "vm-1");
  const confirm = (words: Readonly<Record<string, string>>): Promise<unknown> =>
    tell(`hosts/${host1}/confirm`, { reason: "cables pulled", again: host1, ...words });
  assert.match(String(await confirm({})), /has no open incident/);
  core.loseWithBmc(host1);
  assert.match(String(await confirm({ reason: "" })), /needs a reason/);
  assert.match(String(await confirm({ again: "" })), /name must be given again/);
  assert.match(String(await confirm({ again: "compute-2" })), /name must be given again/);
  assert.equal(core.state.memory.incidents.get(host1)?.confirmations, undefined);
  assert.match(String(await confirm({ uid: "0" })), /uid: is not known here; known: again, reason/);
  const answer = Object(await confirm({ by: "mallory" })) as Record<string, unknown>;
  assert.equal(answer["enough"], false);
  assert.match(String(answer["note"]), /^1 more must confirm it within 10 min/);
  const [word] = core.state.memory.incidents.get(host1)?.confirmations ?? [];
  assert.equal(word?.uid, me);
  assert.match(String(await tell("hosts/nobody/confirm", { reason: "x" })), /no such host/);
});

test("no daemon: an error that says so, and nothing left behind", async () => {
  const socket = join(tmpdir(), "no-such-guardian", "guardian.sock");
  const answer = await ask(socket, "POST", `${api}/arm`, { reason: "x" }).catch(String);
  assert.match(String(answer), /does not answer on .* \(is it running\?\)/);
  assert.equal(existsSync(join(tmpdir(), "no-such-guardian")), false);
});

test("release and vouch need a reason, and it is in the audit line", async (t) => {
  const { core, tell } = await control(t);
  assert.match(String(await tell(`hosts/${host1}/vouch`)), /vouch needs a reason/);
  await tell(`hosts/${host1}/vouch`, { reason: "read its label" });
  const vouched = core.done("line").findLast((found) => found.event === "vouched");
  assert.match(vouched?.text ?? "", /is its power device: read its label$/);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  while (core.state.memory.incidents.get(host1)?.phase.kind !== "ended") core.run(250);
  assert.match(String(await tell(`hosts/${host1}/release`)), /release needs a reason/);
  assert.match(String(await tell(`hosts/${host1}/undo`)), /undo needs a reason/);
  const reply = Object(await tell(`hosts/${host1}/release`, { reason: "new board" })) as {
    readonly missing?: readonly string[];
  };
  assert.match(reply.missing?.join() ?? "", /a report of a new boot,it is forced down in Nova/);
  const released = core.done("line").findLast((found) => found.event === "released");
  assert.match(released?.text ?? "", /^released by .*: new board$/);
});

test("rehearse: the name again, the word cycle, and every gate by its name, value and limit", async (t) => {
  const { core, tell } = await control(t);
  const asked = { reason: "whose is it", again: host1, cycle: "yes" };
  const rehearse = (words: Readonly<Record<string, string>>): Promise<unknown> =>
    tell(`hosts/${host1}/rehearse`, { ...asked, ...words });
  assert.match(String(await rehearse({ reason: "" })), /rehearse needs a reason/);
  assert.match(String(await rehearse({ cycle: "" })), /its power is cycled; say so/);
  assert.match(String(await rehearse({ again: "compute-2" })), /name must be given again/);
  assert.match(String(await rehearse({ level: "0" })), /level "0": a whole number >= 1/);
  const held = String(await rehearse({}));
  assert.match(
    held,
    /is not rehearsed, held by taken out: enabled in Nova, .* must be = disabled in Nova by/,
  );
  assert.equal(core.state.memory.rehearsals.size, 0);
  core.takeOut(host1);
  core.run(6000);
  const answer = Object(await rehearse({})) as Record<string, unknown>;
  assert.match(String(answer["note"]), /Nova is asked twice, 10 s apart/);
  const begun = core.done("line").findLast((found) => found.event === "rehearsal-asked");
  assert.match(begun?.text ?? "", /asked for by .* \(uid \d+\): whose is it;/);
  core.run(40_000);
  assert.equal(core.state.memory.devices[`${host1}/bmc`]?.rehearsed?.by.includes("uid"), true);
});
