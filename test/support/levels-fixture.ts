/** Host 1 with levels of power devices, each of which says what a test tells it to. */
import assert from "node:assert/strict";
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { HostSettings, Settings } from "../../guardian/core/settings.ts";
import type { PowerOffAnswer } from "../../guardian/ports.ts";
import type { HostName } from "../../shared/names.ts";
import { CoreFixture, host1 } from "./core-fixture.ts";

/** `lost`: the reading never comes back. */
export type PowerWord = "on" | "off" | "unknown" | "lost";

/** What its devices read, and answer to an off command, by name; nothing they say changes the world. */
export class LevelsFixture extends CoreFixture {
  readonly power = new Map<string, PowerWord>();
  readonly offAnswers = new Map<string, PowerOffAnswer>();
  override take(event: GuardianEvent): readonly Effect[] {
    if (event.kind === "power-read" && event.host === host1) {
      const power = this.power.get(event.device);
      if (power === undefined) return super.take(event);
      if (power === "lost") return [];
      if (power === "unknown")
        return super.take({ ...event, reading: { power, reason: "no answer" } });
      const shown = this.guids.get(`${host1}/${event.device}`) ?? this.factsOf(host1).guid;
      const guid = shown === "" ? undefined : shown;
      const identity = { guid, uuid: undefined, serial: undefined };
      return super.take({ ...event, reading: { power, identity } });
    }
    if (event.kind === "power-off-answered" && event.host === host1) {
      const answer = this.offAnswers.get(event.device);
      return super.take(answer === undefined ? event : { ...event, answer });
    }
    return super.take(event);
  }
}

function withLevels(levels: readonly (readonly string[])[]): Partial<Settings> {
  const { hosts } = new CoreFixture({}, 24).settings;
  const changed = [...hosts].map(([host, entry]): [HostName, HostSettings] => {
    if (host !== host1) return [host, entry];
    const own = levels.map((devices) => ({ devices, deadlineMs: undefined }));
    return [host, { ...entry, devices: levels.flat(), levels: own }];
  });
  return { hosts: new Map(changed) };
}

/** Twenty-four hosts, so that two in trouble are no storm; host 1 has one server. */
export function settledLevels(levels: readonly (readonly string[])[]): LevelsFixture {
  const core = new LevelsFixture(withLevels(levels), 24);
  core.fact(host1, { turnsOff: false });
  for (const device of levels.flat()) {
    if (device !== "bmc") core.guids.set(`${host1}/${device}`, "");
    core.power.set(device, "on");
  }
  core.run(15_000);
  const { now: at, wall } = core.state;
  core.take({ kind: "vouched", at, wall, host: host1, by: "alice", reason: "looked" });
  core.nova.addServer(host1, "vm-1", {});
  return core.run(1000);
}

/** Runs until something is so; fails when it never is. */
export function runUntil(core: CoreFixture, what: () => boolean): void {
  for (let ms = 0; ms < 120_000 && !what(); ms += 250) core.run(250);
  assert.ok(what(), "it never came to it");
}
