/** How many messages people get, with the decision core that runs in production in front of the rules. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect } from "../../guardian/core/effects.ts";
import type { AlertMessage } from "../../guardian/ports.ts";
import { hostName } from "../../shared/names.ts";
import { seededRandom } from "../../shared/random.ts";
import { CoreDispatch } from "../support/core-dispatch.ts";
import { CoreFixture } from "../support/core-fixture.ts";
import { settingsWith } from "../support/dispatch-fixture.ts";
import { World } from "../support/world.ts";
import { worldSettings } from "../support/world-settings.ts";

const minute = 60_000;
const channels = ["chat", "mail"];

/** The core fixture, and people behind it, second by second. */
function together(core: CoreFixture): {
  readonly chat: CoreDispatch;
  readonly run: (ms: number) => void;
} {
  const chat = new CoreDispatch(settingsWith(channels));
  let from = core.effects.length;
  return {
    chat,
    run: (ms) => {
      for (let passed = 0; passed < ms; passed += 1000) {
        core.run(1000);
        chat.follow(core.state, core.effects.slice(from), 1000);
        from = core.effects.length;
      }
    },
  };
}

function said(messages: readonly AlertMessage[]): readonly string[] {
  return messages.map((message) => `${message.class} ${message.status} ${message.title}`);
}

test("an evacuation of 200 servers is at most six messages on a channel", () => {
  const names = Array.from({ length: 20 }, (_, n) => hostName(`compute-${n + 1}`));
  const settings = worldSettings(names, {});
  const world = new World(settings, names, seededRandom(3));
  const victim = hostName("compute-1");
  world.addServers(victim, 200);
  const { people, follow } = followed(world);
  follow(60_000);
  world.cutPower(victim);
  follow(25 * minute);
  const moved = new Set(world.evacuations.map(({ server }) => server));
  assert.equal(moved.size, 200, "all servers were moved");
  for (const channel of channels) {
    const messages = people.people.messages(channel);
    assert.ok(messages.length >= 2 && messages.length <= 6, said(messages).join("\n"));
    assert.ok(
      messages.some(({ kind, status }) => kind === "evacuated" && status === "firing"),
      said(messages).join("\n"),
    );
  }
});

function followed(world: World): {
  readonly people: CoreDispatch;
  readonly follow: (ms: number) => void;
} {
  const people = new CoreDispatch(settingsWith(channels));
  const effects: Effect[] = [];
  world.guardian.watcher = {
    ordered: () => undefined,
    took: (_, done) => void effects.push(...done),
  };
  return {
    people,
    follow: (ms) => {
      for (let passed = 0; passed < ms; passed += 500) {
        world.run(500);
        people.follow(world.state, effects.splice(0), 500);
      }
    },
  };
}

test("200 servers that do not come up elsewhere are still at most six, and a page is among them", () => {
  const core = new CoreFixture({}, 20);
  const victim = hostName("compute-1");
  for (let n = 1; n <= 200; n += 1)
    core.nova.addServer(victim, `vm-${n}`, { volumeBacked: n % 2 === 0 });
  core.run(15_000);
  const { chat, run } = together(core);
  core.powerLoss(victim);
  run(10 * minute);
  for (const channel of channels) {
    const messages = chat.people.messages(channel);
    const pages = messages.filter((message) => message.class === "page");
    assert.ok(
      pages.some(({ kind }) => kind === "left-behind"),
      said(messages).join("\n"),
    );
    assert.ok(messages.length <= 6, said(messages).join("\n"));
  }
});

test("a storm of 100 hosts is one page on each channel", () => {
  const core = new CoreFixture({}, 120).run(15_000);
  const { chat, run } = together(core);
  for (let n = 1; n <= 100; n += 1) core.powerLoss(hostName(`compute-${n}`));
  run(7 * minute);
  for (const channel of channels) {
    const messages = chat.people.messages(channel);
    assert.deepEqual(said(messages).length, 1, said(messages).join("\n"));
    assert.equal(messages[0]?.kind, "storm");
    assert.match(messages[0]?.impact ?? "", /100 hosts/);
  }
});

test("hosts that fall silent one after the other are three pages, what is merged, and the storm", () => {
  const core = new CoreFixture({}, 60).run(15_000);
  const { chat, run } = together(core);
  for (let n = 1; n <= 30; n += 1) {
    core.powerLoss(hostName(`compute-${n}`));
    if (n % 2 === 0) run(1000);
  }
  run(7 * minute);
  for (const channel of channels) {
    const messages = chat.people.messages(channel);
    const pages = messages.filter(
      (message) => message.class === "page" && message.status === "firing",
    );
    console.log(
      said(messages)
        .map((x) => x.slice(0, 150))
        .join("\n"),
    );
    assert.ok(pages.length <= 7, said(messages).join("\n"));
    assert.ok(
      pages.some(({ kind }) => kind === "storm"),
      said(messages).join("\n"),
    );
  }
});
