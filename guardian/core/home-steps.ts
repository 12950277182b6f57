/** The turns of a way home: orders that it gives, and the ways in which it ends. */
import { invariant } from "../../shared/invariant.ts";
import type { Effect } from "./effects.ts";
import { devicesThatRead, type Ended } from "./home-gates.ts";
import type { Homecoming, HomeStep } from "./home-memory.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import { deviceTrack } from "./power.ts";
import { fenceLevels } from "./fence-levels.ts";
import { stateWith, type GuardianState, type HostState } from "./state.ts";
import { deviceKey } from "./verification.ts";
import { words, type Said, type Words } from "./words.ts";

export type StepOf<K extends HomeStep["kind"]> = Extract<HomeStep, { kind: K }>;

/** The host's way home changed; the same state when its incident has not ended. */
export function withHome(
  state: GuardianState,
  { host }: HostState,
  change: Partial<Homecoming>,
): GuardianState {
  const phase = incidentOf(state, host)?.phase;
  if (phase?.kind !== "ended" || phase.home === undefined) return state;
  return withPhase(state, host, { ...phase, home: { ...phase.home, ...change } });
}

/** The beginning: where a person asked for it, or the policy says so. */
export function newHome(state: GuardianState, by: Said, byPerson: boolean): Homecoming {
  const step = { kind: "looking", since: state.now } as const;
  return { by, byPerson, askedAt: undefined, seen: undefined, heard: undefined, step };
}

/** Goes on to the next step, and says so. */
export function goOn(
  state: GuardianState,
  host: HostState,
  step: HomeStep,
  text: Words,
  out: Effect[],
): GuardianState {
  const line = { level: "info", host: host.host, event: `home-${step.kind}`, text } as const;
  return say(withHome(state, host, { step }), out, line);
}

/** It is people's from here on. */
export function stop(
  state: GuardianState,
  host: HostState,
  reason: Said,
  isGrave: boolean,
  out: Effect[],
): GuardianState {
  return say(withHome(state, host, { step: { kind: "stopped", reason, isGrave } }), out, {
    level: isGrave ? "error" : "warn",
    host: host.host,
    event: "home-stopped",
    text: words("log.home-stopped", { reason }),
  });
}

/** On with every device of its own that reads off; with none the boot of whoever switched it on is awaited. */
export function orderOn(
  state: GuardianState,
  host: HostState,
  phase: Ended,
  before: { readonly since: StepOf<"on">["since"]; readonly orders: number },
  out: Effect[],
): GuardianState {
  assertMayComeHome(host, phase);
  const incident = incidentOf(state, host.host);
  const devices = devicesThatRead(state, host, "off");
  const { since, orders } = before;
  const step = { kind: "on", since, orderedAt: state.now, orders: orders + 1 } as const;
  if (incident === undefined || devices.length === 0) return withHome(state, host, { step });
  for (const device of devices) {
    const id = `${incident.id}/${host.host}/home-on-${orders + 1}/${device}`;
    const expected = state.memory.devices[deviceKey(host.host, device)]?.pinned;
    const { powerDeadlineMs: deadlineMs } = state.settings.limits;
    out.push({ kind: "power-on", id, host: host.host, device, expected, deadlineMs });
  }
  const homecomings = { ...recent(state), [host.host]: state.wall };
  const known = stateWith(state, { memory: { ...state.memory, homecomings } });
  const noted = withHome(known, host, { ordered: true });
  return goOn(noted, host, step, words("log.home-on", { devices }), out);
}

/** Those of the last day. */
function recent({ memory, wall }: GuardianState): GuardianState["memory"]["homecomings"] {
  const kept = Object.entries(memory.homecomings).filter(([, at]) => wall - at < 86_400_000);
  return Object.fromEntries(kept);
}

/** Invariant 24, in production too: nothing that is switched on by us has a move that may be under way. */
function assertMayComeHome({ host }: HostState, { moves }: Ended): void {
  const open = Object.values(moves).find(
    ({ state: { kind } }) => kind !== "finished" && kind !== "left",
  );
  invariant(open === undefined, `${host} would be switched on, and ${open?.name} may still move`);
}

/**
 * Off again with the first level that is its own and reads on; only while Nova puts no server on the host, which
 * the shell looks up in the moment before. Undefined: there is no such level.
 */
export function orderOffAgain(
  state: GuardianState,
  host: HostState,
  step: StepOf<"off">,
  out: Effect[],
): GuardianState | undefined {
  const incident = incidentOf(state, host.host);
  const on = devicesThatRead(state, host, "on");
  const level = fenceLevels(state.settings, host.host).find(({ devices }) =>
    devices.every((device) => on.includes(device)),
  );
  if (incident === undefined || level === undefined) return undefined;
  for (const device of level.devices) {
    const reading = deviceTrack(host, device).readings.at(-1)?.reading;
    if (reading === undefined || reading.power === "unknown") continue;
    out.push({
      kind: "power-off",
      id: `${incident.id}/${host.host}/home-off-${step.orders + 1}/${device}`,
      host: host.host,
      device,
      expected: reading.identity,
      deadlineMs: state.settings.limits.powerDeadlineMs,
      ifEmpty: true,
    });
  }
  const next = { ...step, orderedAt: state.now, orders: step.orders + 1 };
  return say(withHome(state, host, { step: next }), out, {
    level: "error",
    host: host.host,
    event: "home-off",
    text: words("log.home-off", { devices: level.devices }),
  });
}
