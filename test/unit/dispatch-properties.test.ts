/**
 * Random alerts, storms, silences and broken channels against the dispatcher: whatever happens, no page that
 * fires is silent for long, no channel is sent more than its provider takes, and nothing is left behind.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../support/properties.ts";
import { heldBackBy } from "../../guardian/dispatch/due.ts";
import type { DispatchSettings } from "../../guardian/dispatch/settings.ts";
import type { AlertMessage } from "../../guardian/ports.ts";
import { hostName } from "../../shared/names.ts";
import {
  stormOf,
  DispatchFixture,
  failing,
  refused,
  settingsWith,
} from "../support/dispatch-fixture.ts";

const minute = 60_000;
const rates = { chat: { burst: 5, perMinute: 15 }, pager: { burst: 2, perMinute: 4 } };
const settings: DispatchSettings = settingsWith([], {
  channels: new Map(Object.entries(rates).map(([name, rate]) => [name, { rate, feed: false }])),
});
const kinds = ["held", "unproven", "left-behind", "degraded", "evacuated", "device-mute-bmc"];

const step = fc.record({
  what: fc.constantFrom(
    "fire",
    "fire",
    "fire",
    "end",
    "storm",
    "break",
    "mend",
    "silence",
    "ack",
    "restart",
  ),
  host: fc.integer({ min: 1, max: 30 }),
  kind: fc.constantFrom(...kinds),
  page: fc.boolean(),
  title: fc.integer({ min: 1, max: 2 }),
  channel: fc.constantFrom("chat", "pager"),
  hard: fc.boolean(),
  waitMs: fc.constantFrom(0, 250, 1000, 20_000, 90_000, 600_000),
});
type Step = (typeof step extends fc.Arbitrary<infer T> ? T : never) & object;

/** What the core would do: an alert that fires has one message, and an end only after a beginning. */
function play(world: DispatchFixture, steps: readonly Step[]): Map<string, AlertMessage> {
  const firing = new Map<string, AlertMessage>();
  let changes = 0;
  for (const { what, host: n, kind, page, title, channel, hard, waitMs } of steps) {
    const host = hostName(`compute-${n}`);
    const key = `guardian/lab/${host}/${kind}`;
    changes += 1;
    if (what === "fire") {
      const words = { class: page ? ("page" as const) : ("ticket" as const), why: [`${changes}`] };
      world.alert(kind, { host, ...words, title: `${host} ${kind} ${title}` });
      const known = world.state.alerts.get(key)?.message;
      assert.ok(known !== undefined);
      firing.set(key, known);
    } else if (what === "end" && firing.delete(key)) {
      world.alert(kind, { host, status: "resolved" });
    } else if (what === "storm") {
      const on = world.storms.length === 0;
      const hosts = new Set(Array.from({ length: n }, (_, at) => hostName(`compute-${at + 1}`)));
      world.storms = on ? [stormOf([...hosts])] : [];
      world.alert("storm", { host: undefined, status: on ? "firing" : "resolved" });
      const page = world.state.alerts.get(storm)?.message;
      if (on && page !== undefined) firing.set(storm, page);
      else firing.delete(storm);
    } else if (what === "break") world.answers.set(channel, hard ? refused : failing);
    else if (what === "mend") world.answers.delete(channel);
    else if (what === "restart") world.restart(firing.values());
    else if (what === "ack") {
      world.take({ kind: "acknowledged", host, by: "alice (uid 1000)", reason: "seen" });
    } else if (what === "silence") {
      const words = { reason: "r", owner: "o", by: "b", fromWall: world.wall };
      const untilWall = world.wall + 5 * minute;
      world.take({
        kind: "silence-set",
        silence: { id: `s${changes}`, match: { host }, ...words, untilWall },
      });
    }
    world.run(waitMs);
  }
  return firing;
}

