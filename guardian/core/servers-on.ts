/**
 * The servers of a host, looked up ahead: of a suspect on which nothing will be done by itself
 * (maintenance, mode, disarmed), so that the page that says so can name what is down; and of one that
 * may be fenced while it lives, so that it is known beforehand whether each of them fits elsewhere.
 */
import { serverId, type ServerId } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { ServerSize } from "../ports.ts";
import { armingOf } from "./arming.ts";
import type { Effect } from "./effects.ts";
import type { ServersSeen } from "./events.ts";
import type { ToPlace } from "./forecast.ts";
import { incidentOf } from "./incidents.ts";
import { maintenanceOf } from "./maintenance.ts";
import { modeOf } from "./modes.ts";
import { tableOf } from "./policy-table.ts";
import { withHost, type GuardianState, type HostState, hostWith } from "./state.ts";

export interface ServersOn {
  readonly askedAt: MonoMs;
  /** Undefined until Nova has answered. */
  readonly servers: readonly NamedServer[] | undefined;
  /** When that list was asked for. */
  readonly listedAt?: MonoMs | undefined;
  /** Asked for because it lives, and may be fenced all the same: nothing of it is down. */
  readonly alive?: true;
}

export interface NamedServer {
  readonly name: string;
  readonly project: string;
  readonly server?: ServerId;
  readonly size?: ServerSize | undefined;
}

const askAgainMs = 30_000;
/** In a crowd nobody reads names, and Nova has other work. */
const hostsMax = 10;

/** Rows of a host that lives, whose fence a policy or a person may want, and those on the way to them. */
const hungRows: readonly string[] = ["12", "13", "13a"];
const degradedRows: readonly string[] = ["4", "7"];
const lastsMs = 10_000;
/** An older list says nothing of what is on it now. */
const listAgeMsMax = 120_000;

/** Asks once for each silence, and again while there is no answer; of a host that lives again and again. */
export function lookUpServers(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const { suspectSince, serversOn: asked } = host;
  const down = suspectSince !== undefined && isLeftAlone(state, host);
  const alive = mayBeFencedAlive(state, host);
  if (!down && !alive) return state;
  const known = asked !== undefined && (!down || isOfNow(asked, suspectSince)) ? asked : undefined;
  if (known !== undefined && state.now - known.askedAt < askAgainMs) return state;
  if (!alive && known?.servers !== undefined) return state;
  const { trouble, suspects } = state.census;
  if (trouble.length + suspects.length > hostsMax) return state;
  out.push({ kind: "list-servers", host: host.host });
  const { servers, listedAt } = known ?? { servers: undefined, listedAt: undefined };
  const serversOn = { askedAt: state.now, servers, listedAt, ...(down ? {} : lives) };
  return withHost(state, hostWith(host, { serversOn }));
}

const lives = { alive: true } as const;

/** Asked for during this silence, and because nothing will be done about it. */
function isOfNow({ askedAt, alive }: ServersOn, suspectSince: MonoMs): boolean {
  return alive !== true && askedAt >= suspectSince;
}

/** By a policy or a person; many a host passes through such a row on its way to another. */
function mayBeFencedAlive(state: GuardianState, host: HostState): boolean {
  const { assessment } = host;
  if (assessment === undefined || state.now - assessment.since < lastsMs) return false;
  const phase = incidentOf(state, host.host)?.phase.kind;
  if (phase !== undefined && phase !== "watching") return false;
  const { row } = assessment;
  return hungRows.includes(row) || (degradedRows.includes(row) && isFencedByRow4(state, host));
}

function isFencedByRow4(state: GuardianState, { host }: HostState): boolean {
  return tableOf(state, host).some(({ row, action }) => row === "4" && action === "fence");
}

/** What is on a host that lives, as Nova listed it lately; undefined when that is not known. */
export function serversAlive(
  { now }: GuardianState,
  host: HostState,
): readonly ToPlace[] | undefined {
  const { servers, listedAt } = host.serversOn ?? {};
  if (listedAt === undefined || now - listedAt > listAgeMsMax) return undefined;
  return servers?.map(({ name, server = serverId(name), size }) => ({
    server,
    name,
    ...(size === undefined ? {} : { size }),
  }));
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
  const servers = event.servers.map(({ server, name, project, size }) => {
    return { name, project, server, size };
  });
  return withHost(
    state,
    hostWith(host, { serversOn: { ...asked, servers, listedAt: event.askedAt } }),
  );
}

/** What Nova had on it when this silence began; undefined when that is not known. */
export function serversOn(host: HostState): readonly NamedServer[] | undefined {
  const { serversOn: asked, suspectSince } = host;
  if (asked === undefined || suspectSince === undefined) return undefined;
  return isOfNow(asked, suspectSince) ? asked.servers : undefined;
}
