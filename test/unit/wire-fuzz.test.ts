/**
 * Structured mutations of valid datagrams, half of them signed again, so that nonsense reaches every
 * part behind the tag. 200,000 of them here, 10 million in `npm run fuzz` (FUZZ_DATAGRAMS). Nothing
 * throws, memory stays, and every single one is counted by its reason.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createReception } from "../../collector/reception.ts";
import { silentLogger } from "../../shared/log.ts";
import { collectorId, hostName, serverId, type HostName } from "../../shared/names.ts";
import { seededRandom, type Random } from "../../shared/random.ts";
import { networkNames } from "../../shared/telemetry.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import {
  deriveHostKey,
  importKey,
  openAcknowledgement,
  refusalReasons,
} from "../../shared/wire-auth.ts";
import { encodeDatagram } from "../../shared/wire.ts";
import { encodeQuestion, isQuestion } from "../../shared/wire-question.ts";
import type { WireRecord } from "../../shared/wire-records.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";
import { signBytes } from "../support/sign-bytes.ts";

const count = Number(process.env["FUZZ_DATAGRAMS"] ?? 200_000);
const seed = Number(process.env["FUZZ_SEED"] ?? 1);
const master = new Uint8Array(32).fill(7);
const hosts = Array.from({ length: 20 }, (_, index) => hostName(`compute-${index}`));
const keys = new Map(hosts.map((host) => [host, importKey(deriveHostKey(master, host))]));
const heapGrowthMax = 64 * 1024 * 1024;

function pick<T>(random: Random, list: readonly T[]): T {
  const found = list[Math.floor(random.next() * list.length)];
  assert.ok(found !== undefined);
  return found;
}

function below(random: Random, limit: number): number {
  return Math.floor(random.next() * limit);
}

/** Offsets where a changed byte changes what the rest means: lengths, ids, high bytes of numbers. */
const telling = [0, 4, 5, 6, 7, 8, 15, 16, 23, 24, 31, 32, 40, 48, 56, 64, 73, 74, 75, 76, 147];

interface Template {
  readonly host: HostName;
  readonly life: string;
  readonly body: Uint8Array;
  /** Where its only echo lies. */
  readonly nonceAt: number | undefined;
}

/** What each host may send: liveness, servers, both or nothing, of several lives, by every path. */
function makeTemplates(): readonly Template[] {
  const id = serverId("00112233-4455-6677-8899-aabbccddeeff");
  const listOf = (length: number): WireRecord => {
    const servers = Array.from({ length }, () => ({ server: id, state: "running" as const }));
    return { kind: "servers", reportSequence: 1, part: 0, parts: 1, servers };
  };
  const plain: WireRecord = { kind: "liveness", checks: healthyChecks };
  const link = { settingsVersion: 1, cutOff: 2, echoes: ["0".repeat(16)] };
  const echoing: WireRecord = { ...plain, link };
  const reports = [[echoing], [plain], [listOf(9)], [plain, listOf(50)], []];
  const paths = networkNames.filter((name) => name !== "unknown");
  const lives = ["a", "a", "a", "b", "c"].map(
    (digit, at) => [digit.repeat(16), 5000 + at] as const,
  );
  return hosts.flatMap((host) =>
    paths.flatMap((path) =>
      lives.flatMap(([bootId, probeEpoch]) =>
        reports.map((records) => ({
          host,
          life: `${host} ${bootId} ${probeEpoch}`,
          body: encodeDatagram(sampleHeader({ host, path, bootId, probeEpoch }), records),
          nonceAt: records[0] === echoing ? 64 + host.length + 3 + 72 : undefined,
        })),
      ),
    ),
  );
}

const templates = makeTemplates();

/** A datagram without its tag, of a later or a former sequence, with the nonce its life was asked for. */
function validBody(random: Random, step: number, nonces: ReadonlyMap<string, string>): Template {
  const template = pick(random, templates);
  const body = Uint8Array.from(template.body);
  const sequence = Math.max(1, step - below(random, 100));
  const view = new DataView(body.buffer);
  view.setUint32(28, sequence);
  view.setUint32(52, sequence);
  const nonce = nonces.get(template.life);
  if (template.nonceAt !== undefined && nonce !== undefined) {
    body.set(Buffer.from(nonce, "hex"), template.nonceAt);
  }
  return { ...template, body };
}

/** One mutation of the bytes; the tag may be wrong afterwards. */
function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = below(random, copy.length);
  switch (below(random, 7)) {
    case 0:
      copy[at] = (copy[at] ?? 0) ^ (1 << below(random, 8));
      return copy;
    case 1:
      copy[pick(random, telling) % copy.length] = pick(random, [0, 1, 2, 127, 128, 255]);
      return copy;
    case 2:
      return copy.subarray(0, at);
    case 3:
      return Buffer.concat([copy, Buffer.alloc(below(random, 1500))]);
    case 4:
      // A piece of it stands once more, elsewhere: records twice, headers within records.
      copy.copyWithin(below(random, copy.length), at, at + below(random, 64));
      return copy;
    case 5:
      return copy.fill(below(random, 256), at, at + below(random, 32));
    default:
      return copy;
  }
}

/** A collector of its own for each of these: nonsense with huge sequences ends what a life can say. */
const perCollector = 20_000;

