import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { Scenario } from "../lab.ts";
import { runPython, runScript } from "../lab-scripts.ts";

/** What each of the victim's servers is brought into, in the order in which Nova lists them. */
const states = ["stop", "lock", "error", "pause", "suspend"] as const;

export const mixedStates: Scenario = {
  name: "mixed-states",
  shows:
    "running, stopped, locked and failed servers move; one paused, one suspended and one being built are left, and named",
  tier: "ci",
  victim: "compute-3",
  servers: 7,
  async run(lab) {
    const { victim, servers, guardian } = lab;
    const [running = "", stopped = "", locked = "", failed = "", ...stay] = servers;
    const [paused, suspended, building = ""] = stay;
    for (const [at, action] of states.entries()) {
      await runPython("act.py", servers[at + 1] ?? "", action);
    }
    await runScript("cloud-record.sh", "building", building);
    await sleep(3000);
    await lab.fault("power_loss", victim);
    const page = await lab.alert(victim, "left-behind", 60_000);
    assert.equal(page.class, "page");
    await guardian.line(victim, "evacuation-ended", 60_000);
    const view = await waitFor(
      "four servers elsewhere, in the states that they had",
      async () => {
        const now = await lab.nova();
        const of = (id: string): string => {
          const server = now.servers.find((one) => one.id === id);
          return server === undefined || server.host === victim ? "not moved" : server.status;
        };
        const shown = [running, stopped, locked, failed].map((id) => of(id));
        return shown.join() === "ACTIVE,SHUTOFF,ACTIVE,ACTIVE" ? now : undefined;
      },
      60_000,
    );
    for (const [id, status] of [
      [paused, "PAUSED"],
      [suspended, "SUSPENDED"],
      [building, "BUILD"],
    ]) {
      const server = view.servers.find((one) => one.id === id);
      assert.deepEqual([server?.host, server?.status], [victim, status]);
      const name = server?.name ?? "";
      assert.ok(
        page.why.some((line) => line.startsWith(name)),
        page.why.join("\n"),
      );
    }
    lab.say(page.why.join("; "));
  },
};
