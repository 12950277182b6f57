/**
 * Random pages that begin and end on channels that break and are mended: somebody learns of each, be it over by
 * then, and no channel is called to what is long past.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../support/properties.ts";
import type { DispatchSettings } from "../../guardian/dispatch/settings.ts";
import { hostName } from "../../shared/names.ts";
import {
  DispatchFixture,
  failing,
  pagesTo,
  refused,
  settingsWith,
} from "../support/dispatch-fixture.ts";

const minute = 60_000;
const wide = { burst: 100, perMinute: 600 };
/** Pages to the chat alone; mail gets what is handed on. */
const routes = pagesTo("chat");

/** `ceiling`: messages of one incident on a channel, beyond which new words about a page wait five minutes. */
function settings(joins: boolean, ceiling: number): DispatchSettings {
  const chat = { rate: wide, feed: false, ...(joins ? { joins: true as const } : {}) };
  const channels = new Map([
    ["chat", chat],
    ["mail", { rate: wide, feed: false }],
  ]);
  return settingsWith([], { channels, routes, perIncidentMax: ceiling });
}

const step = fc.record({
  what: fc.constantFrom("page", "page", "end", "end", "again", "chat", "mail", "restart"),
  host: fc.integer({ min: 1, max: 2 }),
  answer: fc.constantFrom("taken", "taken", "failing", "refused"),
  waitMs: fc.constantFrom(1000, 15_000, 45_000, 150_000, 900_000, 7_200_000),
});

/** The end of a page is refused, and nothing is sent to that channel afterwards. */
const refusedEnd = (["page", "chat", "end", "restart"] as const).map((what) => {
  return { what, host: 1, answer: "refused" as const, waitMs: 1000 as const };
});

/** Told six times already; its newest words wait, and it ends before they are due. */
const spentThenOver = ([7_200_000, 1000, 1000, 1000] as const).map((waitMs) => {
  return { what: "page" as const, host: 1, answer: "taken" as const, waitMs };
});
const over = { what: "end" as const, host: 1, answer: "taken" as const, waitMs: 1000 as const };

for (const [joins, ceiling] of [
  [false, 1000],
  [true, 1000],
  [false, 6],
  [true, 6],
] as const) {
  test(`somebody learns of every page, over or not (joins: ${joins}, ceiling: ${ceiling})`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const world = new DispatchFixture(settings(joins, ceiling));
        const firing = new Map<string, string>();
        /** By host, all that its page said since it began last, the newest at the end. */
        const titles = new Map<string, readonly string[]>();
        for (const [index, { what, host, answer, waitMs }] of steps.entries()) {
          const name = hostName(`compute-${host}`);
          const title = firing.get(name);
          if (what === "page" || (what === "again" && title !== undefined)) {
            const next = `${name} held (${index})`;
            world.alert("held", { host: name, title: next });
            firing.set(name, next);
            // So long that it is no matter of being gathered.
            world.run(11_000);
            titles.set(name, [...(title === undefined ? [] : (titles.get(name) ?? [])), next]);
          } else if (what === "end" && title !== undefined) {
            world.alert("held", { host: name, title, status: "resolved" });
            firing.delete(name);
          } else if (what === "chat" || what === "mail") {
            if (answer === "taken") world.answers.delete(what);
            else world.answers.set(what, answer === "failing" ? failing : refused);
          } else if (what === "restart") {
            const known = [...world.state.alerts.values()].map(({ message }) => message);
            world.restart(known.filter(({ status }) => status === "firing"));
          }
          world.run(waitMs);
        }
        // One of the two works again, and that must do.
        const [mended = "", broken = ""] =
          steps.length % 2 === 0 ? ["chat", "mail"] : ["mail", "chat"];
        world.answers.delete(mended);
        world.answers.set(broken, failing);
        world.run(50 * minute);
        const said = world.sent.flatMap(({ message }) => [message.title, ...message.why]);
        for (const one of titles.values()) {
          // At the ceiling, new words about a page that was told may still wait when it ends.
          const enough = ceiling === 6 ? one : one.slice(-1);
          assert.ok(
            said.some((line) => enough.some((title) => line.includes(title))),
            `${enough.join(", ")} was told to nobody`,
          );
        }
        world.answers.clear();
        for (const name of firing.keys())
          world.alert("held", { host: hostName(name), status: "resolved" });
        world.run(60 * minute);
        const { alerts, rows, digests } = world.state;
        // A channel that refused its last message and has had none since is still known as broken.
        const left = [...alerts.keys()].filter((key) => !/\/guardian\/channel-/.test(key));
        assert.deepEqual([left, [...rows.keys()], [...digests.keys()]], [[], [], []]);
      }),
      {
        numRuns: Number(process.env["DISPATCH_RUNS"] ?? 20),
        examples: [[refusedEnd], [[...spentThenOver, over]]],
      },
    );
  });
}
