/**
 * Maintenance: an operator's hold on a host, by verb, by a planned window or by the configuration.
 * Its end is wall time, which may step: it is over only when both the wall clock and the start's wall
 * time with our own monotonic time have passed it, so that no step of a clock begins a fence; an end that was given
 * after a step is of the clock that had stepped. A host
 * that is silent then stays held until it reports or a person clears it: somebody may be late.
 */
import type { HostName } from "../../shared/names.ts";
import { describeWall } from "../../shared/time.ts";
import { mapWith, mapWithout } from "./copied-map.ts";
import type { Effect } from "./effects.ts";
import type { MaintenanceCleared, MaintenanceSet } from "./events.ts";
import { say } from "./incidents.ts";
import type { Maintenance } from "./memory.ts";
import { membersOf } from "./modes.ts";
import type { MaintenanceWindow } from "./settings.ts";
import { hostOf, type GuardianState, stateWith } from "./state.ts";
import { words, type Words } from "./words.ts";

/** What holds a host now; undefined when it is in service. */
export function maintenanceOf(state: GuardianState, host: HostName): Maintenance | undefined {
  const entry = state.memory.maintenance.get(host);
  if (entry !== undefined && !entry.cleared) return entry;
  const reason = state.settings.hosts.get(host)?.maintenance;
  if (reason === undefined) return undefined;
  return {
    reason,
    owner: "",
    by: words("maintenance.by-configuration"),
    sinceWall: state.startedWall,
    untilWall: undefined,
    window: undefined,
    cleared: false,
    overdue: false,
  };
}

/** "kernel upgrade, by bob, until 2026-11-22 09:00 UTC". */
export function maintenanceWords(maintenance: Maintenance): Words {
  let said = saidOf.get(maintenance);
  if (said === undefined) saidOf.set(maintenance, (said = makeWords(maintenance)));
  return said;
}

/** Asked for every round, and the same as long as the entry is. */
const saidOf = new WeakMap<Maintenance, Words>();

function makeWords({ reason, owner, untilWall, overdue }: Maintenance): Words {
  // The configuration's own key has neither owner nor end.
  if (owner === "") return words("maintenance.configured", { reason });
  if (untilWall === undefined) return words("maintenance.open", { reason, owner });
  const until = words("maintenance.until", { reason, owner, end: describeWall(untilWall) });
  return overdue ? words("maintenance.overdue", { maintenance: until }) : until;
}

/** A person puts a host into maintenance, or changes its reason, owner or end. */
export function foldMaintenanceSet(
  state: GuardianState,
  event: MaintenanceSet,
  out: Effect[],
): GuardianState {
  const { host, reason, owner, by, untilWall } = event;
  const entry: Maintenance = {
    reason,
    owner,
    by,
    sinceWall: event.wall,
    untilWall,
    window: undefined,
    cleared: false,
    clock: { startedWall: state.startedWall, aheadMs: event.wall - steadyWall(state) },
    overdue: false,
    ...clearedOf(state.memory.maintenance.get(host)),
  };
  return say(withEntry(state, host, entry), out, {
    level: "info",
    host,
    event: "maintenance-set",
    text: words("log.maintenance-set", { maintenance: maintenanceWords(entry), by }),
  });
}

/** A person ends it; a planned window that is open does not begin it again. */
export function foldMaintenanceCleared(
  state: GuardianState,
  event: MaintenanceCleared,
  out: Effect[],
): GuardianState {
  const { host, by } = event;
  const entry = state.memory.maintenance.get(host);
  if (entry === undefined || entry.cleared) return state;
  const open = state.settings.windows.filter(
    (window) => isOpen(state, window) && covers(state, window, host),
  );
  const next = withoutEntry(state, host, open.map(windowId));
  const { reason } = event;
  return say(next, out, {
    level: "info",
    host,
    event: "maintenance-cleared",
    text:
      reason === ""
        ? words("log.maintenance-cleared", { by })
        : words("log.maintenance-cleared-because", { by, reason }),
  });
}

/** Once a round: what is over ends, and windows that are open begin. */
export function foldMaintenance(state: GuardianState, out: Effect[]): GuardianState {
  let next = state;
  for (const name of state.memory.maintenance.keys()) {
    next = endWhatIsOver(next, name as HostName, out);
  }
  for (const window of state.settings.windows) {
    if (isOpen(state, window)) next = beginWindow(next, window, out);
  }
  return next;
}

/** When it is over, and not before. */
function isOver(state: GuardianState, untilWall: number, clock?: Maintenance["clock"]): boolean {
  // Another start of ours began by the clock as it is now.
  const aheadMs = clock?.startedWall === state.startedWall ? clock.aheadMs : 0;
  return Math.min(state.wall, steadyWall(state) + aheadMs) >= untilWall;
}

/** The wall time as it would be if no clock had stepped since our start. */
function steadyWall(state: GuardianState): number {
  return state.startedWall + (state.now - state.startedAt);
}

