/** Commands of scenarios about collectors, the store and the live view. */
import { hostName } from "../../shared/names.ts";
import { parseDuration } from "../../shared/time.ts";
import type { World } from "./world.ts";

/** Runs one such command. */
export function telemetryCommand(world: World, words: readonly string[]): void {
  const [verb = "", first = "", second = ""] = words;
  if (verb === "store") store(world, first);
  else if (verb === "live-view") world.liveUp = first === "up";
  else if (verb === "recording") recording(world, first, parseDuration(second) ?? 0);
  else collector(world, first, second);
}

/** recording HOST TIME: reports of an earlier boot are played each second for so long. */
function recording(world: World, name: string, lengthMs: number): void {
  const host = world.host(hostName(name));
  for (let ms = 0; ms < lengthMs; ms += 1000) {
    world.queue.in(ms, () => world.collectors.play(host));
  }
}

/** store up|down|old|new: `old` rows of this moment are all that it shows until it shows `new` ones. */
function store({ collectors }: World, what: string): void {
  if (what === "old") collectors.stale = collectors.stored();
  if (what === "old" || what === "new") collectors.staleShare = what === "old" ? 1 : 0;
  else collectors.storeUp = what === "up";
}

function collector(world: World, id: string, what: string): void {
  const found = world.collectors.all.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no collector ${id}`);
  if (what === "kill") found.up = false;
  else if (what === "start") world.collectors.restart(found);
  else if (what === "stall") world.collectors.stall(found);
  else if (what === "resume") world.collectors.resume(found);
  else if (what === "stick") found.storeStuck = true;
  else if (what === "drop") found.dropped += 100;
}
