/** Plays a scenario's commands in its world, and gives the texts that its folder must hold. */
import { buildWorld, parseScript, perform, settleMs, type Script } from "./script.ts";
import { Told } from "./told.ts";
import type { World } from "./world.ts";

export interface Story {
  /** By file name. */
  readonly texts: Readonly<Record<string, string>>;
  readonly violations: readonly string[];
}

/** The whole story of a `commands.txt`. */
export function playStory(commands: string): Story {
  const script = parseScript(commands);
  const world = buildWorld(script, 7);
  world.run(settleMs);
  world.log.length = 0;
  world.logFrom = settleMs;
  const told = new Told(world);
  world.guardian.watcher = told;
  performAll(world, script);
  const still = [...world.firing.values()].map((message) => `${message.class} ${message.dedupKey}`);
  const where = [...world.nova.servers.values()].map(
    (server) => `${server.name} ${server.status} on ${server.host}`,
  );
  const end = ["", "firing at the end:", ...still.sort(), "", "servers at the end:", ...where];
  const texts = {
    "expected.log": [...world.log, ...end, ""].join("\n"),
    "messages.txt": [...told.messages, ""].join("\n"),
    "explained.txt": [...told.explanations, ""].join("\n"),
  };
  return { texts, violations: world.violations };
}

/** Each command at its time, counted from when the world has settled. */
export function performAll(world: World, { commands }: Script): void {
  for (const { atMs, words } of commands) {
    world.run(settleMs + atMs - world.queue.now);
    perform(world, words);
  }
}
