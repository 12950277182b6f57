/** What should be said of a host that is emptied by live migration. */
import { gateWords, type Assessment } from "./assessment.ts";
import { gatesToDrain, isDrainWanted } from "./drain.ts";
import { isFencedAlive } from "./degraded-gates.ts";
import { isOpen } from "./drains.ts";
import type { DrainMove } from "./drain-memory.ts";
import { reasonLines } from "./explain.ts";
import { about, type Wanted } from "./incident-alerts.ts";
import { incidentOf } from "./incidents.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words, type Said } from "./words.ts";

/** Gates hold for moments without anything being wrong. */
const heldMs = 30_000;

/** Under way: for whoever is interested. Servers that stay on a host whose storage or network failed are down. */
export function drainAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted | undefined {
  const drain = state.memory.drains.get(host.host);
  // Fenced, what is down is told by its evacuation.
  const isOver = (incidentOf(state, host.host)?.phase.kind ?? "watching") !== "watching";
  if (isOver) return undefined;
  const held = heldAlert(state, host, assessment);
  if (drain?.moves === undefined) return held;
  const moves = Object.values(drain.moves);
  const done = moves.filter((move) => move.state.kind === "finished");
  const stay = moves.filter(({ state: { kind } }) => kind === "failed" || kind === "left");
  const count = moves.length;
  const why: Wanted["why"] = () => [
    ...stay.map(stayWords),
    ...reasonLines(state, host, assessment),
  ];
  const fencedNext = isFencedAlive(state, host.host, assessment);
  if (stay.length > 0 && (drain.ended || stay.some(({ state: { kind } }) => kind === "failed"))) {
    return about(state, host, assessment, {
      kind: "drain",
      // Where the policy has it fenced next, nobody has to do it.
      class: fencedNext ? "notification" : "page",
      title: words("alert.drain-stays", { host: host.host, stay: stay.length, count }),
      why,
      next: fencedNext ? words("todo.drain-fence") : words("todo.drain-stays", { host: host.host }),
    });
  }
  if (held !== undefined && !moves.some(isOpen)) return held;
  return about(state, host, assessment, {
    kind: "drain",
    class: "notification",
    title: drain.ended
      ? words("alert.drained", { host: host.host, done: done.length })
      : words("alert.drain", { host: host.host }),
    why,
    next: words("todo.drain", { done: done.length, count }),
  });
}

/** The policy wants it emptied, and a gate holds the next one for longer than it takes to look. */
function heldAlert(state: GuardianState, host: HostState, seen: Assessment): Wanted | undefined {
  const drain = state.memory.drains.get(host.host);
  const doneAt = state.memory.degraded.get(host.host)?.doneAt ?? state.now;
  const waits = drain === undefined || Object.values(drain.moves ?? {}).some(isPlanned);
  if (!waits || state.now - doneAt < heldMs || !isDrainWanted(state, host, seen)) return undefined;
  const held = gatesToDrain(state, host).filter(({ pass }) => !pass);
  if (held.length === 0) return undefined;
  return about(state, host, seen, {
    kind: "drain",
    class: "ticket",
    title: words("alert.drain-held", { host: host.host, gates: held.map(({ gate }) => gate) }),
    why: () => [...held.map(gateWords), ...reasonLines(state, host, seen)],
    next: words("todo.drain-held"),
  });
}

function isPlanned({ state }: DrainMove): boolean {
  return state.kind === "planned";
}

function stayWords({ name, state }: DrainMove): Said {
  return state.kind === "failed" || state.kind === "left"
    ? words("why.server-left", { server: name, reason: state.reason })
    : name;
}
