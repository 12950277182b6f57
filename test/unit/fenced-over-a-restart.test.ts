/** Whole collectors that are started anew: a guardian that told one before still counts, heard again or not. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { runCollector } from "../../collector/app.ts";
import { readCollectorConfig } from "../../collector/config.ts";
import { systemClock } from "../../shared/clock.ts";
import { fencedListPath, type FencedList } from "../../shared/fenced-list.ts";
import { silentLogger, type LogFields } from "../../shared/log.ts";
import { hostName } from "../../shared/names.ts";
import { deriveHostKey, importKey, signQuestion } from "../../shared/wire-auth.ts";
import { createRawProbe } from "../support/raw-probe.ts";
import { waitFor } from "../support/wait-for.ts";

const host = hostName("compute-1");
/** Acts, and has fenced the host. */
const acting: FencedList = {
  guardian: "a",
  journal: 1000,
  epoch: 1,
  version: 1,
  fenced: [host],
  unknown: [],
};
/** Observes, knows nothing of it. */
const trial: FencedList = { ...acting, guardian: "b", journal: 2000, fenced: [] };

interface Running {
  put(list: FencedList): Promise<number>;
  /** What a host is told that boots now, after whoever `speaks` has told the collector so since. */
  wordAfter(speaks: readonly FencedList[]): Promise<string | undefined>;
  end(): Promise<void>;
}

/** Starts collectors, one after the other, in one folder and in this process. */
function collectors(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "guardian-fenced-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string): string => join(folder, name);
  const master = randomBytes(32);
  const keys = { keys: [{ id: 1, key: master.toString("hex") }] };
  writeFileSync(file("master.json"), JSON.stringify(keys), { mode: 0o600 });
  writeFileSync(file("token"), "a-token-of-some-length\n", { mode: 0o600 });
  const loaded = readCollectorConfig(
    JSON.stringify({
      id: "c1",
      listen: { address: "127.0.0.1", port: 0, receiveBufferBytes: 65_536 },
      masterKeyFile: file("master.json"),
      replayFile: file("replays.json"),
      store: { kind: "sqlite", sqlite: { file: file("telemetry.db") } },
      liveView: { address: "127.0.0.1", port: 0, tokenFile: file("token") },
    }),
    {},
  );
  assert.ok(loaded.kind === "config");
  const { config } = loaded;
  const hostKey = deriveHostKey(master, host);
  const start = async (): Promise<Running> => {
    const ending = new AbortController();
    let ports: LogFields | undefined;
    const info = (fields: LogFields): void => {
      if (fields["event"] === "started") ports = fields;
    };
    const log = { ...silentLogger, info };
    const running = runCollector({ config, clock: systemClock, log }, ending.signal);
    const { port, livePort } = await waitFor("the collector", () => ports);
    const probe = createRawProbe(Number(port), hostKey);
    const bootId = randomBytes(8).toString("hex");
    const ask = async (sequence: number): Promise<string | undefined> => {
      const nonce = randomBytes(8).toString("hex");
      const question = { keyId: 1, path: "storage", host, bootId, epoch: 1 } as const;
      await probe.send(signQuestion(importKey(hostKey), { ...question, sequence, nonce }));
      const answer = await waitFor("a word", () =>
        probe.answers.find(({ startAnswer }) => startAnswer?.nonce === nonce),
      );
      return answer.startAnswer?.word;
    };
    const put = async (list: FencedList): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${String(livePort)}${fencedListPath}`, {
        method: "PUT",
        headers: { authorization: "Bearer a-token-of-some-length" },
        body: JSON.stringify(list),
      });
      return response.status;
    };
    let asked = 0;
    const end = async (): Promise<void> => {
      probe.close();
      ending.abort();
      await running;
    };
    t.after(() => ending.abort());
    return {
      put,
      async wordAfter(speaks) {
        asked += 1;
        await ask(asked);
        for (const list of speaks) assert.equal(await put(list), 204);
        asked += 1;
        return ask(asked);
      },
      end,
    };
  };
  return { start, guardians: file("replays.json.guardians") };
}

test("a trial that speaks first after a restart frees no host that another guardian has fenced", async (t) => {
  const { start } = collectors(t);
  const first = await start();
  assert.equal(await first.put(acting), 204);
  assert.equal(await first.wordAfter([trial]), "fenced");
  await first.end();

  const second = await start();
  assert.equal(await second.wordAfter([trial]), "unknown");
  await second.end();

  // However often it is started anew, until the other one speaks.
  const third = await start();
  assert.equal(await third.wordAfter([trial]), "unknown");
  assert.equal(await third.wordAfter([trial, acting]), "fenced");
  const released = { ...acting, version: 2, fenced: [] };
  assert.equal(await third.wordAfter([trial, released]), "not-fenced");
  await third.end();
});

test("a damaged file of guardians frees nobody; a deleted one is that of a first start", async (t) => {
  const { start, guardians } = collectors(t);
  const first = await start();
  assert.equal(await first.wordAfter([trial]), "not-fenced");
  await first.end();
  writeFileSync(guardians, readFileSync(guardians, "utf8").slice(0, 20));
  for (let starts = 0; starts < 2; starts += 1) {
    const next = await start();
    assert.equal(await next.wordAfter([trial]), "unknown");
    await next.end();
  }
  rmSync(guardians);
  const last = await start();
  assert.equal(await last.wordAfter([trial]), "not-fenced");
  await last.end();
});
