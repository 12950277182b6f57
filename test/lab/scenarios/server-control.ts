import assert from "node:assert/strict";
import type { Lab, Scenario } from "../lab.ts";
import { runPython } from "../lab-scripts.ts";

/** Each order to the first server, what Nova calls it in its own record, and the status that it leads to. */
const orders = [
  ["stop", "stop", "SHUTOFF"],
  ["start", "start", "ACTIVE"],
  ["pause", "pause", "PAUSED"],
  ["unpause", "unpause", "ACTIVE"],
  ["suspend", "suspend", "SUSPENDED"],
  ["resume", "resume", "ACTIVE"],
  ["reboot", "reboot", "ACTIVE"],
  ["reboot --hard", "reboot", "ACTIVE"],
  ["live-migrate --to compute-2", "live-migration", "ACTIVE"],
  ["live-migrate", "live-migration", "ACTIVE"],
] as const;

interface Done {
  readonly done: boolean;
  readonly requestId: string;
}

interface Finding {
  readonly about: string;
  readonly level: string;
  readonly finding: string;
}

export const serverControl: Scenario = {
  name: "server-control",
  shows:
    "every order to a server goes through our command line to real Nova, once, and is so by Nova's own word",
  tier: "all",
  victim: "compute-1",
  servers: 2,
  async run(lab) {
    const [server = "", other = ""] = lab.servers;
    const requests: string[] = [];
    const begunMs = Date.now();
    for (const [order, , status] of orders) {
      const [verb = "", ...more] = order.split(" ");
      const answer = ask(lab, "server", verb, server, ...more, "--wait") as Done;
      assert.equal(answer.done, true, order);
      requests.push(answer.requestId);
      const shown = await shownOf(lab, server);
      assert.equal(shown.status, status, order);
      if (order.includes("compute-2")) assert.equal(shown.host, "compute-2");
      lab.say(`${order}: ${shown.status} on ${shown.host}`);
    }
    assert.notEqual((await shownOf(lab, server)).host, "compute-2", "Nova chose another host");
    lab.measure("ten orders, each waited for", (Date.now() - begunMs) / 1000);
    await checkActions(server, requests);
    await checkLock(lab, server);
    checkRefusals(lab, other);
    checkConsole(lab, server);
    checkLists(lab, server);
    assert.equal((await shownOf(lab, other)).status, "ACTIVE", "the other one was left alone");
    assert.equal(lab.observer.calls(), 0, "no evacuate call was made");
  },
};

function ask(lab: Lab, ...words: readonly string[]): unknown {
  return lab.guardian.ask(...words, "--reason", "the lab asks");
}

/** By the lab's own client, not by ours. */
async function shownOf(lab: Lab, id: string) {
  const found = (await lab.nova()).servers.find((one) => one.id === id);
  assert.ok(found !== undefined, `Nova lists ${id}`);
  return found;
}

/** Nova keeps a record of what was asked of a server, with the id of each request: each once, in order, and ours. */
async function checkActions(server: string, requests: readonly string[]): Promise<void> {
  const text = await runPython("actions.py", server);
  const record = JSON.parse(text) as readonly {
    readonly action: string;
    readonly request: string;
  }[];
  const asked = record.filter(({ request }) => requests.includes(request));
  assert.deepEqual(
    asked.map(({ action }) => action),
    orders.map(([, action]) => action),
    text,
  );
}

async function checkLock(lab: Lab, server: string): Promise<void> {
  ask(lab, "server", "lock", server, "--wait");
  assert.equal((await shownOf(lab, server)).locked, true);
  ask(lab, "server", "unlock", server, "--wait");
  assert.equal((await shownOf(lab, server)).locked, false);
}

/** What the guardian refuses by itself, and what Nova refuses, in Nova's own words. */
function checkRefusals(lab: Lab, server: string): void {
  const refusal = (...words: readonly string[]): string => {
    try {
      return `it was not refused: ${JSON.stringify(ask(lab, "server", ...words))}`;
    } catch (error) {
      return String(Reflect.get(Object(error), "stderr"));
    }
  };
  assert.match(refusal("evacuate", server), /by the guardian's own proof alone/);
  assert.match(refusal("delete", server, "--yes"), /api.serverDelete is false/);
  assert.match(refusal("start", server), /Cannot 'start'/);
  assert.match(refusal("live-migrate", server, "--to", "compute-9"), /compute-9/);
}

function checkConsole(lab: Lab, server: string): void {
  const { url } = ask(lab, "server", "console", server) as { readonly url: string };
  assert.match(url, /^http:\/\/10\.77\.1\.250:6080\/vnc_lite\.html\?.*token/);
  const audit = JSON.stringify(lab.guardian.ask("audit", "list"));
  assert.ok(audit.includes('"server console"'));
  assert.ok(!audit.includes("vnc_lite"), "the link is kept nowhere");
}

function checkLists(lab: Lab, server: string): void {
  const list = (...words: readonly string[]) =>
    lab.guardian.ask(...words) as readonly Readonly<Record<string, unknown>>[];
  assert.ok(list("server", "list").some((one) => one["server"] === server));
  assert.ok(list("image", "list").length > 0, "images");
  assert.ok(list("flavor", "list").length > 0, "flavors");
  const { findings } = lab.guardian.ask("doctor") as { readonly findings: readonly Finding[] };
  const told = (about: string): string =>
    findings.find((one) => one.about === about)?.finding ?? "nothing";
  assert.match(told("roles"), /admin/);
  assert.match(told("microversions"), /^Nova speaks 2\.1 to 2\.\d+, the guardian 2\.93/);
  const bad = findings.filter(({ level }) => level === "bad");
  assert.deepEqual(bad, [], "the lab is well");
  for (const { about, level, finding } of findings)
    lab.say(`doctor: ${level} ${about}: ${finding}`);
}
