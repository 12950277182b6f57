/** Channels whose secret is not there when the guardian starts: it starts all the same, and they come later. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readGuardianConfig } from "../../guardian/config.ts";
import type { AlertMessage, Notifier } from "../../guardian/ports.ts";
import { buildChannels } from "../../guardian/shell/build-channels.ts";
import { createChannelLookup } from "../../guardian/shell/channel-lookup.ts";
import type { Problems } from "../../guardian/shell/build-ports.ts";
import {
  followAlerts,
  isFollowing,
  type FollowingNotifier,
} from "../../guardian/shell/following.ts";
import { silentLogger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import { systemClock } from "../../shared/clock.ts";
import { alertOf } from "../support/alert-fixture.ts";

function built(t: TestContext, channel: (path: string) => string) {
  const folder = mkdtempSync(join(tmpdir(), "late-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "secret");
  const loaded = readGuardianConfig(
    `
collectors: [{ id: collector-1 }]
networks: { management: { anchors: [192.0.2.1] } }
alerts: { channels: [${channel(path)}] }`,
    {},
  );
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const problems: Problems = { list: [] };
  const [notifier] = buildChannels(loaded.config, systemClock, problems, createChannelLookup());
  assert.ok(notifier !== undefined);
  return { path, notifier, problems: problems.list };
}

async function reasonOf(notifier: Notifier, message: AlertMessage): Promise<string> {
  const delivery = await notifier.send(message, 2000);
  assert.ok(delivery.kind === "undelivered" && delivery.retryable);
  return delivery.reason;
}

test("a channel whose secret is not there says so of each message, and sends once it is there", async (t) => {
  const { path, notifier, problems } = built(
    t,
    (file) => `{ name: chat, kind: slack, urlFile: ${file} }`,
  );
  assert.match(problems.join(), /^alerts\.channels\.chat\.urlFile: .*secret/);
  assert.match(await reasonOf(notifier, alertOf()), /alerts\.channels\.chat\.urlFile: ENOENT/);
  writeFileSync(path, "http://127.0.0.1:9/hook\n");
  assert.match(await reasonOf(notifier, alertOf()), /^chat.*ECONNREFUSED/);
  rmSync(path);
  assert.match(await reasonOf(notifier, alertOf()), /^chat.*ECONNREFUSED/, "it is read no more");
});

test("one that follows what fires does so later, too", async (t) => {
  const { path, notifier, problems } = built(
    t,
    (file) => `{ name: am, kind: alertmanager, urls: ["http://127.0.0.1:9"], tokenFile: ${file} }`,
  );
  assert.equal(problems.length, 1);
  assert.ok(isFollowing(notifier));
  const standing = [{ message: alertOf(), acknowledged: false }];
  assert.match((await notifier.follow(standing, 2000)) ?? "", /am\.tokenFile: ENOENT/);
  writeFileSync(path, "token-1\n");
  assert.match((await notifier.follow(standing, 2000)) ?? "", /^am.*ECONNREFUSED/);
});

test("one that is whole is as it was", (t) => {
  const { problems, notifier } = built(t, () => `{ name: p, kind: exec, command: /bin/true }`);
  assert.deepEqual([problems, notifier.name], [[], "p"]);
});

test("that a channel is broken is told again to all that follow but to that one", async () => {
  const seen = new Map<string, number>();
  const following = (name: string): FollowingNotifier => ({
    name,
    followEveryMs: 1000,
    send: () => Promise.resolve({ kind: "delivered" }),
    follow: (standing) => {
      seen.set(name, standing.length);
      return Promise.resolve(undefined);
    },
  });
  const ended = new AbortController();
  const done = followAlerts({
    notifiers: [following("am"), following("pager")],
    standing: () => [
      { message: alertOf(), acknowledged: false },
      { message: alertOf(), acknowledged: false, about: "pager" },
    ],
    clock: systemClock,
    log: silentLogger,
    signal: ended.signal,
  });
  await sleep(50);
  ended.abort();
  await done;
  assert.deepEqual(
    [...seen],
    [
      ["am", 2],
      ["pager", 1],
    ],
  );
});
