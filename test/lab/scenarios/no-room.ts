/** The servers of a dead host have nowhere to go, for one reason or another, until somebody makes room. */
import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import { waitFor } from "../../support/wait-for.ts";
import { hosts } from "../lab-configs.ts";
import type { ReceivedAlert } from "../lab-daemons.ts";
import { runPython } from "../lab-scripts.ts";
import type { Lab, NovaView, Scenario } from "../lab.ts";

const succeeded: readonly string[] = ["done", "completed"];

function others({ victim }: Lab): readonly string[] {
  return hosts.filter((host) => host !== victim);
}

async function room(...words: readonly string[]): Promise<readonly string[]> {
  return (await runPython("room.py", ...words)).trim().split("\n");
}

function movesOf(view: NovaView, id: string): readonly string[] {
  return view.evacuations.filter((one) => one.instance_uuid === id).map(({ status }) => status);
}

/** Every one of them ACTIVE elsewhere, by one move that succeeded, however many were tried. */
async function expectRunElsewhere(lab: Lab, servers: readonly string[]): Promise<NovaView> {
  const view = await lab.nova();
  for (const id of servers) {
    const server = view.servers.find((one) => one.id === id);
    assert.equal(server?.status, "ACTIVE", `${server?.name} is ${server?.status}`);
    assert.notEqual(server.host, lab.victim, `${server.name} is where it was`);
    const done = movesOf(view, id).filter((status) => succeeded.includes(status));
    assert.equal(done.length, 1, `one move of ${server.name} succeeded, not ${done.length}`);
  }
  lab.say(await lab.observer.judge(lab.victim));
  return view;
}

/** A page about the victim that says of each server that Nova found no host for it. */
function pageOfNoHost(lab: Lab, servers: number, deadlineMs: number): Promise<ReceivedAlert> {
  const { daemons, victim } = lab;
  const pages = (): readonly ReceivedAlert[] =>
    daemons.alerts().filter((one) => one.host === victim && one.class === "page");
  const from = pages().length;
  return waitFor(
    () =>
      `a page with Nova's reason (pages: ${
        pages()
          .slice(from)
          .map(({ title }) => title)
          .join("; ") || "none"
      })`,
    () =>
      pages()
        .slice(from)
        .find(({ why }) => why.filter((line) => /No valid host/.test(line)).length >= servers),
    deadlineMs,
  );
}

export const noRoom: Scenario = {
  name: "no-room",
  shows:
    "no other host has room: each server is tried three times, a page says why none runs and what a person does, who does it",
  tier: "all",
  victim: "compute-1",
  servers: 2,
  async run(lab) {
    const { victim, servers, guardian } = lab;
    const [first = ""] = await room("fill", ...others(lab));
    await lab.fault("power_loss", victim);
    lab.say("every other host is full; three tries take a minute");
    const page = await pageOfNoHost(lab, servers.length, 120_000);
    assert.equal(page.kind, "left-behind");
    await guardian.line(victim, "evacuation-ended", 10_000);
    const view = await lab.nova();
    for (const id of servers) {
      assert.deepEqual(movesOf(view, id), ["error", "error", "error"]);
      assert.equal(view.servers.find((one) => one.id === id)?.host, victim);
    }
    lab.say(page.why.join("; "));
    await room("delete", first);
    for (const id of servers) await runPython("act.py", id, "evacuate");
    await expectRunElsewhere(lab, servers);
  },
};

export const noRoomForLong: Scenario = {
  name: "no-room-for-long",
  shows: "told to try ten times, it pages while it tries on, and ends the job once there is room",
  tier: "all",
  // 3 by default: this operator adds hosts when a page says that there is no room.
  guardian: { limits: { moveAttempts: 10 } },
  victim: "compute-2",
  servers: 2,
  async run(lab) {
    const { victim, servers, guardian } = lab;
    const [first = "", ...crowd] = await room("fill", ...others(lab));
    await lab.fault("power_loss", victim);
    const page = await pageOfNoHost(lab, servers.length, 90_000);
    lab.say(`paged while it tries on: ${page.title}; ${crowd.length} hosts stay full`);
    await room("delete", first);
    await guardian.line(victim, "evacuation-ended", 120_000);
    await expectRunElsewhere(lab, servers);
  },
};

export const keptApart: Scenario = {
  name: "kept-apart",
  shows: "a server that may share no host with its group waits until one is free, the others move",
  tier: "all",
  victim: "compute-3",
  servers: 2,
  async run(lab) {
    const { victim, servers, guardian } = lab;
    const [own = "", ...group] = await room("keep-apart", victim, ...others(lab));
    // Its probe and the inventory are to have seen it.
    await sleep(5000);
    await lab.fault("power_loss", victim);
    const again = await guardian.line(victim, "move-again", 60_000);
    assert.match(again.text, /No valid host.*tried again in 15 s/);
    lab.say(again.text);
    await room("delete", group[0] ?? "");
    await guardian.line(victim, "evacuation-ended", 90_000);
    const view = await expectRunElsewhere(lab, [...servers, own]);
    assert.equal(view.servers.find(({ id }) => id === own)?.host, others(lab)[0]);
    assert.deepEqual(movesOf(view, own).filter((status) => succeeded.includes(status)).length, 1);
  },
};

export const noHostEnabled: Scenario = {
  name: "no-host-enabled",
  shows:
    "every other host was disabled by people: a page, no call, and the servers move once one is back",
  tier: "all",
  victim: "compute-4",
  servers: 2,
  async run(lab) {
    const { victim, servers, guardian, observer } = lab;
    const free = others(lab)[1] ?? "";
    await room("disable", ...others(lab));
    // The guardian reads Nova's records every few seconds.
    await sleep(5000);
    await lab.fault("power_loss", victim);
    const page = await lab.alert(victim, "held", 60_000);
    assert.equal(page.class, "page");
    assert.match([page.title, ...page.why].join("\n"), /destination/);
    lab.say(`${page.title}; 10 s more without a call`);
    await sleep(10_000);
    assert.equal(observer.calls(), 0, "no evacuate call was made");
    await room("enable", free);
    await guardian.line(victim, "evacuation-ended", 60_000);
    const view = await expectRunElsewhere(lab, servers);
    for (const id of servers) {
      assert.equal(view.servers.find((one) => one.id === id)?.host, free);
    }
  },
};