/** What so many mutated datagrams led to at a new collector: how often each reason, how many answers. */
function batch(random: Random, datagrams: number) {
  let nowMs = 0;
  const clock = { monoMs: () => monoMs(nowMs), wallMs: () => wallMs(nowMs) };
  const reception = createReception({
    collector: collectorId("c1"),
    epoch: 1,
    masters: new Map([[1, master]]),
    restored: [],
    revokedHosts: ["compute-19"],
    serversMax: 1000,
    acknowledgeEvery: 10,
    inherited: 0,
    settings: () => undefined,
    guardians: undefined,
    clock,
    log: silentLogger,
  });
  const { ingest } = reception;
  const nonces = new Map<string, string>();
  let answered = 0;
  for (let step = 1; step <= datagrams; step += 1) {
    nowMs += 1;
    const { host, life, body } = validBody(random, step, nonces);
    const key = keys.get(host);
    assert.ok(key);
    // Authentic nonsense, or what the network makes of sense.
    const isSignedLast = random.next() < 0.5;
    const sent = isSignedLast
      ? signBytes(key, mutate(random, body))
      : mutate(random, signBytes(key, body));
    const answer = reception.take(sent, "192.0.2.1");
    if (answer !== undefined) {
      answered += 1;
      const nonce = openAcknowledgement(key, answer)?.nonce ?? "";
      if (nonce !== "" && random.next() < 0.2) nonces.set(life, nonce);
      // What the probe takes is nonsense as often: it must not throw either.
      openAcknowledgement(key, mutate(random, answer));
    }
    if (step % 1000 === 0) {
      ingest.takeLiveness();
      ingest.takeServers(10_000);
    }
  }
  assert.ok(ingest.live().length <= hosts.length * 3);
  const { accepted, received } = ingest.ledger(0);
  // A mutation may make a question of a report, and its word is counted as such.
  const asked = [...reception.starts.questions().values()].reduce((sum, more) => sum + more, 0);
  assert.equal(received + asked, datagrams);
  return { accepted, answered, asked, refusedByReason: ingest.counters().refusedByReason };
}

test(`${count} mutated datagrams: none throws, each is counted, memory stays`, (context) => {
  const random = seededRandom(seed);
  const refused = new Map<string, number>();
  let [accepted, answered, asked, heapBefore] = [0, 0, 0, 0];
  for (let done = 0; done < count; done += perCollector) {
    const result = batch(random, Math.min(perCollector, count - done));
    accepted += result.accepted;
    answered += result.answered;
    asked += result.asked;
    for (const [reason, more] of result.refusedByReason) {
      refused.set(reason, (refused.get(reason) ?? 0) + more);
    }
    if (heapBefore === 0) heapBefore = process.memoryUsage().heapUsed;
  }
  const sum = [...refused.values()].reduce((all, more) => all + more, accepted + asked);
  assert.equal(sum, count);
  // Every reason but a full table comes up, and so does every way to be taken.
  const unseen = refusalReasons.filter((reason) => !refused.has(reason));
  assert.deepEqual(unseen, ["table-full"]);
  const told = JSON.stringify({ accepted, answered, asked, ...Object.fromEntries(refused) });
  assert.ok(accepted > count / 20 && answered > count / 200, told);
  const growth = process.memoryUsage().heapUsed - heapBefore;
  assert.ok(growth < heapGrowthMax, `the heap grew by ${Math.round(growth / 1e6)} MB`);
  context.diagnostic(told);
});

test("20,000 mutated questions of start guards: none throws, and every answer is the host's own", () => {
  const random = seededRandom(seed);
  const reception = createReception({
    collector: collectorId("c1"),
    epoch: 1,
    masters: new Map([[1, master]]),
    restored: [],
    revokedHosts: ["compute-19"],
    serversMax: 1000,
    acknowledgeEvery: 10,
    inherited: 0,
    settings: () => undefined,
    guardians: undefined,
    clock: { monoMs: () => monoMs(1000), wallMs: () => wallMs(1000) },
    log: silentLogger,
  });
  const list = {
    guardian: "g1",
    journal: 1,
    epoch: 1,
    version: 1,
    fenced: ["compute-1"],
    unknown: [],
  };
  reception.starts.fenced.take(list, 1000);
  const words = new Map<string, number>();
  for (let step = 1; step <= 20_000; step += 1) {
    const host = pick(random, hosts);
    const key = keys.get(host);
    assert.ok(key);
    const nonce = step.toString(16).padStart(16, "0");
    const question = { keyId: 1, path: "storage", host, bootId: "a".repeat(16), epoch: 1 } as const;
    const body = encodeQuestion({ ...question, sequence: step, nonce });
    const isSignedLast = random.next() < 0.5;
    const sent = isSignedLast
      ? signBytes(key, mutate(random, body))
      : mutate(random, signBytes(key, body));
    const answer = reception.take(sent, "192.0.2.1");
    if (answer === undefined) continue;
    openAcknowledgement(key, mutate(random, answer));
    const opened = openAcknowledgement(key, answer);
    // Whatever was changed: the word is of the host whose key signed it.
    const expected = host === "compute-1" ? "fenced" : "not-fenced";
    if (isQuestion(sent))
      assert.deepEqual([opened?.host, opened?.startAnswer?.word], [host, expected]);
    words.set(expected, (words.get(expected) ?? 0) + 1);
  }
  assert.ok((words.get("fenced") ?? 0) > 100 && (words.get("not-fenced") ?? 0) > 1000);
  assert.equal(reception.ingest.live().length, 0);
});
