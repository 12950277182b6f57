/** The stories together reach every row and every gate, and no two of them tell the same. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gateEntry, gateList } from "../../guardian/core/gate-list.ts";
import { defaultTable } from "../../guardian/core/verdict-table.ts";
import type { WordKey } from "../../guardian/core/words.ts";
import { keysOfTexts, keysToldIn, tellableKeys, textKeys } from "../support/told-keys.ts";

const folder = "test/scenario";
const stories = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ name, log: readFileSync(join(folder, name, "expected.log"), "utf8") }));

/**
 * Rows that a running guardian does not reach, because our eyes are in doubt before (row 1): they
 * are there for tables that an operator changed.
 */
const guardedRows = ["1a", "13a"];

/** Gates that hold only what the default table never asks for, or what another part tells first. */
const guardedGates = ["third witness", "reverse ping", "eyes, lag of the store behind …"];

test("every row of the table is reached in a story", () => {
  const missing = defaultTable
    .map(({ row }) => row)
    .filter((row) => !stories.some(({ log }) => log.includes(`(row ${row})`)));
  assert.deepEqual(missing, guardedRows);
});

test("every gate holds somebody in a story", () => {
  const held = new Set<string>();
  for (const { log } of stories) {
    for (const match of log.matchAll(/held by (.*)/g)) {
      for (const part of (match[1] ?? "").split("; ")) {
        const name = part.slice(0, part.indexOf(":"));
        const entry = gateEntry(name);
        if (entry !== undefined) held.add(entry.gate);
      }
    }
  }
  const missing = gateList.map(({ gate }) => gate).filter((gate) => !held.has(gate));
  assert.deepEqual([...missing].sort(), [...guardedGates].sort());
});

/** Sentences of the catalogue that no log of a story can tell, by the reason why. */
const untold: Readonly<Record<string, readonly WordKey[]>> = {
  "of two hosts that die one after the other (unit/home-destination)": ["home.destination"],
  "hosts of stories have no start guard (unit/start-alert)": ["alert.started-unasked"],
  "a log has the values of gates that hold, and these let pass": [
    "asked.default",
    "answer.approved",
    "value.aggregates-not-needed",
    "value.anchors",
    "value.steady",
    "value.ledger",
    "value.heard-elsewhere",
    "value.seen-fresh",
    "value.pings-of-hung",
    "value.drain-ended",
    "value.servers-not-known",
    "value.capacity-warning",
    "value.no-scheduler-shown",
  ],
  "of the rows and gates above, which guard what others reach first": [
    "row.1a",
    "row.13a",
    "limit.lag",
    "value.witness",
    "limit.witness",
    "value.pings-unseen",
    "limit.pings",
  ],
  "shown by the command line, or among the reasons of an alert, which the logs leave out": [
    "asked.ago",
    "answer.by-default",
    "maintenance.by-configuration",
    "device.unread",
    "device.changed",
    "device.moved",
    "device.no-uuid",
    "device.other-uuid",
    "device.twin",
    "home.by-policy",
    "left.undone",
    "value.reserves",
  ],
  "of two hosts whose fencings meet within seconds (unit/wrong-chassis)": ["log.spared"],
  "refusals of the verb, of the wiring and of the boot that no story has (unit/rehearsal)": [
    "rehearse.another",
    "rehearse.boot",
    "rehearse.by-us",
    "rehearse.changed",
    "rehearse.device",
    "rehearse.enabled",
    "rehearse.in-maintenance",
    "rehearse.late",
    "rehearse.left",
    "rehearse.level",
    "rehearse.no-answer",
    "rehearse.taken-out",
    "rehearse.unknown",
    "rehearse.unread",
    "value.rehearsed-other",
  ],
  "Nova, a device or a person must do it in the moment in between (unit/home)": [
    "home.moving",
    "home.need-compute",
    "home.need-libvirt",
    "home.need-servers",
    "home.need-state",
    "home.not-empty",
    "home.reads-on",
    "home.still-on",
    "home.unlisted",
  ],
  "a promise of the design must be broken first (unit/quarantine)": [
    "alert.quarantined",
    "log.quarantined",
  ],
  "Nova must answer everything but one question (unit/stalled, unit/domains)": [
    "stalled.list-again",
    "stalled.moves",
    "value.capacity-hidden",
  ],
  "the configuration must change in the middle of the story (unit/maintenance, unit/changed-limits)":
    ["log.limit-dropped", "maintenance.window-gone"],
  "every device must lose its standing in the middle of a fencing (unit/fence-levels)": [
    "fence.no-level",
  ],
  "over within a second, and said of what has lasted for 30 s only": [
    "await.answer",
    "await.read",
    "await.second",
  ],
  "the world tells of a lost journal before an order is given (unit/moves)": ["move.not-made"],
  "disarmed for two reasons at once (unit/arming)": ["arming.several"],
  "with a new journal beside a store (unit/new-journal)": ["value.unheard"],
  "calls that cannot be made, or a force-down that fails, for a minute (unit/waiting-moves)": [
    "stalled.calls",
  ],
  "the world's Nova fails in scheduling alone (unit/moves)": ["move.may-run"],
  "the world's Nova shows a migration for whatever it works on (unit/moves)": [
    "move.late-no-migration",
  ],
};

