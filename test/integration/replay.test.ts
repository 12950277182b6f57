/** `guardian replay` on real files and over a real socket, and the recording of a running guardian. */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createGuardian, type Guardian } from "../../guardian/app.ts";
import { initialState } from "../../guardian/core/guardian.ts";
import { replay } from "../../guardian/core/replay.ts";
import type { StoredChunk } from "../../guardian/ports.ts";
import { runReplay, type ReplayOptions } from "../../guardian/replay-command.ts";
import { startControlSocket } from "../../guardian/shell/control-socket.ts";
import { openJournal } from "../../guardian/shell/journal.ts";
import { framesOf } from "../../guardian/shell/recording-frames.ts";
import { openDatabase } from "../../guardian/shell/sqlite.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { hostName } from "../../shared/names.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { idlePorts } from "../support/idle-ports.ts";
import { recordScript } from "../support/recorded-world.ts";
import { worldSettings } from "../support/world-settings.ts";
import { waitFor } from "../support/wait-for.ts";
import { OutboxFixture } from "../support/outbox-fixture.ts";

const settings = worldSettings([hostName("compute-1")], { mode: "observe" });

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "replay-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

interface Ran {
  readonly code: number;
  readonly text: string;
}

async function run(options: Partial<ReplayOptions>): Promise<Ran> {
  const printed: string[] = [];
  const all: ReplayOptions = {
    incident: "i1-compute-3",
    socket: "/nonexistent",
    journal: undefined,
    policy: undefined,
    for: "15m",
    save: undefined,
    ...options,
  };
  const code = await runReplay(all, (text) => printed.push(text));
  return { code, text: printed.join("\n") };
}

function story(name: string): string {
  return readFileSync(`test/scenario/${name}/commands.txt`, "utf8");
}

test("an incident from a journal's file: its timeline, and that it came out identical", async (t) => {
  const journal = join(folder(t), "journal.db");
  recordScript(story("guardian-killed-during-moves")).save(journal);
  const { code, text } = await run({ journal });
  assert.match(text, /^incident i1-compute-3, opened 20/);
  assert.match(text, /compute-3 +order: power off bmc/);
  assert.match(text, /guardian +epoch 2, mode act, 1 open incidents/, "over the restart");
  assert.match(text, /\d{3,} inputs, \d{2,} lines and orders, \d snapshots: identical$/);
  assert.equal(code, 0);
});

test("without an incident it says what is recorded, with MB per host and day", async (t) => {
  const journal = join(folder(t), "journal.db");
  recordScript(story("power-loss")).save(journal);
  const { code, text } = await run({ incident: undefined, journal });
  assert.match(text, /^\d+ inputs of 8 hosts, 20.*: 0\.\d MB, \d+\.\d\d MB per host and day$/m);
  assert.match(text, /\| i1-compute-3 \| compute-3 \| 20/);
  assert.equal(code, 0);
});

test("an incident that is not recorded, a file that is no journal: the next step is named", async (t) => {
  const path = folder(t);
  const journal = join(path, "journal.db");
  recordScript(story("power-loss")).save(journal);
  await assert.rejects(
    run({ journal, incident: "i9-x" }),
    /i9-x is not recorded.*see: guardian replay/,
  );
  const other = join(path, "other.txt");
  writeFileSync(other, "hello, this is no recording\n");
  await assert.rejects(run({ journal: other }), /neither a journal nor a recording/);
  const empty = join(path, "empty.db");
  const database = openDatabase(empty);
  database.exec("CREATE TABLE other (id)");
  database.close();
  await assert.rejects(run({ journal: empty }), /it is no journal, or of a release/);
  const held = openJournal({ path: journal, clock: systemClock });
  t.after(() => held.close());
  await assert.rejects(run({ journal }), /a running guardian holds it: leave --journal out/);
});

test("a recording that was changed is found out, with the place", async (t) => {
  const journal = join(folder(t), "journal.db");
  const recorded = recordScript(story("power-loss"));
  const changed = recorded.chunks.map((chunk) => ({ ...chunk }));
  recorded.chunks.splice(0, recorded.chunks.length, ...changed.filter(notTheTwentieth()));
  recorded.save(journal);
  const { text } = await run({ journal });
  assert.match(text, /^gap: \d+ inputs were not recorded; the replay goes on/m);
});

function notTheTwentieth(): (chunk: StoredChunk) => boolean {
  let inputs = 0;
  return ({ kind }) => {
    if (kind === "inputs") inputs += 1;
    return kind !== "inputs" || inputs !== 20;
  };
}

const policy = `
mode: act
collectors: [{ id: c1 }]
networks:
  management: { anchors: [192.0.2.1] }
  storage: { anchors: [192.0.2.2] }
limits: { silentAfter: 9s }
hosts:
${Array.from(
  { length: 8 },
  (_, at) =>
    `  compute-${at + 1}: { power: [{ kind: ipmi, address: 192.0.3.${at + 1}, username: a, passwordFile: /none }] }`,
).join("\n")}
`;