/** Whether any message to a channel spoke of an alert as it is now. */
function isTold(world: DispatchFixture, key: string): boolean {
  const tracked = world.state.alerts.get(key);
  assert.ok(tracked !== undefined, `${key} fires and is not tracked`);
  const title = tracked.message.title;
  return world.sent.some(
    ({ message, at }) =>
      at >= tracked.changedAt &&
      message.status === "firing" &&
      (message.title === title || message.why.some((line) => line.startsWith(title))),
  );
}

const storm = "guardian/lab/guardian/storm";
const runs = Number(process.env["DISPATCH_RUNS"] ?? 80);

test("once channels work, every page that fires was told, but for what a rule holds back by name", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new DispatchFixture(settings);
      const firing = play(world, steps);
      world.answers.clear();
      world.run(40 * minute);
      for (const [key, message] of firing) {
        if (world.state.alerts.get(key)?.message.class !== "page") continue;
        const tracked = world.state.alerts.get(key);
        if (tracked === undefined || heldBackBy(world.state, tracked, undefined)) continue;
        assert.ok(isTold(world, key), `${message.title} was told to nobody`);
      }
    }),
    { numRuns: runs },
  );
});

test("no channel is tried oftener than its provider takes, whatever fails", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new DispatchFixture(settings);
      const tries: { channel: string; at: number }[] = [];
      const take = world.take.bind(world);
      world.take = (event) => {
        const before = world.tries.length;
        take(event);
        for (const id of world.tries.slice(before)) {
          const channel = id.includes("/pager/") ? "pager" : "chat";
          tries.push({ channel, at: world.at });
        }
      };
      play(world, steps);
      world.run(20 * minute);
      for (const [channel, { burst, perMinute }] of Object.entries(rates)) {
        const times = tries.filter((one) => one.channel === channel).map(({ at }) => at);
        for (const [index, from] of times.entries()) {
          const within = times.slice(index).filter((at) => at - from < minute).length;
          assert.ok(within <= burst + perMinute, `${channel}: ${within} in a minute`);
        }
      }
    }),
    { numRuns: runs },
  );
});

test("an incident has six messages on a channel, and beyond them pages alone", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const world = new DispatchFixture(settings);
      play(world, steps);
      world.run(5 * minute);
      for (const channel of Object.keys(rates)) {
        const counts = new Map<string, number>();
        for (const { incident, class: alertClass } of world.messages(channel)) {
          if (incident === undefined) continue;
          const count = (counts.get(incident) ?? 0) + 1;
          counts.set(incident, count);
          assert.ok(
            count <= 6 || alertClass === "page",
            `${incident}: a ${alertClass} as ${count}`,
          );
        }
      }
    }),
    { numRuns: runs },
  );
});

test("a message that was taken is not sent again, and once all is over nothing is kept", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new DispatchFixture(settings);
      // What a channel refuses for good it is not told of, nor of its end.
      const firing = play(
        world,
        steps.map((one) => ({ ...one, hard: false })),
      );
      world.answers.clear();
      for (const { kind, host, class: alertClass } of firing.values()) {
        world.alert(kind, { host, class: alertClass, status: "resolved" });
      }
      world.storms = [];
      world.alert("storm", { host: undefined, status: "resolved" });
      world.run(60 * minute);
      const ids = world.sent.map(({ channel, message }) => `${channel} ${message.id}`);
      assert.equal(new Set(ids).size, ids.length);
      const { alerts, rows, digests } = world.state;
      assert.deepEqual([[...alerts.keys()], [...rows.keys()], [...digests.keys()]], [[], [], []]);
      // What was announced as firing was announced as over, at the latest now.
      const last = new Map(
        world.sent.map(({ channel, message }) => [`${channel} ${message.dedupKey}`, message]),
      );
      for (const [key, { status, class: alertClass }] of last) {
        if (alertClass === "page") assert.equal(status, "resolved", key);
      }
      world.run(120 * minute);
      assert.equal(world.state.spent.size, 0);
    }),
    { numRuns: runs },
  );
});
