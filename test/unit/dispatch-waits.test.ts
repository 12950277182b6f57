/** How long a page waits on a channel that takes what it is given: never longer than `mergeWaitMs` and a round. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../support/properties.ts";
import { heldBackBy } from "../../guardian/dispatch/due.ts";
import { mergeWaitMs } from "../../guardian/dispatch/settings.ts";
import { hostName } from "../../shared/names.ts";
import { DispatchFixture, settingsWith, stormOf } from "../support/dispatch-fixture.ts";

const minute = 60_000;
/** A round, a beat for the answer, and the rows before it, one a beat. */
const slackMs = 5000;
/** So much that no page waits for its provider. */
const wide = { burst: 1000, perMinute: 60_000 };

function wideChat(): DispatchFixture {
  const channels = new Map([["chat", { rate: wide, feed: false }]]);
  return new DispatchFixture(settingsWith([], { channels }));
}

test("pages about everything, every two seconds, hold no host's page back", () => {
  const world = wideChat();
  for (let n = 1; n <= 6; n += 1) world.alert("held", { host: hostName(`compute-${n}`) });
  for (let n = 1; n <= 60; n += 1) {
    world.alert(`power-network-${n}`, { host: undefined });
    world.run(2000);
  }
  const digest = world.sent.find(({ message }) => message.kind === "digest");
  assert.ok(digest !== undefined, "what was merged was never told");
  assert.ok(digest.at <= 1000 + mergeWaitMs + slackMs, `told after ${digest.at - 1000} ms`);
});

test("hosts that fail every nine seconds are told of within the time that they are gathered for", () => {
  const world = wideChat();
  for (let n = 1; n <= 60; n += 1) {
    world.alert("held", { host: hostName(`compute-${n}`) });
    world.run(9000);
  }
  world.run(minute);
  for (let n = 1; n <= 60; n += 1) {
    const firedAt = 1000 + (n - 1) * 9000;
    const told = world.sent.find(({ message }) =>
      [message.title, ...message.why].some((line) => line.startsWith(`compute-${n} held`)),
    );
    assert.ok(told !== undefined, `compute-${n} was never told`);
    const waitedMs = told.at - firedAt;
    assert.ok(waitedMs <= mergeWaitMs + slackMs, `compute-${n} waited ${waitedMs} ms`);
  }
});

const step = fc.record({
  what: fc.constantFrom(
    "host",
    "host",
    "host",
    "everything",
    "everything",
    "end",
    "ticket",
    "storm",
  ),
  host: fc.integer({ min: 1, max: 400 }),
  kind: fc.constantFrom("held", "unproven", "left-behind", "quarantined"),
  many: fc.integer({ min: 1, max: 9 }),
  waitMs: fc.constantFrom(0, 250, 1000, 2000, 5000, 9000, 20_000),
});

test("no page waits longer than it is gathered for, whatever else arrives", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const world = wideChat();
      const since = new Map<string, number>();
      let count = 0;
      const check = (): void => {
        for (const [key, firedAt] of since) {
          const tracked = world.state.alerts.get(key);
          const isOver = tracked?.message.status !== "firing";
          if (isOver || heldBackBy(world.state, tracked, "chat") !== undefined) since.delete(key);
          else if (wasTold(world, tracked.message.title)) since.delete(key);
          else {
            const waitedMs = world.at - firedAt;
            assert.ok(waitedMs <= mergeWaitMs + slackMs, `${key} waits for ${waitedMs} ms`);
          }
        }
      };
      const fire = (kind: string, host: string | undefined): void => {
        count += 1;
        const title = `${host ?? "guardian"} ${kind}: ${count}.`;
        world.alert(kind, { host: host === undefined ? undefined : hostName(host), title });
        since.set(`guardian/lab/${host ?? "guardian"}/${kind}`, world.at);
      };
      for (const { what, host, kind, many, waitMs } of steps) {
        const first = count;
        if (what === "storm") {
          const hosts = Array.from({ length: many }, (_, at) => `compute-${at + 1}`);
          world.storms = world.storms.length === 0 ? [stormOf(hosts)] : [];
          const status = world.storms.length > 0 ? "firing" : "resolved";
          world.alert("storm", { host: undefined, status });
        }
        for (let n = 0; n < many; n += 1) {
          const name = hostName(`compute-${host + n}`);
          // A key of its own each time: what was told before has other bounds.
          if (what === "host") fire(`${kind}-${first}`, name);
          if (what === "ticket") world.alert("degraded", { host: name, class: "ticket" });
          if (what === "end")
            world.alert(`${kind}-${first - 1}`, { host: name, status: "resolved" });
        }
        if (what === "everything") {
          // One try at a time: they leave before the next ones come.
          fire(`nova-${first}`, undefined);
          world.run(250);
        }
        for (let passed = 0; passed < waitMs; passed += 1000) {
          world.run(Math.min(1000, waitMs - passed));
          check();
        }
      }
      for (let n = 0; n < 40; n += 1) {
        world.run(1000);
        check();
      }
      assert.equal(since.size, 0, [...since.keys()].join());
    }),
    { numRuns: Number(process.env["DISPATCH_RUNS"] ?? 60) },
  );
});

function wasTold(world: DispatchFixture, title: string): boolean {
  return world.sent.some(
    ({ message }) =>
      message.status === "firing" &&
      (message.title === title || message.why.some((line) => line.startsWith(title))),
  );
}
