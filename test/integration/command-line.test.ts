/** The command line against the control socket: what is asked back, what is printed, exit codes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { control, dead } from "../support/control-fixture.ts";
import { host1 } from "../support/core-fixture.ts";
import { cliWith } from "../support/run-cli.ts";

/** Runs a command line; returns its exit code, or what it threw, and what it printed. */
async function run(
  socket: string,
  argv: readonly string[],
  typed: string | undefined,
): Promise<{ readonly code: number | string; readonly printed: string }> {
  const checkConfig = () => Promise.resolve(0);
  const typing = { typed: () => Promise.resolve(typed), checkConfig };
  const { code, text } = await cliWith(typing, "--socket", socket, ...argv);
  return { code, printed: text };
}

test("the command line: destructive verbs ask for the host's name, exit codes 0, 1, 2", async (t) => {
  const { core, socket } = await control(t, { mode: "ask" });
  const id = dead(core);
  const approve = ["incident", "approve", id, "--reason", "looked"];
  assert.equal((await run(socket, approve, undefined)).code, 2, "no terminal, no --yes");
  assert.match(String((await run(socket, approve, "compute-2")).code), /is not compute-1/);
  assert.equal((await run(socket, approve.slice(0, 3), host1)).code, 2, "no reason");
  assert.equal(core.state.memory.incidents.get(host1)?.answer, undefined);
  assert.equal((await run(socket, approve, host1)).code, 0);
  assert.equal(core.state.memory.incidents.get(host1)?.answer?.kind, "approved");
  const hold = await run(socket, ["incident", "hold", id, "--reason", "wait"], undefined);
  assert.equal(hold.code, 0);
  const all = ["incident", "approve", "--all", "--reason", "looked"];
  assert.match(String((await run(socket, all, host1)).code), /is not all/);
  const left = await run(socket, [...all, "--yes"], undefined);
  assert.match(String(left.code), /left as they are: i1-compute-1 \(held by/);
  assert.equal((await run(socket, approve, host1)).code, 0);
  assert.equal((await run(socket, [...all, "--yes"], undefined)).code, 0);
  const nobody = await run(socket, ["incident", "approve", "--reason", "x", "--yes"], undefined);
  assert.match(String(nobody.code), /name an incident, or say --all/);
  assert.equal((await run(socket, ["incident", "bless", id], undefined)).code, 2);
});

test("the command line: confirm is asked for by name, and --yes must repeat it", async (t) => {
  const { core, socket } = await control(t);
  core.loseWithBmc(host1);
  const confirm = ["fence", "confirm", host1, "--reason", "cables pulled"];
  assert.equal((await run(socket, confirm, undefined)).code, 2, "no terminal, no --yes");
  assert.equal((await run(socket, [...confirm, "--yes"], undefined)).code, 2, "--yes alone");
  const other = await run(socket, [...confirm, "--yes", "compute-2"], undefined);
  assert.match(String(other.code), /--yes compute-2 is not compute-1: nothing done/);
  assert.match(String((await run(socket, confirm, "compute-2")).code), /is not compute-1/);
  assert.equal((await run(socket, confirm.slice(0, 3), host1)).code, 2, "no reason");
  assert.equal(core.state.memory.incidents.get(host1)?.confirmations, undefined);
  assert.equal((await run(socket, confirm, host1)).code, 0);
  assert.equal(core.state.memory.incidents.get(host1)?.confirmations?.length, 1);
  assert.equal((await run(socket, [...confirm, "--yes", host1], undefined)).code, 0);
});

test("the command line: maintenance is set, listed and cleared", async (t) => {
  const { socket } = await control(t);
  const set = ["maintenance", "set", host1, "--reason", "disks", "--until", "2h"];
  assert.equal((await run(socket, [...set, "--owner", "bob"], undefined)).code, 0);
  assert.equal((await run(socket, set.slice(0, 5), undefined)).code, 2, "no end");
  const listed = await run(socket, ["-f", "json", "maintenance", "list"], undefined);
  assert.deepEqual(
    (JSON.parse(listed.printed) as Record<string, string>[]).map((line) => [
      line["host"],
      line["reason"],
      line["owner"],
      line["overdue"],
    ]),
    [[host1, "disks", "bob", "no"]],
  );
  const clear = ["maintenance", "clear", host1, "--reason", "done"];
  assert.equal((await run(socket, clear, undefined)).code, 2);
  assert.equal((await run(socket, [...clear, "--yes"], undefined)).code, 0);
  assert.equal((await run(socket, ["maintenance", "list"], undefined)).printed, "none");
});

test("the command line: what is concluded from what, and why, in either language", async (t) => {
  const { core, socket } = await control(t, { rows: new Map([["13", "fence"]]) });
  dead(core);
  const lines = async (...argv: readonly string[]): Promise<string> =>
    (await run(socket, argv, undefined)).printed;
  assert.match(await lines("policy", "gates"), /\| third witness +\|.*\| closed \|/);
  assert.match(await lines("policy", "show"), /\| 13 +\| hung +\| page +\|/);
  assert.match(await lines("policy", "show", host1), /\| 13 +\| hung +\| fence +\|/);
  assert.match(await lines("host", "explain", host1), /reverse ping, storage: 0 of the last 4/);
  assert.match(await lines("host", "explain", host1, "--language", "zh"), /反向 ping，storage/);
  const unknown = await run(socket, ["policy", "show", "compute-99"], undefined);
  assert.match(String(unknown.code), /no host compute-99 is known/);
});

test("the command line: rehearse needs --cycle and the host's name; doctor lists every device", async (t) => {
  const { core, socket } = await control(t);
  core.takeOut(host1);
  core.run(6000);
  const bare = ["fence", "rehearse", host1, "--reason", "whose is it"];
  assert.equal((await run(socket, bare, host1)).code, 2, "no --cycle");
  const rehearse = [...bare, "--cycle"];
  assert.equal((await run(socket, rehearse, undefined)).code, 2, "no terminal, no --yes");
  assert.match(String((await run(socket, rehearse, "compute-2")).code), /is not compute-1/);
  const wrong = await run(socket, [...rehearse, "--yes", "compute-2"], undefined);
  assert.match(String(wrong.code), /--yes compute-2 is not compute-1/);
  const high = await run(socket, [...rehearse, "--level", "2", "--yes", host1], undefined);
  assert.match(
    String(high.code),
    /held by power devices: none, must be = power devices in level 2/,
  );
  assert.equal(core.state.memory.rehearsals.size, 0);
  assert.equal((await run(socket, [...rehearse, "--yes", host1], undefined)).code, 0);
  assert.equal(core.state.memory.rehearsals.get(host1)?.step.kind, "looking");
  const doctor = await run(socket, ["doctor"], undefined);
  assert.equal(doctor.code, 0);
  assert.match(doctor.printed, /compute-8 +\| bmc +\| 1 +\| yes/);
  assert.match(doctor.printed, /8 of 8 power devices are verified, must be >= 90 %/);
});

test("config check --mode act: what a running guardian has not verified, with the way out; 1 while anything is missing", async (t) => {
  const { core, socket } = await control(t);
  const check = ["config", "check", "--mode", "act"];
  core.run(6000);
  const ready = await run(socket, check, undefined);
  assert.equal(ready.code, 0);
  assert.match(ready.printed, /8 of 8 power devices are verified/);
  assert.doesNotMatch(ready.printed, /compute-1/);
  core.guids.set(`${host1}/bmc`, "88888888888888888888888888888801");
  core.run(310_000);
  const missing = await run(socket, check, undefined);
  assert.equal(missing.code, 1);
  assert.match(missing.printed, /compute-1 .*\| bmc .*\| no .*guardian fence vouch compute-1/);
  assert.doesNotMatch(missing.printed, /compute-2/);
  assert.equal((await run(socket, ["config", "check"], undefined)).code, 0);
  assert.equal((await run(socket, ["config", "check", "--mode", "fast"], undefined)).code, 2);
  const nobody = await run("/nonexistent/guardian.sock", check, undefined);
  assert.equal(nobody.code, 1);
  assert.match(
    nobody.printed,
    /none answers at \/nonexistent\/guardian\.sock .*start it in mode observe/s,
  );
});
