/** What people must be told, on the world of the model: of a silent host, of a server that runs twice. */
import { overMs } from "../../guardian/core/look-back.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { HostName } from "../../shared/names.ts";
import { quantumMs } from "./model-settings.ts";
import type { ModelWorld } from "./model-world.ts";

/**
 * A Nova that does not answer and moves that stand still are paged after 30 s of their own, which
 * the model cannot scale down; the page of a silent host waits for them.
 */
const slackMs = 30_000 + 3 * quantumMs;

/**
 * A host that is silent for long, with no move under way, has a page, whatever holds it. Once a proof stands its
 * work has begun, and has bounds of its own; of a host that is rehearsed, empty as it is, a ticket tells.
 */
export function judgeSilence(name: HostName, state: GuardianState, world: ModelWorld): string[] {
  const since = state.hosts.get(name)?.silentSince;
  const phase = state.memory.incidents.get(name)?.phase;
  if (since === undefined || phase?.kind === "ended") return [];
  if (phase?.kind === "evacuating" && phase.moves !== undefined) return [];
  if (state.memory.released.includes(name)) return [];
  const proven = phase?.kind === "evacuating" && phase.proof !== undefined;
  const boundMs = state.settings.limits.unattendedMs + slackMs;
  const from = Math.max(since, state.startedAt, proven ? phase.since : 0);
  if (state.now - from < boundMs) return [];
  const step = state.memory.rehearsals.get(name)?.step.kind ?? "failed";
  const isEmpty = world.host(name).server.host !== name;
  const classes = step !== "failed" && isEmpty ? ["page", "ticket"] : ["page"];
  return isAttended(name, state, classes) ? [] : [`invariant 22: ${name} is silent, no page`];
}

/** A server runs on a host that lives, and elsewhere: whoever started it, somebody is called. */
export function judgeTwice(name: HostName, state: GuardianState, world: ModelWorld): string[] {
  const { runs, server, poweredAt } = world.host(name);
  const isTwice = runs && server.runsElsewhere && !world.emptied && world.lives(name);
  const isOurs = state.memory.incidents.get(name)?.phase.kind === "ended";
  // Its server needs 20 s to start; then it takes a report, a list, and a round; one that people have taken
  // back is looked at for longer.
  const noticedMs = 20_000 + 4 * quantumMs + (isOurs ? 0 : overMs);
  if (!isTwice || world.now - poweredAt < noticedMs) return [];
  if (isAttended(name, state, ["page"]) || state.memory.released.includes(name)) return [];
  const where = isOurs ? "" : " on a host that was released before it started there";
  return [`invariant 1: the server of ${name} runs twice${where}, and there is no page`];
}

/** Whether people know: an alert of such a class fires about the host or the guardian itself. */
export function isAttended(
  name: HostName,
  state: GuardianState,
  classes: readonly string[],
): boolean {
  return Object.values(state.memory.alerts).some(({ message }) => {
    const about = message.host === undefined || message.host === name;
    return about && classes.includes(message.class);
  });
}
