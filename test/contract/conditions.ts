/** The conditions under which the detector's contract is measured: small, frequent troubles. */
import type { Random } from "../../shared/random.ts";
import type { World } from "../support/world.ts";

export interface Condition {
  readonly name: string;
  readonly means: string;
  /** Sets it up, and keeps it going for as long as the world runs. */
  readonly begin: (world: World, random: Random) => void;
}

export const conditions: readonly Condition[] = [
  { name: "LAN", means: "no loss", begin: () => undefined },
  {
    name: "1 % loss",
    means: "each datagram is lost with 1 %, and comes up to 50 ms late",
    begin: (world) => {
      for (const host of world.hosts.values()) {
        host.link = { lossShare: 0.01, delayMs: 50, duplicateShare: 0 };
      }
    },
  },
  {
    name: "bursts",
    means: "about every 5 min a host's datagrams are all lost for 1 to 2.5 s",
    begin: (world, random) => {
      for (const host of world.hosts.values()) {
        const burst = (): void => {
          host.link = { lossShare: 1, delayMs: 0, duplicateShare: 0 };
          world.queue.in(1000 + 1500 * random.next(), () => (host.link = undefined));
          world.queue.in(200_000 + 200_000 * random.next(), burst);
        };
        world.queue.in(300_000 * random.next(), burst);
      }
    },
  },
  {
    name: "guardian stalls",
    means: "about every 2 min the guardian's process stands still for 1 to 4 s",
    begin: (world, random) => {
      const stall = (): void => {
        world.guardian.pausedUntil = world.queue.now + 1000 + 3000 * random.next();
        world.queue.in(90_000 + 60_000 * random.next(), stall);
      };
      world.queue.in(120_000 * random.next(), stall);
    },
  },
  {
    name: "collector restarts",
    means: "about every 5 min the only collector is down for 2 s and begins a new epoch",
    begin: (world, random) => {
      const restart = (): void => {
        for (const collector of world.collectors.all) {
          collector.up = false;
          world.queue.in(2000, () => world.collectors.restart(collector));
        }
        world.queue.in(250_000 + 100_000 * random.next(), restart);
      };
      world.queue.in(300_000 * random.next(), restart);
    },
  },
];
