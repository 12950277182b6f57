/** A real start guard and a real collector: what the guardian says of this host decides when it ends. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readStartState } from "../../compute-probe/shell/start-record.ts";
import { stateWith, type GuardianState } from "../../guardian/core/state.ts";
import { tellFenced } from "../../guardian/shell/fenced-list-teller.ts";
import { createSqliteTelemetry } from "../../guardian/shell/sqlite-telemetry.ts";
import { systemClock } from "../../shared/clock.ts";
import { fencedListPath, type FencedList } from "../../shared/fenced-list.ts";
import { silentLogger } from "../../shared/log.ts";
import { hostName } from "../../shared/names.ts";
import { Secret } from "../../shared/secret.ts";
import { importKey, signQuestion } from "../../shared/wire-auth.ts";
import type { StartQuestion } from "../../shared/wire-question.ts";
import { createCollectorFixture, type CollectorFixture } from "../support/collector-fixture.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { createRawProbe } from "../support/raw-probe.ts";
import { waitFor } from "../support/wait-for.ts";

const main = new URL("../../compute-probe/main.js", import.meta.url).pathname;
const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8")
  .replaceAll("-", "")
  .slice(0, 16);

type Collector = Awaited<ReturnType<CollectorFixture["start"]>>;

/** A collector, and the configuration of a host beside it. */
async function begin(t: TestContext, giveUpAfter = "5m") {
  const fixture = createCollectorFixture();
  const collector = await fixture.start();
  t.after(async () => {
    await collector.process.end("SIGKILL");
    fixture.remove();
  });
  const file = (name: string): string => join(fixture.directory, name);
  const key = Buffer.from(fixture.keyOf("compute-1")).toString("hex");
  writeFileSync(file("key"), JSON.stringify({ host: "compute-1", keyId: 1, key }), { mode: 0o600 });
  const directory = file("start-guard");
  const config = {
    keyFile: file("key"),
    collectors: [{ address: "127.0.0.1", port: collector.port, path: "management" }],
    startGuard: { giveUpAfter, directory },
  };
  writeFileSync(file("probe.yaml"), JSON.stringify(config));
  return { fixture, collector, directory, config: file("probe.yaml") };
}

function startGuard(t: TestContext, config: string): DaemonProcess {
  const guard = startDaemon("compute-probe/main.js", ["--start-guard", "--config", config]);
  t.after(() => guard.end("SIGKILL"));
  return guard;
}

const list: FencedList = {
  guardian: "g1",
  journal: 1000,
  epoch: 1,
  version: 1,
  fenced: [],
  unknown: [],
};

