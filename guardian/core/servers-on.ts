/**
 * The servers of a suspect host on which nothing will be done by itself (maintenance, mode, disarmed):
 * looked up ahead, so that the page that says so can name what is down.
 */
import type { MonoMs } from "../../shared/time.ts";
import { armingOf } from "./arming.ts";
import type { Effect } from "./effects.ts";
import type { ServersSeen } from "./events.ts";
import { incidentOf } from "./incidents.ts";
import { maintenanceOf } from "./maintenance.ts";
import { modeOf } from "./modes.ts";
import { withHost, type GuardianState, type HostState, hostWith } from "./state.ts";

export interface ServersOn {
  readonly askedAt: MonoMs;
  /** Undefined until Nova has answered. */
  readonly servers: readonly NamedServer[] | undefined;
}

export interface NamedServer {
  readonly name: string;
  readonly project: string;
}

const askAgainMs = 30_000;
/** In a crowd nobody reads names, and Nova has other work. */
const hostsMax = 10;

/** Asks once for each silence, and again while there is no answer. */
export function lookUpServers(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const { suspectSince, serversOn } = host;
  if (suspectSince === undefined || !isLeftAlone(state, host)) return state;
  const known = serversOn !== undefined && serversOn.askedAt >= suspectSince;
  const waits = known && state.now - serversOn.askedAt < askAgainMs;
  if (waits || (known && serversOn.servers !== undefined)) return state;
  const { trouble, suspects } = state.census;
  if (trouble.length + suspects.length > hostsMax) return state;
  out.push({ kind: "list-servers", host: host.host });
  return withHost(state, hostWith(host, { serversOn: { askedAt: state.now, servers: undefined } }));
}

function isLeftAlone(state: GuardianState, { host }: HostState): boolean {
  const phase = incidentOf(state, host)?.phase.kind;
  if (phase !== undefined && phase !== "watching") return false;
  if (modeOf(state, host).mode !== "act") return true;
  return maintenanceOf(state, host) !== undefined || armingOf(state).kind !== "armed";
}

export function foldServersOn(state: GuardianState, event: ServersSeen): GuardianState {
  const host = state.hosts.get(event.host);
  const asked = host?.serversOn;
  if (host === undefined || asked === undefined || event.askedAt < asked.askedAt) return state;
  const servers = event.servers.map(({ name, project }) => ({ name, project }));
  return withHost(state, hostWith(host, { serversOn: { ...asked, servers } }));
}

/** What Nova had on it when this silence began; undefined when that is not known. */
export function serversOn(host: HostState): readonly NamedServer[] | undefined {
  const { serversOn: asked, suspectSince } = host;
  const current = asked !== undefined && asked.askedAt >= (suspectSince ?? Infinity);
  return current ? asked.servers : undefined;
}