test("every sentence that a log can tell is told in a story, or is listed with the reason", () => {
  const told = new Set(stories.flatMap(({ log }) => [...keysToldIn(log)]));
  const listed = Object.values(untold).flat();
  const missing = tellableKeys.filter((key) => !told.has(key));
  assert.deepEqual([...missing].sort(), [...listed].sort());
  assert.ok(tellableKeys.length >= 200, `${tellableKeys.length} sentences`);
});

/** Sentences of messages and explanations that no story's texts have, by the reason why. */
const unwritten: Readonly<Record<string, readonly WordKey[]>> = {
  "the probes of stories have no peers (unit/peers)": ["evidence.peers"],
  "hosts of stories have no start guard (unit/start-alert)": ["todo.started-unasked"],
  "true for the one round before the device loses its standing (unit/power)": [
    "evidence.power-contradicted",
  ],
  "what the verdict asks before holds sooner: these are for tables that an operator changed": [
    "gate.destination",
    "gate.doubt",
    "gate.ping",
    "gate.witness",
  ],
  "a round in which every gate is open orders the fence, and is explained as fencing": [
    "next.fence",
  ],
  "a host that was never heard is row 3, whose explanation asks for a probe": [
    "evidence.no-checks",
    "next.check-known",
  ],
  "a promise of the design must be broken first (unit/quarantine)": ["todo.quarantined"],
  "the world's Nova fails in scheduling alone (unit/begun-elsewhere)": ["todo.may-run"],
  "the configuration of a story has an anchor on each network": ["why.no-anchors"],
  "Nova must answer everything but one question (unit/stalled)": ["why.no-list-again"],
};

test("every sentence of a message or an explanation is in a story's, or is listed with the reason", () => {
  const texts = stories.flatMap(({ name }) =>
    ["messages.txt", "explained.txt"].map((file) => readFileSync(join(folder, name, file), "utf8")),
  );
  const told = keysOfTexts(texts);
  const missing = textKeys.filter((key) => !told.has(key));
  assert.deepEqual([...missing].sort(), Object.values(unwritten).flat().sort());
  assert.ok(textKeys.length >= 110, `${textKeys.length} sentences`);
});

test("a story's sentences are found by what stands in them, and nothing else is", () => {
  const line = (text: string): string => `   12.50  compute-1  ${text}\n`;
  const held = line("held by armed: disarmed: alice: x, must be = armed");
  assert.deepEqual([...keysToldIn(held)].sort(), [
    "gate-line",
    "log.held",
    "value.armed",
    "value.disarmed",
  ]);
  assert.deepEqual([...keysToldIn("   12.50  world      fenced\n")], []);
  assert.ok(keysToldIn(line("vm-1: runs on compute-2")).has("move.runs"));
  assert.ok(!keysToldIn(line("vm-1: runs on")).has("move.runs"));
});

/** What was said in a story, without times, names and numbers. */
function reasonsOf(log: string): string {
  const lines = log
    .split("\n")
    .filter((line) => /^ +[0-9.]+ /.test(line) && !/^ +[0-9.]+ +world /.test(line))
    .map((line) =>
      line
        .replace(/^ *[0-9.]+ +\S+ +/, "")
        .replace(/(?:compute|vm)-[\d-]+/g, "#")
        .replace(/\d+(?:\.\d+)?/g, "#"),
    );
  return [...new Set(lines)].sort().join("\n");
}

test("no two stories give the same set of reasons", () => {
  const seen = new Map<string, string>();
  for (const { name, log } of stories) {
    const reasons = reasonsOf(log);
    assert.equal(seen.get(reasons), undefined, `${name} tells what ${seen.get(reasons)} tells`);
    seen.set(reasons, name);
  }
  assert.ok(stories.length >= 60, `${stories.length} stories`);
});

test("every story says in words what is expected", () => {
  for (const { name } of stories) {
    const readme = readFileSync(join(folder, name, "README.md"), "utf8");
    assert.match(readme, /^# .+\n\n[^\n]{40,}/, name);
  }
});