function put(
  fixture: CollectorFixture,
  { livePort }: Collector,
  body: unknown,
  token = fixture.token,
): Promise<Response> {
  return fetch(`http://127.0.0.1:${livePort}${fencedListPath}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

function saidBy(guard: DaemonProcess, words: RegExp): Promise<true> {
  return waitFor(
    () => `${words} in:\n${guard.lines.join("\n")}`,
    () => guard.lines.some((line) => words.test(line)) || undefined,
  );
}

function endOf(guard: DaemonProcess): Promise<true> {
  return waitFor("the end of the start guard", () => guard.gone() || undefined);
}

test("fenced: held over a dead collector and a restart of the guard, until it is released; the report says so", async (t) => {
  const { fixture, collector, directory, config } = await begin(t);
  const guard = startGuard(t, config);
  await saidBy(guard, /is it fenced\? no guardian has told collector c1/);
  assert.equal((await put(fixture, collector, { ...list, fenced: ["compute-1"] })).status, 204);
  await saidBy(guard, /compute-1 IS FENCED/);
  await saidBy(guard, /guardian host release compute-1/);
  assert.equal(readStartState(directory, bootId), "held");
  await guard.end("SIGKILL");
  await collector.process.end("SIGKILL");

  const again = startGuard(t, config);
  await saidBy(again, /compute-1 IS FENCED \(so it was said/);
  const back = await fixture.start();
  t.after(() => back.process.end("SIGKILL"));
  const probe = startDaemon("compute-probe/main.js", ["--config", config]);
  t.after(() => probe.end("SIGKILL"));
  const store = createSqliteTelemetry(fixture.database);
  t.after(() => store.close());
  const reported = (state: string): Promise<true> =>
    waitFor(`a report that says ${state}`, async () => {
      const read = await store.read(1000);
      const rows = read.kind === "read" ? read.liveness : [];
      return rows.some(({ startGuard: said }) => said === state) || undefined;
    });
  await reported("held");
  assert.equal(again.gone(), false);

  // Over and over, as the guardian does: only a list that came after it began to ask frees it.
  const told = await waitFor("the end of the start guard", async () => {
    const { status } = await put(fixture, back, { ...list, version: 2 });
    return again.gone() ? status : undefined;
  });
  assert.equal(told, 204);
  assert.equal(await again.end("SIGTERM"), 0);
  await saidBy(again, /compute-1 is not fenced \(collector c1 says so\)/);
  await reported("not-fenced");
  await back.process.find("its start", ({ startGuard: said }) => said === "not-fenced");
});

test("without a word it starts after its time, with a warning; a bad configuration is waited for likewise", async (t) => {
  const { collector, directory, config } = await begin(t, "3s");
  await collector.process.end("SIGKILL");
  const fromMs = performance.now();
  const guard = startGuard(t, config);
  await endOf(guard);
  assert.ok(performance.now() - fromMs >= 3000);
  await saidBy(guard, /started WITHOUT A WORD .* no collector answers/);
  assert.equal(readStartState(directory, bootId), "without-word");
  const once = spawnSync(process.execPath, [main, "--once", "--config", config], {
    encoding: "utf8",
  });
  assert.match(once.stdout, /start-guard +without-word/);

  const unread = startGuard(t, join(directory, "none.yaml"));
  await saidBy(unread, /this host: is it fenced\? nobody can be asked: .*none\.yaml/);
  assert.equal(unread.gone(), false);
});

test("a person on the host overrides it, with a reason, for this boot alone", async (t) => {
  const { fixture, collector, directory, config } = await begin(t);
  await put(fixture, collector, { ...list, fenced: ["compute-1"] });
  const words = ["--start-guard", "--override", "--config", config];
  const without = spawnSync(process.execPath, [main, ...words], { encoding: "utf8" });
  assert.equal(without.status, 2);
  assert.match(without.stderr, /--override needs --reason/);
  // Somebody said so in another boot.
  mkdirSync(directory);
  const old = { bootId: "f".repeat(16), by: "x", reason: "y" };
  writeFileSync(join(directory, "override"), JSON.stringify(old));
  const guard = startGuard(t, config);
  await saidBy(guard, /IS FENCED/);
  const said = execFileSync(process.execPath, [main, ...words, "--reason", "I looked"]);
  assert.match(said.toString(), /lets this host start: .*: I looked/);
  await endOf(guard);
  await saidBy(
    guard,
    /although nobody knows whether it is fenced: .*\(uid \d+\).* says so: I looked/,
  );
  assert.equal(readStartState(directory, bootId), "overridden");
});

test("the guardian tells each collector: at once when it changes, over and over else, and after a failure again", async (t) => {
  const { fixture, collector } = await begin(t);
  const { state: first } = new CoreFixture({}, 3).run(1000);
  let state: GuardianState = stateWith(first, { epoch: 0 });
  const ending = new AbortController();
  const warned: unknown[] = [];
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  const token = new Secret(fixture.token);
  const telling = tellFenced({
    guardianId: "g1",
    journalBegan: 1000,
    collectors: [
      { id: "c1", url: url(collector.livePort), token },
      { id: "c2", url: url(1), token },
    ],
    state: () => state,
    clock: systemClock,
    log: { ...silentLogger, warn: ({ collector: id }) => void warned.push(id) },
    signal: ending.signal,
  });
  const probe = createRawProbe(collector.port, fixture.keyOf("compute-1"));
  t.after(async () => {
    ending.abort();
    await telling;
    probe.close();
  });
  let sequence = 0;
  const ask = async (): Promise<string | undefined> => {
    sequence += 1;
    const nonce = sequence.toString(16).padStart(16, "0");
    await probe.send(
      signQuestion(importKey(fixture.keyOf("compute-1")), { ...question, sequence, nonce }),
    );
    const answer = await waitFor("an answer", () =>
      probe.answers.find((one) => one.startAnswer?.nonce === nonce),
    );
    assert.deepEqual([answer.bootId, answer.probeEpoch, answer.sequence], [bootId, 77, sequence]);
    return answer.startAnswer?.word;
  };
  const answered = (word: string): Promise<true> =>
    waitFor(word, async () => (await ask()) === word || undefined);

  assert.equal(await ask(), "unknown");
  state = stateWith(first, { epoch: 1 });
  await answered("not-fenced");
  const incident = { id: "i1", host: host1, phase: { kind: "fencing" } };
  const incidents = new Map([[host1, incident]]) as unknown as GuardianState["memory"]["incidents"];
  const fromMs = performance.now();
  state = stateWith(first, { epoch: 1, memory: { ...first.memory, incidents } });
  await answered("fenced");
  t.diagnostic(`fenced to the word of a collector: ${Math.round(performance.now() - fromMs)} ms`);
  // Told once, however often it is tried again.
  assert.deepEqual(warned, ["c2"]);
  const metrics = await fetch(`${url(collector.livePort)}/metrics`).then((page) => page.text());
  assert.match(metrics, /^guardian_collector_fenced_hosts 1$/m);
  assert.match(metrics, /^guardian_collector_start_questions_total\{word="fenced"\} [1-9]/m);
});

const question: StartQuestion = {
  keyId: 1,
  path: "management",
  host: hostName("compute-1"),
  bootId,
  epoch: 77,
  sequence: 1,
  nonce: "0".repeat(16),
};

test("who may say who is fenced, and what is no list", async (t) => {
  const { fixture, collector } = await begin(t);
  const status = async (body: unknown, token?: string): Promise<number> =>
    (await put(fixture, collector, body, token)).status;
  assert.equal(await status(list, "wrong"), 401);
  assert.equal(await status("{"), 400);
  assert.equal(await status({ ...list, fenced: "compute-1" }), 400);
  assert.equal(await status(`"${"x".repeat(1_000_001)}"`), 413);
  assert.equal(await status({ ...list, version: 2 }), 204);
  assert.equal(await status(list), 409);
  const page = `http://127.0.0.1:${collector.livePort}${fencedListPath}`;
  assert.equal((await fetch(page)).status, 405);
  // Others than the host itself get no word.
  const probe = createRawProbe(collector.port, fixture.keyOf("compute-1"));
  t.after(() => probe.close());
  await probe.send(signQuestion(importKey(fixture.keyOf("compute-2")), question));
  await probe.send(
    signQuestion(importKey(fixture.keyOf("compute-1")), { ...question, sequence: 2 }),
  );
  await waitFor("the answer", () => probe.answers.find(({ sequence }) => sequence === 2));
  assert.deepEqual(
    probe.answers.map(({ sequence }) => sequence),
    [2],
  );
});
