/** Routes, second level and feeds as the configuration has them, and what of it is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readGuardianConfig } from "../../guardian/config.ts";
import { dispatchSettings } from "../../guardian/dispatch-settings.ts";
import type { DispatchSettings } from "../../guardian/dispatch/settings.ts";
import type { Notifier } from "../../guardian/ports.ts";
import { settingsFrom } from "../../guardian/settings-from-config.ts";

const good = `
collectors: [{ id: collector-1 }]
networks: { management: { anchors: [192.0.2.1] } }
`;
const channels = `
  webhooks: [{ name: hook, urlFile: /hook }]
  channels:
    - { name: duty, kind: dingtalk, urlFile: /duty }
    - { name: group, kind: webhook, urlFile: /group }`;

function problemsOf(alerts: string): readonly string[] {
  const loaded = readGuardianConfig(`${good}alerts:${channels}\n${alerts}`, {});
  return loaded.kind === "problems" ? loaded.problems : [];
}

function settingsOf(alerts: string): DispatchSettings {
  const loaded = readGuardianConfig(`${good}alerts:${channels}\n${alerts}`, {});
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const send: Notifier["send"] = () => Promise.resolve({ kind: "delivered" });
  const notifiers: readonly Notifier[] = [
    { name: "hook", send },
    { name: "duty", send, rate: { burst: 5, perMinute: 15 } },
    { name: "group", send },
  ];
  return dispatchSettings(loaded.config, settingsFrom(loaded.config, "lab"), notifiers);
}

test("webhooks are for programs until a route or the second level names them", () => {
  const feeds = (alerts: string): readonly string[] =>
    [...settingsOf(alerts).channels].flatMap(([name, { feed }]) => (feed ? [name] : []));
  assert.deepEqual(feeds(""), ["hook", "group"]);
  assert.deepEqual(feeds("  routes: [{ name: all, channels: [group] }]"), ["hook"]);
  assert.deepEqual(feeds("  escalation: { channels: [hook] }"), ["group"]);
  assert.deepEqual(feeds("  feeds: [duty]"), ["duty"]);
});

test("what is configured arrives, with the provider's own rate", () => {
  const settings = settingsOf(`
  timeZone: Asia/Shanghai
  groupFor: 10s
  routes: [{ name: all, hours: "00:00-24:00", channels: [duty] }]
  escalation: { after: 5m, channels: [group], times: 2 }`);
  assert.equal(settings.timeZone, "Asia/Shanghai");
  assert.equal(settings.groupMs, 10_000);
  assert.deepEqual(settings.channels.get("duty")?.rate, { burst: 5, perMinute: 15 });
  assert.deepEqual(settings.routes[0]?.hours, { fromMinute: 0, toMinute: 1440, days: [] });
  const { afterMs, repeatMs, times } = settings.escalation ?? {};
  assert.deepEqual([afterMs, repeatMs, times], [300_000, 900_000, 2]);
});

test("a page that goes nowhere at some hour, unknown channels and hours are refused, with their place", () => {
  assert.match(
    problemsOf(`  routes: [{ name: day, hours: "08:00-20:00", channels: [duty] }]`)[0] ?? "",
    /^alerts\.routes: on sun 00:00 a page goes to no channel; add a route/,
  );
  const problems = problemsOf(`
  routes:
    - { name: a, channels: [dutty] }
    - { name: a, hours: "8-9", channels: [] }
  feeds: [duty, nobody]
  escalation: { after: 1s, channels: [phone] }`).join("\n");
  for (const said of [
    /alerts\.routes\.1\.hours: "8-9" is no hours such as/,
    /alerts\.routes\.1\.channels: must name a channel/,
    /alerts\.escalation\.after: "1s" is less than 1m/,
  ]) {
    assert.match(problems, said);
  }
  const names = problemsOf(`
  routes: [{ name: a, channels: [dutty, duty] }, { name: a, channels: [duty] }]
  feeds: [duty, nobody]
  escalation: { channels: [phone] }`).join("\n");
  for (const said of [
    /route a: no such channel: dutty; known: hook, duty, group/,
    /escalation: no such channel: phone/,
    /a route "a" is there already/,
    /alerts\.feeds: duty is a feed and in a route or the escalation/,
    /alerts\.feeds: no such channel: nobody/,
  ]) {
    assert.match(names, said);
  }
});