function isOpen(state: GuardianState, window: MaintenanceWindow): boolean {
  const latest = Math.max(state.wall, steadyWall(state));
  return latest >= window.startWall && !isOver(state, window.endWall);
}

function endWhatIsOver(state: GuardianState, host: HostName, out: Effect[]): GuardianState {
  const entry = state.memory.maintenance.get(host);
  if (entry === undefined) return state;
  const { window } = entry;
  const planned = window !== undefined;
  if (planned && !state.settings.windows.some((known) => windowId(known) === window)) {
    const since = hostOf(state, host).freshSince;
    // Somebody may still be in the chassis: tidying a file brings nobody out of it.
    if (since === undefined && !entry.cleared) return state;
    return tellEnd(state, host, entry, words("maintenance.window-gone"), out);
  }
  if (entry.untilWall === undefined || !isOver(state, entry.untilWall, entry.clock)) return state;
  if (entry.cleared) return withoutEntry(state, host);
  const { freshSince } = hostOf(state, host);
  const steady =
    freshSince !== undefined && state.now - freshSince >= state.settings.limits.graceFreshMs;
  if (steady) return tellEnd(state, host, entry, words("maintenance.end-has-come"), out);
  if (entry.overdue) return state;
  return say(withEntry(state, host, { ...entry, overdue: true }), out, {
    level: "warn",
    host,
    event: "maintenance-overdue",
    text: words("log.maintenance-overdue", { reason: entry.reason }),
  });
}

function tellEnd(
  state: GuardianState,
  host: HostName,
  entry: Maintenance,
  why: Words,
  out: Effect[],
): GuardianState {
  const ended = withoutEntry(state, host);
  if (entry.cleared) return ended;
  return say(ended, out, {
    level: "info",
    host,
    event: "maintenance-ended",
    text: words("log.maintenance-ended", { reason: entry.reason, why }),
  });
}

function beginWindow(
  state: GuardianState,
  window: MaintenanceWindow,
  out: Effect[],
): GuardianState {
  let next = state;
  for (const host of hostsOf(state, window)) {
    const before = next.memory.maintenance.get(host);
    const cleared = clearedOf(before);
    const wasCleared = cleared.clearedWindows?.includes(windowId(window)) === true;
    if ((before !== undefined && !before.cleared) || wasCleared) continue;
    const entry = { ...windowEntry(window), ...cleared };
    next = say(withEntry(next, host, entry), out, {
      level: "info",
      host,
      event: "maintenance-began",
      text: words("log.maintenance-began", { maintenance: maintenanceWords(entry), by: entry.by }),
    });
  }
  return next;
}

function hostsOf(state: GuardianState, window: MaintenanceWindow): readonly HostName[] {
  const named = window.groups.flatMap((name) => membersOf(state, name));
  return [...new Set([...window.hosts, ...named])].sort();
}

function covers(state: GuardianState, window: MaintenanceWindow, host: HostName): boolean {
  return hostsOf(state, window).includes(host);
}

/** Another time under the same name is another window. */
function windowId(window: MaintenanceWindow): string {
  return `${window.name}/${window.startWall}/${window.endWall}`;
}

function windowEntry(window: MaintenanceWindow): Maintenance {
  const { reason, owner, name, startWall, endWall } = window;
  return {
    reason,
    owner,
    by: words("maintenance.by-window", { name }),
    sinceWall: startWall,
    untilWall: endWall,
    window: windowId(window),
    cleared: false,
    overdue: false,
  };
}

function withEntry(state: GuardianState, host: HostName, entry: Maintenance): GuardianState {
  const maintenance = mapWith(state.memory.maintenance, host, entry);
  return stateWith(state, { memory: { ...state.memory, maintenance } });
}

/** The windows that a person cleared with it; journals of earlier releases name the one that it is of. */
function clearedOf(entry: Maintenance | undefined): Pick<Maintenance, "clearedWindows"> {
  if (entry === undefined) return {};
  const { clearedWindows, cleared, window } = entry;
  if (clearedWindows !== undefined) return { clearedWindows };
  return cleared && window !== undefined ? { clearedWindows: [window] } : {};
}

/** It ends. What remains is which windows were cleared, `further` ones too, while one of them is open. */
function withoutEntry(
  state: GuardianState,
  host: HostName,
  further: readonly string[] = [],
): GuardianState {
  const before = clearedOf(state.memory.maintenance.get(host)).clearedWindows ?? [];
  const ids = [...new Set([...before, ...further])];
  const [last] = state.settings.windows
    .filter((window) => ids.includes(windowId(window)) && isOpen(state, window))
    .sort((one, other) => other.endWall - one.endWall);
  if (last !== undefined) {
    return withEntry(state, host, { ...windowEntry(last), cleared: true, clearedWindows: ids });
  }
  const maintenance = mapWithout(state.memory.maintenance, host);
  return stateWith(state, { memory: { ...state.memory, maintenance } });
}
