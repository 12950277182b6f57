/** The dead man's switch: a beat while decisions are made, and none when they are not. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createGuardian } from "../../guardian/app.ts";
import { runWithDelivery } from "../../guardian/alert-delivery.ts";
import { readGuardianConfig } from "../../guardian/config.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import type { Problems } from "../../guardian/shell/build-ports.ts";
import { createHeartbeat, readHeartbeat, stalledMs } from "../../guardian/shell/heartbeat.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger, type Logger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { idlePorts } from "../support/idle-ports.ts";
import { OutboxFixture } from "../support/outbox-fixture.ts";
import { sunday } from "../support/dispatch-fixture.ts";
import { worldSettings } from "../support/world-settings.ts";

const lookup = createChannelLookup();

async function watcher(t: TestContext) {
  const beats: string[] = [];
  const answer = { status: 200 };
  const server = createServer((request, response) => {
    beats.push(`${request.method} ${request.url}`);
    response.writeHead(answer.status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { beats, answer, url: new Secret(`http://127.0.0.1:${port}/ping/s3cret`) };
}

test("a beat while the loop decides, none while it stands, and again when it goes on", async (t) => {
  const { beats, answer, url } = await watcher(t);
  let now = 100_000;
  let decided = now;
  const reasons: string[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (fields) => void reasons.push(String(fields["reason"])),
  };
  const heartbeat = createHeartbeat({
    target: { url, method: "POST", everyMs: 60_000, caFile: undefined, lookup },
    decidedAt: () => decided,
    clock: { monoMs: () => monoMs(now), wallMs: () => wallMs(sunday + now) },
    log,
  });
  await heartbeat.beat();
  assert.deepEqual(beats, ["POST /ping/s3cret"]);
  assert.deepEqual([heartbeat.show()["health"], heartbeat.show()["delivered"]], ["ok", 1]);
  now += stalledMs + 1;
  await heartbeat.beat();
  await heartbeat.beat();
  assert.equal(beats.length, 1, "it stands: no beat");
  assert.match(String(heartbeat.show()["problem"]), /nothing was decided for 10\.0 s, > 10\.0 s/);
  decided = now;
  answer.status = 500;
  await heartbeat.beat();
  assert.equal(heartbeat.show()["problem"], "answered 500");
  answer.status = 200;
  await heartbeat.beat();
  assert.deepEqual([beats.length, heartbeat.show()["health"]], [3, "ok"]);
  assert.deepEqual(reasons.length, 2, "each said once");
});

test("the guardian's own loop keeps it going, and its end stops it", async (t) => {
  const { beats, url } = await watcher(t);
  const guardian = createGuardian(worldSettings([], {}), idlePorts);
  const target = { url, method: "GET", everyMs: 100, caFile: undefined, lookup } as const;
  const decidedAt = (): number => guardian.decidedAt();
  const beside = { clock: systemClock, log: silentLogger };
  const heartbeat = createHeartbeat({ ...beside, target, decidedAt });
  const { outbox } = new OutboxFixture([]);
  const stopping = new AbortController();
  const tell = (): Promise<void> => Promise.resolve();
  const options = { ...beside, outbox, notifiers: [], heartbeat, tell };
  const running = runWithDelivery(guardian, options, stopping.signal);
  await sleep(700);
  stopping.abort();
  await running;
  const count = beats.length;
  assert.ok(count >= 3 && beats[0] === "GET /ping/s3cret", beats.join());
  await sleep(300);
  assert.equal(beats.length, count);
});

test("an address that is none, or is down, is told without its secret", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "heartbeat-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const urlFile = join(folder, "url");
  const text = `
collectors: [{ id: c }]
networks: { management: { anchors: [192.0.2.1] } }
alerts: { heartbeat: { urlFile: ${urlFile}, every: 30s } }
`;
  const loaded = readGuardianConfig(text, {});
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const read = (content: string): Problems => {
    writeFileSync(urlFile, content);
    const problems: Problems = { list: [] };
    const target = readHeartbeat(loaded.config, problems, lookup);
    assert.equal(target?.everyMs, 30_000);
    return problems;
  };
  assert.deepEqual(read("https://hc.example.org/ping/s3cret\n").list, []);
  const [problem] = read("s3cret").list;
  assert.match(problem ?? "", /^alerts\.heartbeat\.urlFile: .* does not hold an http or https/);
  const heartbeat = createHeartbeat({
    target: {
      url: new Secret("http://127.0.0.1:9/ping/s3cret"),
      method: "POST",
      everyMs: 1000,
      caFile: undefined,
      lookup,
    },
    decidedAt: () => systemClock.monoMs(),
    clock: systemClock,
    log: silentLogger,
  });
  await heartbeat.beat();
  const { problem: reason } = heartbeat.show();
  assert.match(String(reason), /127\.0\.0\.1:9/);
  assert.doesNotMatch(String(reason) + (problem ?? ""), /s3cret/);
});
