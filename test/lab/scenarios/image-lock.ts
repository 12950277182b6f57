import assert from "node:assert/strict";
import { describeError } from "../../../shared/errors.ts";
import type { Scenario } from "../lab.ts";
import { runScript } from "../lab-scripts.ts";
import { hangHost } from "./hung.ts";

const elsewhere = "compute-3";

/** What QEMU says when the guest is started on a host; empty when it runs. */
async function start(host: string): Promise<string> {
  try {
    await runScript("hosts/guest.sh", "start", host);
    return "";
  } catch (error) {
    return describeError(error);
  }
}

export const imageLock: Scenario = {
  name: "image-lock",
  shows:
    "a real guest on a shared disk: QEMU refuses to start it elsewhere until its hung host is fenced",
  tier: "all",
  victim: "compute-2",
  servers: 1,
  prepare: () => runScript("install.sh", "qemu"),
  async run(lab) {
    const { guardian, victim } = lab;
    assert.equal(await start(victim), "", "it runs on its host");
    await hangHost(lab, victim);
    const early = await start(elsewhere);
    assert.match(early, /Failed to get "write" lock/, "two copies would run");
    lab.say(`started elsewhere while its host hangs: ${early.split("\n").at(-1)}`);
    await guardian.line(victim, "fenced", 60_000);
    try {
      assert.equal(await start(elsewhere), "", "fenced, nothing has its disk open any more");
      lab.say("started elsewhere once its host was fenced: it runs");
    } finally {
      await runScript("hosts/guest.sh", "stop", elsewhere).catch(() => undefined);
    }
  },
};
