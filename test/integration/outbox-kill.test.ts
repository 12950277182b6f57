/** kill -9 at any moment: no page is lost, and a page that comes twice comes under the same id. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";
import { openOutboxFile } from "../../guardian/shell/outbox-file.ts";
import { silentLogger, type Logger } from "../../shared/log.ts";
import { integerBetween, seededRandom, type Random } from "../../shared/random.ts";

const kills = Number(process.env["OUTBOX_KILLS"] ?? 20);
const pagesEach = 4;

interface Receiver {
  readonly url: string;
  /** Ids under which each page came, by "channel page". */
  readonly ids: ReadonlyMap<string, ReadonlySet<string>>;
  /** From now on it answers what it should. */
  heal(): void;
  close(): void;
}

/** Keeps all that it reads, and answers late, badly or not at all now and then. */
async function receive(random: Random): Promise<Receiver> {
  const ids = new Map<string, Set<string>>();
  let ill = true;
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    request.on("end", () => {
      const { data } = JSON.parse(text) as { data: { kind: string; status: string } };
      const key = `${(request.url ?? "").slice(1)} ${data.kind}`;
      const known = ids.get(key) ?? new Set<string>();
      const way = random.next();
      // Refused before it was taken; taken and never said so; taken.
      if (ill && way < 0.15) return void response.writeHead(503).end();
      if (data.status === "firing") ids.set(key, known.add(String(request.headers["webhook-id"])));
      if (ill && way < 0.3) return void request.socket.destroy();
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ids,
    heal: () => void (ill = false),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "outbox-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const script = fileURLToPath(new URL("../support/outbox-child.js", import.meta.url));

async function runChild(args: readonly string[]): Promise<string | null> {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  assert.ok(signal === "SIGKILL" || code === 0, `ended with ${code} ${signal}`);
  return signal;
}

test(`${kills} kills at seeded moments: every page arrives, under one id on each channel`, async (t) => {
  const random = seededRandom(20_261_122);
  const folder = place(t);
  const receiver = await receive(random);
  t.after(() => receiver.close());
  let killed = 0;
  for (let round = 1; killed < kills; round += 1) {
    assert.ok(round < 3 * kills, "the moments are too late to kill anybody");
    const at = integerBetween(random, 1, 45);
    const pages = round * pagesEach;
    const args = [folder, receiver.url, String(pages), String(at)];
    if ((await runChild(args)) === "SIGKILL") killed += 1;
  }
  receiver.heal();
  const pages = readFileSync(join(folder, "core.txt"), "utf8").split("\n").length - 1 + pagesEach;
  assert.equal(await runChild([folder, receiver.url, String(pages), "0"]), null);
  assert.ok(pages > kills, `${pages} pages`);
  for (const channel of ["feed", "chat"]) {
    for (let n = 1; n <= pages; n += 1) {
      const ids = [...(receiver.ids.get(`${channel} p${n}`) ?? [])];
      assert.equal(ids.length, 1, `page p${n} on ${channel}: ${ids.join(", ") || "lost"}`);
    }
  }
});

test("an outbox that is damaged is set aside, and told in the log; a newer one is left alone", (t) => {
  const folder = place(t);
  const path = join(folder, "outbox.db");
  writeFileSync(
    path,
    "this is no database, and it is long enough to be looked at as one".repeat(99),
  );
  const events: string[] = [];
  const log: Logger = {
    ...silentLogger,
    error: (fields) => void events.push(String(fields["event"])),
  };
  const file = openOutboxFile(path, log, 1);
  assert.deepEqual(events, ["outbox-unreadable", "outbox-replaced"]);
  file.save({ set: [{ key: "spent/a", body: '{"count":1,"at":2}' }], gone: [] });
  file.close();
  assert.match(readFileSync(`${path}.damaged-1`, "utf8"), /no database/);
  const again = openOutboxFile(path, log, 2);
  assert.deepEqual(again.entries, [{ key: "spent/a", body: '{"count":1,"at":2}' }]);
  again.close();
  const nowhere = openOutboxFile(join(folder, "none", "outbox.db"), log, 3);
  assert.throws(() => nowhere.save({ set: [], gone: [] }), /cannot be opened/);
});
