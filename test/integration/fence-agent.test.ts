/** The driver of fence agents around an agent that says what the real ones say. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { readGuardianConfig } from "../../guardian/config.ts";
import { parseAgentMetadata, readAgentMetadata } from "../../guardian/shell/agent-metadata.ts";
import { buildPower } from "../../guardian/shell/build-power.ts";
import { createFenceAgent } from "../../guardian/shell/fence-agent.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";

const fake = resolve("test/support/fence_fake");
const nothing = { guid: undefined, uuid: undefined, serial: undefined };

function world(t: TestContext, mode = "", password = "s3cret", agent = fake) {
  const folder = mkdtempSync(join(tmpdir(), "fence-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write("mode", mode);
  write("power", "ON");
  const device = createFenceAgent({
    agent,
    parameters: { ip: "192.0.2.7", plug: "12", username: folder },
    secrets: { password: new Secret(password) },
    offDeadlineMs: 3000,
    known: new Set(["power_timeout", "login_timeout"]),
  });
  return {
    device,
    folder,
    write,
    read: (name: string) => readFileSync(join(folder, name), "utf8"),
  };
}

/** Where nobody collects orphans, a killed one stays as a zombie. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("reads on, switches off, reads off; everything on standard input, nothing in argv", async (t) => {
  const { device, read } = world(t);
  assert.equal(device.name, "fence_fake 192.0.2.7 plug 12");
  assert.deepEqual(await device.read(3000), { power: "on", identity: nothing });
  assert.deepEqual(await device.powerOff(nothing, 3000), { kind: "done" });
  assert.deepEqual(await device.read(3000), { power: "off", identity: nothing });
  assert.deepEqual(await device.powerOff(nothing, 3000), { kind: "already-off" });
  const calls = read("calls");
  assert.deepEqual([...new Set(calls.match(/^argv:.*$/gm))], ["argv: "]);
  assert.match(calls, /^password=s3cret$/m);
  assert.match(calls, /^plug=12$/m);
  assert.match(calls, /^power_timeout=1$/m, "it ends with words before it is killed");
});

test("switches on again; one that stays off is told", async (t) => {
  const { device, write, read } = world(t);
  write("power", "OFF");
  assert.deepEqual(await device.powerOn(nothing, 3000), { kind: "done" });
  assert.equal(read("power").trim(), "ON");
  assert.deepEqual(await device.powerOn(nothing, 3000), { kind: "done" });
  write("power", "OFF");
  write("mode", "stuck");
  const stuck = await device.powerOn(nothing, 3000);
  assert.ok(
    stuck.kind === "refused" && /still reads off/.test(stuck.reason),
    JSON.stringify(stuck),
  );
  assert.equal((await device.powerOn({ ...nothing, guid: "ab" }, 3000)).kind, "refused");
});

test("off is 2 together with its words, and nothing else is", async (t) => {
  for (const [mode, words] of [
    ["no-script", /ended with 2, wanted/],
    ["silent-two", /ended with 2, wanted/],
    ["word-alone", /ended with 0, wanted/],
    ["chatty", /ended with 0, wanted/],
    ["unreachable", /out of reach/],
    ["hung", /no answer within 600 ms, killed/],
  ] as const) {
    const { device } = world(t, mode);
    const reading = await device.read(mode === "hung" ? 600 : 5000);
    assert.ok(reading.power === "unknown" && words.test(reading.reason), JSON.stringify(reading));
  }
});

test("errors are told apart as far as the agent does, and print no secret", async (t) => {
  const wrong = await world(t, "", "bad").device.read(3000);
  assert.ok(wrong.power === "unknown" && /wrong password, wrong plug/.test(wrong.reason));
  const tells = await world(t, "tells").device.read(3000);
  assert.ok(tells.power === "unknown" && /cannot log in with …/.test(tells.reason));
  const gone = await world(t, "unreachable").device.powerOff(nothing, 3000);
  assert.ok(gone.kind === "no-answer" && /out of reach/.test(gone.reason));
  const stuck = await world(t, "stuck").device.powerOff(nothing, 3000);
  assert.ok(stuck.kind === "refused" && /still reads on/.test(stuck.reason), JSON.stringify(stuck));
});

test("a hung agent is killed with all that it started", async (t) => {
  const { device, read } = world(t, "hung");
  const startedMs = performance.now();
  assert.equal((await device.powerOff(nothing, 500)).kind, "no-answer");
  assert.ok(performance.now() - startedMs < 3500, "by the deadline for switching off");
  await sleep(50);
  const grandchild = Number(read("grandchild"));
  assert.ok(!isRunning(grandchild), `${grandchild} still runs`);
});

test("an order waits for the reading under way: outlets allow one login", async (t) => {
  const { device, read } = world(t, "slow");
  const [order, reading] = await Promise.all([device.powerOff(nothing, 3000), device.read(3000)]);
  assert.deepEqual([order.kind, reading.power], ["done", "off"]);
  const actions = read("calls").match(/^action=.*$/gm);
  assert.deepEqual(actions, ["action=off", "action=status"]);
});

test("an order that waited too long for its turn is not given any more", async (t) => {
  const { device, write, read } = world(t, "hung");
  const reading = device.read(1500);
  const off = device.powerOff(nothing, 300);
  const on = device.powerOn(nothing, 300);
  await sleep(400);
  write("mode", "");
  assert.equal((await reading).power, "unknown");
  for (const answer of [await off, await on]) {
    assert.ok(answer.kind === "no-answer", JSON.stringify(answer));
    assert.match(answer.reason, /not sent: it waited \d+ ms .* limit 600 ms/);
  }
  assert.equal(read("power").trim(), "ON");
  assert.doesNotMatch(read("calls"), /action=o/);
  assert.deepEqual(await device.powerOff(nothing, 300), { kind: "done" });
});

test("an order that is not wanted any more when its turn comes is not given", async (t) => {
  const { device, read } = world(t);
  const answer = await device.powerOff(nothing, 3000, () => "people hold the incident");
  assert.ok(answer.kind === "no-answer");
  assert.match(answer.reason, /not sent: people hold the incident$/);
  assert.equal(read("power").trim(), "ON");
});

test("an agent that the system cannot start for a while is a device that says nothing, and is run again", async (t) => {
  const { device } = world(t, "", "s3cret", "x".repeat(5000));
  for (let time = 0; time < 2; time += 1) {
    const reading = await device.read(1000);
    assert.match(
      reading.power === "unknown" ? reading.reason : "",
      /it cannot be run: .*ENAMETOOLONG/,
    );
  }
});

test("an identity that was pinned is not the agent's: no order goes out", async (t) => {
  const { device, read } = world(t);
  const answer = await device.powerOff({ ...nothing, guid: "ab" }, 3000);
  assert.ok(answer.kind === "refused" && /pinned is ab/.test(answer.reason));
  assert.throws(() => read("calls"), /ENOENT/);
});

test("metadata: names, actions and parameters, no comment, nothing endless", async () => {
  const asked = await readAgentMetadata(fake);
  assert.ok(asked.kind === "metadata");
  const { name, actions, parameters } = asked.metadata;
  assert.deepEqual([name, [...actions]], ["fence_fake", ["on", "off", "status"]]);
  assert.deepEqual(parameters.get("plug"), {
    required: true,
    deprecated: false,
    obsoletes: "port",
  });
  for (const text of [
    "",
    "no xml",
    "<resource-agent>",
    `<a ${"b='".repeat(9000)}`,
    "<".repeat(50_000),
  ]) {
    assert.equal(parseAgentMetadata(text), undefined, text.slice(0, 20));
  }
  const one = '<resource-agent name="a"><action name="on"/>';
  assert.ok(parseAgentMetadata(one) !== undefined);
  assert.equal(parseAgentMetadata(one + " ".repeat(60_000)), undefined, "longer than any agent's");
  const missing = await readAgentMetadata("/no/fence_agent");
  assert.ok(missing.kind === "problem" && /package fence-agents/.test(missing.reason));
});

test("the configuration is refused with every problem at once", async (t) => {
  const { folder, write } = world(t);
  for (const name of ["fence_half", "fence_scsi"]) symlinkSync(fake, join(folder, name));
  write("secret", "s3cret\n");
  write("blank", " s3cret\n");
  const device = (agent: string, rest: string): string =>
    `{ kind: fence-agent, agent: ${agent}, ${rest} }`;
  const loaded = readGuardianConfig(
    `
collectors: [{ id: collector-1 }]
networks: { management: { anchors: [192.0.2.1] } }
hosts:
  good: { power: [${device(fake, `parameters: { plug: 1 }, secretFiles: { password: ${folder}/secret }`)}] }
  half: { power: [${device(`${folder}/fence_half`, "parameters: { port: 2 }")}] }
  disk: { power: [${device(`${folder}/fence_scsi`, "parameters: { plug: 3 }")}] }
  gone: { power: [${device("/no/fence_agent", "parameters: { plug: 4 }")}] }
  typo: { power: [${device(fake, `parameters: { plgu: 5, missing_as_off: 1 }, secretFiles: { password: ${folder}/blank }`)}] }
  told: { power: [${device(fake, `parameters: { plug: 6, password: x, ip: "192.0.2.7\\naction=on" }`)}] }
`,
    {},
  );
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const problems = { list: [] as string[] };
  const controllers = await buildPower(loaded.config, problems);
  assert.ok(controllers.has("good/bmc"));
  const wanted = [
    /^power: \/no\/fence_agent: cannot be run/,
    /^hosts\.half\.power\.bmc: \S+ cannot "off": its metadata lists on, reboot$/,
    /^hosts\.half\.power\.bmc: \S+ cannot "status"/,
    /^hosts\.disk\.power\.bmc: \S+ is no power fence agent: it takes away disk reservations/,
    /^hosts\.typo\.power\.bmc: parameters\.plgu: \S+ has no such parameter/,
    /^hosts\.typo\.power\.bmc: parameters\.missing_as_off is not for the configuration: .* never off$/,
    /^hosts\.typo\.power\.bmc: secretFiles\.password: its content begins or ends with a blank/,
    /^hosts\.typo\.power\.bmc: \S+ needs "plug"$/,
    /^hosts\.told\.power\.bmc: parameters\.password is a secret: give it by secretFiles\.password$/,
    /^hosts\.told\.power\.bmc: parameters\.ip has a line end/,
  ];
  const text = problems.list.join("\n");
  assert.equal(problems.list.length, wanted.length, text);
  for (const pattern of wanted)
    assert.ok(
      problems.list.some((found) => pattern.test(found)),
      `${pattern} in\n${text}`,
    );
  assert.doesNotMatch(text, /s3cret/);
});

test("one outlet cannot be two hosts', whatever the agent is called", () => {
  const device = (plug: string) =>
    `[{ kind: fence-agent, agent: fence_apc, parameters: { ip: 192.0.2.7, ${plug} } }]`;
  const loaded = readGuardianConfig(
    `
collectors: [{ id: collector-1 }]
networks: { management: { anchors: [192.0.2.1] } }
hosts:
  one: { power: ${device("plug: 1")} }
  two: { power: ${device("plug: 2")} }
  three: { power: ${device("port: 1")} }
  four: { power: ${device('plug: "3,2"')} }
`,
    {},
  );
  assert.ok(loaded.kind === "problems");
  assert.deepEqual(loaded.problems, [
    "hosts.three.power.0: power device 192.0.2.7:623 1 belongs to one already",
    "hosts.four.power.0: power device 192.0.2.7:623 2 belongs to two already",
  ]);
});
