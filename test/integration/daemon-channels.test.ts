/** The daemon with its channels: one page on every one of them, over a restart, acknowledged, ended. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ask } from "../../guardian/cli-client.ts";
import { readGuardianConfig } from "../../guardian/config.ts";
import { prepare, runDaemon } from "../../guardian/daemon.ts";
import { createUdpEchoPinger } from "../../guardian/shell/udp-echo.ts";
import { silentLogger, type LogFields } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import {
  pagerDutyKey,
  startAlertmanager,
  startPagerDuty,
  type AlertmanagerServer,
} from "../support/fake-on-call.ts";
import { startDingTalk } from "../support/fake-robots.ts";

/** Whoever tells may gather messages first, and hold an end for a while: it comes, in the end. */
async function until(what: string, condition: () => boolean): Promise<void> {
  for (let n = 0; n < 3000 && !condition(); n += 1) await sleep(20);
  assert.ok(condition(), `${what}: not in time`);
}

const key = "guardian/lab/guardian/disarmed";
const robotKey = "SEC-robot";

async function providers(t: TestContext) {
  const [pagerDuty, dingTalk] = [await startPagerDuty(), await startDingTalk(robotKey)];
  const peers: AlertmanagerServer[] = [await startAlertmanager()];
  t.after(() => Promise.all([...peers, pagerDuty, dingTalk].map((server) => server.close())));
  return { pagerDuty, dingTalk, peers };
}

function folderOf(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "daemon-channels-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return {
    path: (name: string) => join(folder, name),
    file(name: string, text: string): string {
      writeFileSync(join(folder, name), `${text}\n`);
      return join(folder, name);
    },
  };
}

/** Nothing of the cloud answers; what is told is that a person disarmed the guardian. */
async function start(t: TestContext, config: object, cloudsFile: string) {
  const loaded = readGuardianConfig(JSON.stringify(config), {});
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const env = { OS_CLIENT_CONFIG_FILE: cloudsFile };
  const pinger = createUdpEchoPinger(9);
  const preparation = await prepare(loaded.config, env, "/tmp", silentLogger, () =>
    Promise.resolve({ kind: "pinger", pinger }),
  );
  assert.ok(preparation.kind === "prepared", JSON.stringify(preparation));
  const stopping = new AbortController();
  let isRunning = false;
  const info = (fields: LogFields): void => void (isRunning ||= fields["event"] === "running");
  const log = { ...silentLogger, info };
  const ports = { ...preparation.prepared.ports, log };
  const done = runDaemon({ ...preparation.prepared, ports }, stopping.signal);
  // Whatever fails: a daemon that goes on would keep the test's process alive.
  t.after(async () => {
    stopping.abort();
    await done;
  });
  await until("the daemon", () => isRunning);
  return async (): Promise<void> => {
    stopping.abort();
    assert.equal(await done, 0);
  };
}

test("one page on every channel, over a restart, acknowledged there too, and ended", async (t) => {
  const { pagerDuty, dingTalk, peers } = await providers(t);
  const folder = folderOf(t);
  const auth = { auth_url: "http://127.0.0.1:9/v3", username: "u", password: "p" };
  const domains = { project_name: "admin", user_domain_id: "d", project_domain_id: "d" };
  const clouds = { clouds: { lab: { auth: { ...auth, ...domains } } } };
  const cloudsFile = folder.file("clouds.yaml", JSON.stringify(clouds));
  const socket = folder.path("guardian.sock");
  const configWith = (am: AlertmanagerServer | undefined): object => ({
    cloud: "lab",
    journal: { file: folder.path("journal.db") },
    disarmedFile: folder.path("disarmed"),
    controlSocket: socket,
    store: { kind: "sqlite", file: folder.path("telemetry.db") },
    collectors: [{ id: "c1" }],
    networks: { management: { anchors: ["127.0.0.1"] } },
    alerts: {
      // Ends are told after this; half a minute is for people.
      groupFor: "1s",
      channels: [
        {
          name: "duty",
          kind: "dingtalk",
          urlFile: folder.file("url", dingTalk.url),
          keyFile: folder.file("key", robotKey),
        },
        { name: "am", kind: "alertmanager", urls: [am?.origin], postEvery: "10s" },
        {
          name: "pd",
          kind: "pagerduty",
          keyFile: folder.file("routing", pagerDutyKey),
          url: `${pagerDuty.origin}/v2/enqueue`,
        },
      ],
    },
  });
  const isActive = (am: AlertmanagerServer): boolean =>
    am.active(Date.now()).some(({ labels }) => labels["dedup_key"] === key);

  const stop = await start(t, configWith(peers[0]), cloudsFile);
  await ask(socket, "POST", "/api/v1/disarm", { reason: "a test" });
  await until("DingTalk", () => JSON.stringify(dingTalk.taken).includes("disarmed"));
  await until("PagerDuty", () => pagerDuty.states.get(key) === "triggered");
  await until("Alertmanager", () => peers.every(isActive));
  await ask(socket, "POST", "/api/v1/incidents/guardian/ack", { reason: "I know" });
  await stop();

  // A peer that has forgotten everything is told at once, though nothing is due to be sent again.
  const triggers = pagerDuty.taken.length;
  const fresh = await startAlertmanager();
  peers.push(fresh);
  const stopAgain = await start(t, configWith(fresh), cloudsFile);
  await until("Alertmanager after the restart", () => isActive(fresh));
  await until("acknowledged in PagerDuty", () => pagerDuty.states.get(key) === "acknowledged");
  assert.equal(
    pagerDuty.taken.slice(triggers).filter((event) => event["event_action"] === "trigger").length,
    0,
    "no second trigger",
  );
  await ask(socket, "POST", "/api/v1/arm", { reason: "the test goes on" });
  await until("ended in PagerDuty", () => pagerDuty.states.get(key) === "resolved");
  await until("ended in Alertmanager", () => !isActive(fresh));
  await stopAgain();
});
