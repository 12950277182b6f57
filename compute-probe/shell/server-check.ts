/** Looks at the servers' statistics, rarely: which of them hang, and what each of them uses. */
import type { Clock } from "../../shared/clock.ts";
import type { Logger } from "../../shared/log.ts";
import type { ServerId } from "../../shared/names.ts";
import {
  hungServers,
  samplesOfServer,
  watchServers,
  type ServerStats,
  type WatchedServers,
} from "../core/server-stats.ts";
import { gauge, type ResourceSample, type Summary } from "../core/standing.ts";
import type { Hypervisor } from "../ports.ts";

export interface ServerCheck {
  round(): Promise<void>;
  summary(): Summary | undefined;
  /** What the last look showed of each server; once, then nothing until the next look. */
  takeSamples(): readonly ResourceSample[];
}

export function createServerCheck(options: {
  readonly hypervisor: Hypervisor;
  readonly deadlineMs: number;
  readonly hungAfterMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}): ServerCheck {
  const { clock, log } = options;
  let watched: WatchedServers = new Map();
  let hung: readonly ServerId[] = [];
  let fresh: readonly ServerStats[] = [];
  let summary: Summary | undefined;

  function sayChanges(now: readonly ServerId[]): void {
    for (const server of now.filter((one) => !hung.includes(one))) {
      log.warn({ event: "server-hung", server }, "its QEMU answers nothing and uses no CPU");
    }
    for (const server of hung.filter((one) => !now.includes(one))) {
      log.info({ event: "server-answers", server }, "its QEMU answers again, or it is gone");
    }
    hung = now;
  }

  return {
    summary: () => summary,
    takeSamples() {
      const taken = fresh;
      fresh = [];
      return taken.flatMap(samplesOfServer);
    },
    async round() {
      const look = await options.hypervisor.stats(options.deadlineMs);
      const atMs = clock.monoMs();
      if (look.kind === "none") {
        // Nothing is known of any server: those that hung are not known to have stopped to.
        summary = { state: "unknown", level: "unknown", atMs, text: look.reason, samples: [] };
        return;
      }
      watched = watchServers(watched, look.servers, atMs);
      fresh = look.servers;
      sayChanges(hungServers(watched, atMs, options.hungAfterMs));
      const text = hung.length === 0 ? `${watched.size} running` : `hang: ${hung.join(", ")}`;
      summary = {
        state: hung.length === 0 ? "ok" : "hung",
        level: hung.length === 0 ? "ok" : "critical",
        atMs,
        text,
        samples: [
          gauge("servers.hung", "server", hung.length),
          ...hung.map((server) => ({ ...gauge("server.hung", "bool", 1, server) })),
        ],
      };
    },
  };
}
