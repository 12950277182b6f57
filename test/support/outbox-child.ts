/**
 * An outbox in a process of its own that kills itself: outbox-child.js FOLDER URL PAGES KILL-AT. It keeps a
 * core's memory as the core does (written and synced before a page is posted), posts all that fires again at
 * its start, then new pages until there are PAGES; and ends by SIGKILL at the KILL-AT-th of the moments that
 * matter: before and after each write of the outbox, before and after each sending. 0: it lives, and ends
 * once nothing waits.
 */
import { appendFileSync, closeSync, fsyncSync, openSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sighting } from "../../guardian/dispatch/events.ts";
import type { AlertMessage, Notifier } from "../../guardian/ports.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import { createWebhookNotifier } from "../../guardian/shell/notify-webhook.ts";
import { openOutboxFile, type OutboxFile } from "../../guardian/shell/outbox-file.ts";
import { createOutbox } from "../../guardian/shell/outbox.ts";
import type { Clock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import { freshSeed, seededRandom } from "../../shared/random.ts";
import { Secret } from "../../shared/secret.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { settingsWith, sunday } from "./dispatch-fixture.ts";

const [folder = "", url = "", pages = "0", killAt = "0"] = process.argv.slice(2);
/** So many times faster than the world, so that pauses after failures take no minutes. */
const speed = 20;
const clock: Clock = {
  monoMs: () => monoMs(performance.now() * speed),
  wallMs: () => wallMs(sunday + (Date.now() % 1e8) * speed),
};

let moments = 0;
function moment(): void {
  moments += 1;
  if (moments === Number(killAt)) process.kill(process.pid, "SIGKILL");
}

const memoryPath = join(folder, "core.txt");
const startsPath = join(folder, "starts.txt");

function appendSynced(path: string, line: string): void {
  appendFileSync(path, `${line}\n`);
  const descriptor = openSync(path, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function linesOf(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
}

appendSynced(startsPath, "start");
const epoch = linesOf(startsPath).length;

function page(name: string): AlertMessage {
  const dedupKey = `guardian/lab/guardian/${name}`;
  return {
    id: `${dedupKey}/firing/${epoch}-${Math.round(performance.now())}`,
    dedupKey,
    class: "page",
    status: "firing",
    host: undefined,
    incident: undefined,
    kind: name,
    title: `page ${name}`,
    why: [`evidence of ${name}`],
    impact: "3 servers",
    next: "look",
    wallMs: clock.wallMs(),
  };
}

const firing = new Map<string, AlertMessage>();
let version = {};
const sighting = (message: AlertMessage): Sighting => ({
  message,
  place: { domains: [], groups: [] },
});

function watched(name: string): Notifier {
  const lookup = createChannelLookup();
  const hook = createWebhookNotifier({ name, url: new Secret(`${url}/${name}`), lookup, clock });
  return {
    name,
    async send(message, deadlineMs) {
      moment();
      const delivery = await hook.send(message, deadlineMs);
      moment();
      return delivery;
    },
  };
}

const real = openOutboxFile(join(folder, "outbox.db"), silentLogger, Date.now());
const file: OutboxFile = {
  entries: real.entries,
  save(changes) {
    moment();
    real.save(changes);
    moment();
  },
  close: () => real.close(),
};
const rate = { burst: 1000, perMinute: 6000 };
const channels = new Map([
  ["feed", { rate, feed: true }],
  ["chat", { rate, feed: false }],
]);
const outbox = createOutbox({
  notifiers: ["feed", "chat"].map(watched),
  settings: settingsWith([], { channels, repeatPageMs: 86_400_000 }),
  file,
  core: () => ({
    version,
    sighting,
    firing: () => [...firing.values()].map(sighting),
    storms: () => [],
  }),
  clock,
  random: seededRandom(freshSeed()),
  log: silentLogger,
  tryDeadlineMs: 300,
});

function post(name: string): void {
  const message = page(name);
  firing.set(message.dedupKey, message);
  version = {};
  outbox.post(message);
}

for (const name of linesOf(memoryPath)) post(name);
for (let n = firing.size + 1; n <= Number(pages); n += 1) {
  await sleep(3);
  appendSynced(memoryPath, `p${n}`);
  moment();
  post(`p${n}`);
  if (n % 3 === 0) outbox.round();
}
for (let n = 0; n < 600; n += 1) {
  outbox.round();
  await sleep(10);
  if (outbox.state().rows.size === 0 && n > 5) break;
}
console.log(`${outbox.state().rows.size} rows wait`);
process.exit(0);
