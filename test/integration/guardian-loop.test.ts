/** The guardian's loop on real time, with ports that answer at once. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createGuardian, type Guardian, type GuardianPorts } from "../../guardian/app.ts";
import { defaultPolicy } from "../../guardian/core/evacuation-policy.ts";
import { defaultLimits, type Settings } from "../../guardian/core/settings.ts";
import type { PowerController } from "../../guardian/ports.ts";
import { openJournal } from "../../guardian/shell/journal.ts";
import { systemClock } from "../../shared/clock.ts";
import { sleep } from "../../shared/loop.ts";
import { hostName } from "../../shared/names.ts";
import { idlePorts } from "../support/idle-ports.ts";
import { waitFor } from "../support/wait-for.ts";

const settings: Settings = {
  cloud: "test",
  guardianId: "guardian",
  mode: "observe",
  ask: { afterMs: 300_000, byDefault: "observe" },
  groups: new Map(),
  windows: [],
  proofs: ["off", "confirmed"],
  confirmBy: 1,
  disableDegraded: true,
  limits: defaultLimits,
  networks: [],
  collectors: [],
  hosts: new Map([
    [
      hostName("compute-1"),
      { addresses: {}, devices: ["bmc"], maintenance: undefined, domains: {} },
    ],
  ]),
  domainAggregates: [],
  language: "en",
  rows: new Map(),
  groupsHaveRows: false,
  evacuation: defaultPolicy,
  instancesShared: false,
  rebootOverdue: "ask",
  oneNetworkIsEnough: false,
};

/** One power device that answers within `answerMs`. */
function portsWith(answerMs: number): GuardianPorts {
  const identity = { guid: undefined, uuid: undefined, serial: "1" };
  const device: PowerController = {
    name: "bmc",
    read: async () => {
      await sleep(answerMs);
      return { power: "on", identity };
    },
    powerOff: () => Promise.resolve({ kind: "refused", reason: "not in this test" }),
    powerOn: () => Promise.resolve({ kind: "refused", reason: "not in this test" }),
  };
  return { ...idlePorts, power: new Map([["compute-1/bmc", device]]) };
}

/** Milliseconds from the first round to the second. */
async function gapBetweenRounds(answerMs: number): Promise<number> {
  const guardian = createGuardian(settings, portsWith(answerMs));
  const stopping = new AbortController();
  const running = guardian.run(stopping.signal);
  const started = guardian.decidedAt();
  const first = await waitFor("the first round", () => {
    const at = guardian.decidedAt();
    return at > started ? at : undefined;
  });
  const second = await waitFor("the second round", () => {
    const at = guardian.decidedAt();
    return at > first ? at : undefined;
  });
  stopping.abort();
  await running;
  return second - first;
}

for (const answerMs of [0, 60]) {
  test(`an answer after ${answerMs} ms is decided on before the next regular round`, async () => {
    const gapsMs: number[] = [];
    // A busy machine may delay one try by a whole period; not each of five.
    for (let tries = 0; tries < 5; tries += 1) gapsMs.push(await gapBetweenRounds(answerMs));
    // Rounds that follow each other sooner than we look are seen as one: the next regular one is 230 ms after it then.
    assert.ok(Math.min(...gapsMs) < 240, `a whole period later each time: ${gapsMs.join(", ")}`);
    // Timers count whole milliseconds, so one may ring a little before its time.
    assert.ok(Math.min(...gapsMs) > 15, `never sooner than 20 ms: ${gapsMs.join(", ")}`);
  });
}

test("a limit that was changed outlives the process, through the journal on the disk", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "guardian-loop-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const life = async (says: (guardian: Guardian) => void): Promise<void> => {
    const journal = openJournal({ path: join(folder, "journal.db"), clock: systemClock });
    const guardian = createGuardian(settings, { ...portsWith(1), journal });
    const stopping = new AbortController();
    const running = guardian.run(stopping.signal);
    says(guardian);
    stopping.abort();
    await running;
    journal.close();
  };
  await life((guardian) => {
    const [at, wall] = [systemClock.monoMs(), systemClock.wallMs()];
    const wishes = [{ name: "limits.silentAfter", value: 9000 }] as const;
    guardian.tell({ kind: "limits-set", at, wall, wishes, by: "alice", reason: "upgrade" });
  });
  await life((guardian) => {
    assert.equal(guardian.state().settings.limits.silentAfterMs, 9000);
    assert.equal(guardian.state().memory.changedLimits["limits.silentAfter"]?.by, "alice");
  });
});
