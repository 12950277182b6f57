/**
 * Channels against a real Alertmanager (Debian's prometheus-alertmanager, asked back by its own API) and a real mail
 * server (python3-aiosmtpd, which keeps what it took as files). Part of the lab, not of `npm test`.
 * Run: npx tsc -p . && node --test dist/test/lab/channels.lab.js
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import { createAlertmanagerNotifier } from "../../guardian/shell/notify-alertmanager.ts";
import { createMailNotifier } from "../../guardian/shell/notify-mail.ts";
import { systemClock } from "../../shared/clock.ts";
import { alertOf, look } from "../support/alert-fixture.ts";
import { waitFor } from "../support/wait-for.ts";

const deadlineMs = 5000;

/** Ends with the test. */
async function serve(
  t: TestContext,
  port: number,
  command: string,
  words: (folder: string) => readonly string[],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "channels-lab-"));
  const child = spawn(command, words(folder), { stdio: "ignore" });
  t.after(async () => {
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
    rmSync(folder, { recursive: true });
  });
  await waitFor(`${command} on port ${port}`, () => isOpen(port), 20_000);
  return folder;
}

function isOpen(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(undefined));
  });
}

interface Shown {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly endsAt: string;
  readonly status: { readonly state: string };
}

async function firing(origin: string): Promise<readonly Shown[]> {
  const answer = await fetch(`${origin}/api/v2/alerts`);
  return (await answer.json()) as readonly Shown[];
}

test("a real Alertmanager shows what fires, and ends what is over", async (t) => {
  const port = 19_093;
  const origin = `http://127.0.0.1:${port}`;
  await serve(t, port, "/usr/bin/prometheus-alertmanager", (folder) => {
    const config = join(folder, "alertmanager.yml");
    writeFileSync(config, "route: { receiver: none }\nreceivers: [{ name: none }]\n");
    const own = [`--config.file=${config}`, `--storage.path=${join(folder, "data")}`];
    return [...own, `--web.listen-address=127.0.0.1:${port}`, "--cluster.listen-address="];
  });
  const notifier = createAlertmanagerNotifier({
    name: "am",
    urls: [origin],
    labels: { team: "cloud" },
    watchdog: false,
    look,
    lookup: createChannelLookup(),
    clock: systemClock,
    postEveryMs: 60_000,
    endAfterMs: 3_600_000,
  });
  const page = alertOf();
  const taken = await notifier.send(page, deadlineMs);
  assert.equal(taken.kind, "delivered", JSON.stringify(taken));
  const [shown, ...others] = await firing(origin);
  assert.deepEqual(others, []);
  assert.equal(shown?.labels["team"], "cloud");
  assert.equal(shown.status.state, "active");
  assert.ok(
    Object.values(shown.annotations).some((text) => text.includes(page.title)),
    JSON.stringify(shown.annotations),
  );
  t.diagnostic(JSON.stringify(shown.labels));
  const ended = await notifier.send(
    { ...page, id: `${page.id}-end`, status: "resolved" },
    deadlineMs,
  );
  assert.equal(ended.kind, "delivered", JSON.stringify(ended));
  await waitFor(
    "Alertmanager to end it",
    async () => ((await firing(origin)).length === 0 ? true : undefined),
    10_000,
  );
});

test("a real mail server keeps the page, whole and in its own words", async (t) => {
  const port = 19_025;
  const folder = await serve(t, port, "/usr/bin/python3", (box) => {
    const mailbox = ["-c", "aiosmtpd.handlers.Mailbox", join(box, "mail")];
    return ["-m", "aiosmtpd", "-n", "-l", `127.0.0.1:${port}`, ...mailbox];
  });
  const notifier = createMailNotifier({
    name: "mail",
    host: "127.0.0.1",
    port,
    tls: "none",
    from: "guardian@cloud.example.org",
    to: ["duty@example.org"],
    look,
    lookup: createChannelLookup(),
  });
  const page = alertOf();
  const taken = await notifier.send(page, deadlineMs);
  assert.equal(taken.kind, "delivered", JSON.stringify(taken));
  const received = join(folder, "mail", "new");
  const [file, ...others] = readdirSync(received);
  assert.deepEqual(others, []);
  const mail = readFileSync(join(received, file ?? ""), "utf8");
  assert.match(mail, /^To: duty@example\.org$/m);
  assert.match(mail, /^Subject: .*PAGE/im);
  t.diagnostic(/^Subject: .*$/m.exec(mail)?.[0] ?? "");
});
