import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import { waitFor } from "../../support/wait-for.ts";
import { runPython } from "../lab-scripts.ts";
import type { Lab, NovaView, Scenario } from "../lab.ts";

const destination = "compute-2";
const spare = "compute-4";
const survivors: readonly string[] = ["compute-3", spare];

/** The newest words of every page about these two hosts. */
function pages({ daemons, victim }: Lab, from: number): string {
  return daemons
    .alerts()
    .slice(from)
    .filter(
      ({ host, status, ...one }) =>
        one.class === "page" && status === "firing" && (host === victim || host === destination),
    )
    .flatMap(({ why }) => why)
    .join("\n");
}

/** Those that run on none of the hosts that live, and where they are. */
function notRunning(view: NovaView, servers: readonly string[]): readonly string[] {
  return view.servers
    .filter(({ id }) => servers.includes(id))
    .filter(({ status, host }) => status !== "ACTIVE" || !survivors.includes(host))
    .map(({ name, status, host }) => `${name} (${status} on ${host})`);
}

/** From each of the two hosts at most one move of it succeeded. */
function expectOnce(view: NovaView, id: string): void {
  const moves = view.evacuations.filter((one) => one.instance_uuid === id);
  const done = moves.filter(({ status }) => ["done", "completed"].includes(status));
  const sources = done.map((move) => move.source_compute);
  assert.equal(new Set(sources).size, sources.length, `${id} was moved from ${sources.join(", ")}`);
}

export const destinationDies: Scenario = {
  name: "destination-dies",
  shows:
    "a host dies to which the servers of a dead host are being moved: each runs on a third, started once, or is named in a page",
  tier: "all",
  guardian: {
    limits: {
      // One of four is the default's most: this cloud says that half may die at once.
      stormShare: 0.5,
      fencesPerHourInDomain: 3,
      // 5 min by default: what was on its way to the host that died does not arrive.
      moveMax: "60s",
    },
  },
  victim: "compute-1",
  servers: 8,
  async run(lab) {
    const { victim, servers, guardian, observer } = lab;
    const alertsBefore = lab.daemons.alerts().length;
    // Half of the servers are sent to the host that dies, and none of them by luck elsewhere.
    await runPython("room.py", "disable", spare);
    await sleep(5000);
    await lab.fault("power_loss", victim);
    await guardian.line(victim, "moves-ordered", 40_000);
    // In service again before anybody counts who is in trouble: of three hosts half would be one.
    await Promise.all([
      lab.fault("power_loss", destination),
      runPython("room.py", "enable", spare),
    ]);
    lab.say(`${destination} dies, too; ${observer.ends(victim)} moves ended so far`);
    await guardian.line(destination, "fenced", 60_000);
    await Promise.all([
      guardian.line(victim, "evacuation-ended", 200_000),
      guardian.line(destination, "evacuation-ended", 200_000),
    ]);
    const view = await lab.nova();
    const left = notRunning(view, servers);
    lab.say(
      `${servers.length - left.length} of ${servers.length} run; not: ${left.join(", ") || "-"}`,
    );
    for (const host of [victim, destination]) {
      const service = view.services.find((one) => one.host === host);
      assert.deepEqual([service?.forced_down, service?.status], [true, "disabled"], host);
    }
    assert.ok(left.length < servers.length, "none runs");
    await waitFor(
      () => `pages that name ${left.join(", ")} (they say: ${pages(lab, alertsBefore)})`,
      () =>
        left.every((one) => pages(lab, alertsBefore).includes(one.split(" ")[0] ?? "?")) ||
        undefined,
      40_000,
    );
    lab.say(pages(lab, alertsBefore));
    await lab.fault("power_on", destination);
    lab.say(
      `${destination} is switched on again: its nova-compute takes what waits for it on the bus`,
    );
    await sleep(40_000);
    const after = await lab.nova();
    for (const id of servers) expectOnce(after, id);
    const still = after.servers.filter(({ id }) => servers.includes(id));
    lab.say(still.map(({ name, status, host }) => `${name} ${status} on ${host}`).join(", "));
  },
};