test("with another policy: who would have been fenced when, and what had no answer", async (t) => {
  const path = folder(t);
  const journal = join(path, "journal.db");
  recordScript(story("power-loss")).save(journal);
  const other = join(path, "other.yaml");
  writeFileSync(other, policy.replace("mode: act", "mode: observe"));
  const observing = await run({ journal, policy: other });
  assert.match(observing.text, /\| compute-3 \| dead .*fenced .* \| not fenced by the other \|/);
  writeFileSync(other, policy.replace("silentAfter", "silentAftr"));
  const wrong = await run({ journal, policy: other });
  assert.match(wrong.text, /unknown key; did you mean "silentAfter"/);
  assert.deepEqual([observing.code, wrong.code], [0, 2]);
});

test("the daemon hands an incident out over its socket, and --save keeps it", async (t) => {
  const path = folder(t);
  const file = join(path, "journal.db");
  recordScript(story("power-loss")).save(file);
  const journal = openJournal({ path: file, clock: systemClock });
  const socket = join(path, "guardian.sock");
  const server = await startControlSocket({
    path: socket,
    clock: systemClock,
    guardian: idleGuardian(),
    outbox: new OutboxFixture([]).outbox,
    recording: journal.recording,
    audit: journal.audit,
    log: silentLogger,
  });
  t.after(async () => {
    await server.close();
    journal.close();
  });
  const save = join(path, "kept.ndjson");
  const live = await run({ socket, save });
  assert.match(live.text, /: identical$/);
  assert.equal(live.code, 0);
  const kept = await run({ journal: save });
  assert.equal(kept.text, live.text);
  const { text } = await run({ socket, incident: undefined });
  assert.match(text, /MB per host and day/);
  await assert.rejects(run({ socket, incident: "i9-x" }), /i9-x is not recorded/);
  await assert.rejects(run({}), /does not answer on \/nonexistent.*--journal FILE/);
});

function idleGuardian(): Guardian {
  const state = initialState(settings, monoMs(0), wallMs(0));
  return {
    run: () => Promise.resolve(),
    tell: () => undefined,
    state: () => state,
    notRecorded: () => ({ inputs: 0, reason: "" }),
    decidedAt: () => 0,
  };
}

test("a guardian that runs records itself; what the journal refused is a gap, never a stop", async (t) => {
  const file = join(folder(t), "journal.db");
  const real = openJournal({ path: file, clock: systemClock });
  let refusing = false;
  const journal = {
    ...real,
    record: (chunks: readonly StoredChunk[]): void => {
      if (refusing) throw new Error("the recording's table is broken");
      real.record(chunks);
    },
  };
  const guardian = createGuardian(settings, { ...idlePorts, journal });
  const stopping = new AbortController();
  const running = guardian.run(stopping.signal);
  const inputs = (): number => real.recording.size().inputs;
  await waitFor("inputs", () => (inputs() > 4 ? true : undefined));
  refusing = true;
  await waitFor("lost inputs", () => (guardian.notRecorded().inputs > 0 ? true : undefined));
  assert.equal(guardian.state().eyes.journalWritable, true, "orders do not wait for a recording");
  refusing = false;
  const before = inputs();
  await waitFor("inputs again", () => (inputs() > before + 3 ? true : undefined));
  stopping.abort();
  await running;
  real.close();
  copyFileSync(file, `${file}.copy`);
  const database = openDatabase(`${file}.copy`);
  const rows = database
    .prepare("SELECT COUNT(*) AS n FROM recording WHERE kind = 'snapshot'")
    .all();
  database.close();
  assert.ok(Number(rows[0]?.["n"]) >= 4, "a snapshot at the start and one after the gap");
  const again = openJournal({ path: file, clock: systemClock });
  t.after(() => again.close());
  const result = replay(framesOf(again.recording.after(0)));
  assert.equal(result.difference, undefined);
  assert.equal(result.gaps.length, 1);
  assert.match(result.gaps[0] ?? "", /^\d+ inputs were not recorded$/);
});

test("the recording keeps within its size and its age", (t) => {
  const file = join(folder(t), "journal.db");
  let now = 1_000_000;
  const clock = { monoMs: () => monoMs(now), wallMs: () => wallMs(now) };
  const journal = openJournal({ path: file, clock, keepMs: 10_000, recordingBytesMax: 50_000 });
  const write = (pieces: number): void => {
    const body = new Uint8Array(1000);
    const at = { sequence: 0, part: 0, count: 1, monoMs: now, wallMs: now };
    for (let piece = 0; piece < pieces; piece += 1)
      journal.record([{ kind: "inputs", ...at, body }]);
  };
  write(200);
  assert.ok(journal.recording.size().bytes <= 51_000, `${journal.recording.size().bytes} bytes`);
  now += 20_000;
  write(100);
  assert.equal(journal.recording.size().fromWallMs, now, "what was older is gone");
  journal.close();
  const again = openJournal({ path: file, clock, keepMs: 10_000, recordingBytesMax: 20_000 });
  t.after(() => again.close());
  now += 1;
  again.record([]);
  assert.ok(again.recording.size().bytes <= 20_000, "a smaller cap holds from the next write on");
});
