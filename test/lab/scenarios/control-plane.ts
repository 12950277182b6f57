/**
 * A part of OpenStack itself stops while servers are being moved. What it took is moved once; a call whose answer was
 * lost may have been taken and may not: it is looked for, never made again, and a page names its server.
 */
import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { Lab, Scenario } from "../lab.ts";
import { runScript } from "../lab-scripts.ts";

/** Killed at the first evacuate call, started again ten seconds later. */
async function stopOnce(lab: Lab, part: string): Promise<void> {
  const { victim, servers, observer, guardian } = lab;
  const alertsBefore = lab.daemons.alerts().length;
  await lab.fault("power_loss", victim);
  await waitFor("the first evacuate call", () => observer.firstCall(victim), 40_000);
  await runScript("control.sh", "stop", part);
  lab.say(`${part} killed; ${observer.calls()} evacuate calls seen so far`);
  await sleep(10_000);
  await runScript("control.sh", "start", part);
  await guardian.line(victim, "evacuation-ended", 300_000);
  const { servers: shown, evacuations } = await lab.nova();
  const left: string[] = [];
  for (const id of servers) {
    const { name = "", host, status } = shown.find((server) => server.id === id) ?? {};
    // Without a host that takes it nothing of it was begun: that one may be called again.
    const moves = evacuations.filter((one) => one.instance_uuid === id && one.status !== "error");
    assert.ok(moves.length <= 1, `${name} was moved ${moves.length} times`);
    if (host === victim || status !== "ACTIVE") left.push(`${name} (${status} on ${host})`);
  }
  lab.say(
    `${servers.length - left.length} of ${servers.length} run elsewhere; not: ${left.join(", ")}`,
  );
  assert.ok(left.length < servers.length, "none was moved");
  await waitFor(
    () => `a page that names ${left.join(", ")} (it says: ${said(lab, alertsBefore)})`,
    () =>
      left.every((one) => said(lab, alertsBefore).includes(one.split(" ")[0] ?? "?")) || undefined,
    40_000,
  );
  // While nova-api is away the observer cannot look at Nova, either; what was started twice its tally counts all the same.
  if (left.length === 0 && part !== "nova-api") lab.say(await observer.judge(victim));
}

/** The newest word of the page about servers that did not move; nothing without such a page. */
function said({ daemons, victim }: Lab, from: number): string {
  const pages = daemons
    .alerts()
    .slice(from)
    .filter(
      ({ host, kind, status }) => host === victim && kind === "left-behind" && status === "firing",
    );
  return pages.at(-1)?.why.join("\n") ?? "";
}

const stops = (part: string): Scenario => ({
  name: `${part}-stops`,
  shows: `${part} is killed while servers move and comes back: each is moved once, or named in a page`,
  tier: "all",
  // 5 min by default: a call that went down with the bus never arrives, and is told sooner here.
  guardian: { limits: { moveMax: "2m" } },
  victim: "compute-1",
  servers: 8,
  run: (lab) => stopOnce(lab, part),
});

export const novaApiStops = stops("nova-api");
export const conductorStops = stops("nova-conductor");
export const keystoneStops = stops("keystone");
export const busStops = stops("rabbit");

export const tokensVoid: Scenario = {
  name: "tokens-void",
  shows:
    "every token is void when a host dies: the guardian logs in again, and loses no time by it",
  tier: "ci",
  victim: "compute-2",
  servers: 2,
  async run(lab) {
    await runScript("control.sh", "void-tokens");
    try {
      await diesUnderVoidTokens(lab);
    } finally {
      // It has a token of its own for Placement: two calls at once with a void one may both fail, minutes later.
      await runScript("control.sh", "stop", "nova-conductor");
      await runScript("control.sh", "start", "nova-conductor");
    }
  },
};

async function diesUnderVoidTokens(lab: Lab): Promise<void> {
  const { victim, servers, guardian, observer } = lab;
  const lostMs = await lab.fault("power_loss", victim);
  await guardian.line(victim, "evacuation-ended", 60_000);
  await lab.expectEvacuated(victim, servers);
  const calledSeconds = (observer.firstCall(victim) ?? Infinity) - lostMs / 1000;
  lab.measure("power loss to first evacuate call", calledSeconds);
  assert.ok(calledSeconds < 20, `the first call came after ${calledSeconds.toFixed(1)} s`);
}
