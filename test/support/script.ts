/** The little language of scenarios: one command a line, each at its time. */
import type { RowAction } from "../../guardian/core/assessment.ts";
import { defaultPolicy } from "../../guardian/core/evacuation-policy.ts";
import {
  defaultLimits,
  type GroupSettings,
  type HostSettings,
  type MaintenanceWindow,
  type Mode,
  type ProofKind,
  type ReserveSettings,
  type Settings,
} from "../../guardian/core/settings.ts";
import { collectorId, hostName, type HostName } from "../../shared/names.ts";
import { seededRandom } from "../../shared/random.ts";
import type { DirectoryState, NetworkName } from "../../shared/telemetry.ts";
import type { PowerRestore } from "../../guardian/ports.ts";
import { parseDuration } from "../../shared/time.ts";
import { powerLoss } from "./world-host.ts";
import { setMode, swapBmc } from "./device-commands.ts";
import { furnishLevels, type BmcMode, type WorldBmc } from "./world-power.ts";
import { novaCommand } from "./nova-commands.ts";
import { readSelection } from "./script-evacuation.ts";
import { people } from "./people.ts";
import { telemetryCommand } from "./telemetry-commands.ts";
import { wallStart } from "./world-guardian.ts";
import type { WorldRecorder } from "./world-guardian.ts";
import { worldSettings } from "./world-settings.ts";
import { World } from "./world.ts";

/** A story begins when its world has settled. */
export const settleMs = 30_000;

export interface Script {
  readonly settings: Settings;
  readonly hosts: readonly HostName[];
  /** Hosts on which no probe was ever installed. */
  readonly unprobed: readonly HostName[];
  readonly servers: readonly {
    readonly host: HostName;
    readonly count: number;
    readonly local: boolean;
  }[];
  readonly novaReportMs: number;
  /** Memory of each host, where sizes are shown and count. */
  readonly roomMb: number | undefined;
  readonly commands: readonly { readonly atMs: number; readonly words: readonly string[] }[];
}

/** Reads a scenario's commands.txt; throws with the line that is wrong. */
export function parseScript(text: string): Script {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
  const count = Number(lines.find((line) => line.startsWith("hosts "))?.split(" ")[1] ?? "8");
  const hosts = Array.from({ length: count }, (_, index) => hostName(`compute-${index + 1}`));
  let changes: Partial<Settings> = {};
  let limits = defaultLimits;
  let evacuation = defaultPolicy;
  const rows = new Map<string, RowAction>();
  let novaReportMs = 10_000;
  let roomMb: number | undefined;
  const hostChanges = new Map<string, Partial<HostSettings>>();
  const change = (host: string, more: Partial<HostSettings>): void =>
    void hostChanges.set(host, { ...hostChanges.get(host), ...more });
  const groups = new Map<string, GroupSettings>();
  const windows: MaintenanceWindow[] = [];
  const servers: Script["servers"][number][] = [];
  const commands: Script["commands"][number][] = [];
  const unprobed: HostName[] = [];
  for (const line of lines) {
    const [verb = "", ...rest] = line.split(/\s+/);
    const [first = "", second = "", third = ""] = rest;
    if (verb === "at") commands.push({ atMs: duration(first, line), words: rest.slice(1) });
    else if (verb === "servers")
      servers.push({ host: hostName(first), count: Number(second), local: third === "local" });
    else if (verb === "mode") changes = { ...changes, mode: first as Mode };
    else if (verb === "mode-of") change(first, { mode: second as Mode });
    else if (verb === "group") groups.set(first, readGroup(rest));
    else if (verb === "ask") {
      const byDefault = second === "act" ? "act" : "observe";
      changes = { ...changes, ask: { afterMs: duration(first, line), byDefault } };
    } else if (verb === "window") windows.push(readWindow(rest, line));
    else if (verb === "reboot-overdue") changes = { ...changes, rebootOverdue: first as "act" };
    else if (verb === "confirm-by") changes = { ...changes, confirmBy: Number(first) };
    else if (verb === "drain") changes = { ...changes, drain: true };
    else if (verb === "come-home") changes = { ...changes, comeHome: first as "power-on" };
    else if (verb === "proofs") changes = { ...changes, proofs: first.split(",") as ProofKind[] };
    else if (verb === "select") evacuation = readSelection(evacuation, rest);
    else if (verb === "shared") changes = { ...changes, instancesShared: true };
    else if (verb === "collectors") changes = { ...changes, collectors: rest.map(collectorId) };
    else if (verb === "row") rows.set(first, second as RowAction);
    else if (verb === "limit")
      limits = { ...limits, [first]: parseDuration(second) ?? Number(second) };
    else if (verb === "nova-reports") novaReportMs = duration(first, line);
    else if (verb === "reserve") changes = { ...changes, reserve: readReserve(rest) };
    else if (verb === "room") roomMb = Number(first);
    else if (verb === "maintenance") change(first, { maintenance: rest.slice(1).join(" ") });
    else if (verb === "domain") {
      const [kind = "", name = ""] = second.split("=");
      change(first, { domains: { ...hostChanges.get(first)?.domains, [kind]: name } });
    } else if (verb === "levels") change(first, readLevels(rest.slice(1), line));
    else if (verb === "no-device") change(first, { devices: [] });
    else if (verb === "no-probe") unprobed.push(hostName(first));
    else if (verb === "networks") hostChanges.set("*", { addresses: { management: "" } });
    else if (verb !== "hosts") throw new Error(`unknown line: ${line}`);
  }
  const base = worldSettings(hosts, {
    ...changes,
    evacuation,
    groups,
    windows,
    rows,
    limits: { ...limits, novaCadenceMs: novaReportMs },
  });
  const entries = [...base.hosts].map(([host, entry]): [HostName, HostSettings] => [
    host,
    { ...entry, ...hostChanges.get(host) },
  ]);
  const oneNetwork = hostChanges.has("*");
  const networks = oneNetwork ? base.networks.slice(0, 1) : base.networks;
  return {
    settings: { ...base, networks, hosts: new Map(entries) },
    hosts,
    servers,
    unprobed,
    novaReportMs,
    roomMb,
    commands,
  };
}

/** levels HOST bmc pdu-a,pdu-b@60s: each a level, the first of one BMC, the others of outlets. */
function readLevels(words: readonly string[], line: string): Partial<HostSettings> {
  const levels = words.map((word) => {
    const [devices = "", deadline] = word.split("@");
    const deadlineMs = deadline === undefined ? undefined : duration(deadline, line);
    return { devices: devices.split(","), deadlineMs };
  });
  return { levels, devices: levels.flatMap(({ devices }) => devices) };
}

/** reserve when-short|always HOST… */
function readReserve([use = "", ...hosts]: readonly string[]): ReserveSettings {
  return { use: use as ReserveSettings["use"], hosts: hosts.map(hostName) };
}

/** group NAME MODE HOST… */
function readGroup([, mode = "", ...hosts]: readonly string[]): GroupSettings {
  return { mode: mode as Mode, hosts: hosts.map(hostName), rows: new Map() };
}

/** window NAME START END HOST REASON…, by the story's time. */
function readWindow(words: readonly string[], line: string): MaintenanceWindow {
  const [name = "", start = "", end = "", host = "", ...reason] = words;
  const wall = (text: string): number => wallStart + settleMs + duration(text, line);
  return {
    name,
    startWall: wall(start),
    endWall: wall(end),
    hosts: [hostName(host)],
    groups: [],
    reason: reason.join(" "),
    owner: "bob",
  };
}

function duration(text: string, line: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new Error(`not a duration in: ${line}`);
  return ms;
}

/** Builds the world of a script and lets it settle, so that the story begins with healthy hosts. */
export function buildWorld(script: Script, seed: number, recorder?: WorldRecorder): World {
  const world = new World(script.settings, script.hosts, seededRandom(seed), 1, recorder);
  world.nova.reportEveryMs = script.novaReportMs;
  if (script.roomMb !== undefined) {
    Object.assign(world.nova, { memoryMb: script.roomMb, showsSizes: true, countsRoom: true });
  }
  for (const host of script.settings.reserve?.hosts ?? []) {
    world.nova.disable(`service-${host}`, `guardian ${script.settings.guardianId} reserve`);
  }
  for (const host of script.unprobed) world.host(host).probe = false;
  for (const { host, count, local } of script.servers) world.addServers(host, count, !local);
  for (const [host, { devices, levels }] of script.settings.hosts) {
    if (levels !== undefined) furnishLevels(world, host, devices.length - 1);
  }
  return world;
}

/** Runs one command against the world. */
export function perform(world: World, words: readonly string[]): void {
  const [verb = "", first = "", second = ""] = words;
  const host = (): ReturnType<World["host"]> => world.host(hostName(first));
  const bmc = (): WorldBmc => {
    const found = world.bmcs.get(hostName(first));
    if (found === undefined) throw new Error(`no host ${first}`);
    return found;
  };
  world.say("world", words.join(" "));
  switch (verb) {
    case "power-loss":
      return powerLoss(host());
    case "power-on":
      return world.boot(hostName(first));
    case "cut":
      host().networks[second as NetworkName] = false;
      return;
    case "mend":
      host().networks[second as NetworkName] = true;
      return;
    case "hang":
      host().hung = true;
      return;
    case "thaw":
      host().hung = false;
      return;
    case "probe":
      host().probe = second === "on";
      return;
    case "compute":
      host().compute = second === "on";
      return;
    case "directory":
      host().checks = { ...host().checks, directory: second as DirectoryState };
      return;
    case "echo":
      host().echoLost = second === "off";
      return;
    case "report-paths":
      for (const each of world.hosts.values())
        each.reportPaths = second.split(",") as NetworkName[];
      return;
    case "inventory":
      world.nova.inventoryUp = first === "up";
      return;
    case "schedulers":
      world.nova.schedulers = { up: Number(first), total: Number(second) };
      return;
    case "libvirt":
      host().checks = { ...host().checks, libvirt: second === "down" ? "down" : "up" };
      return;
    case "domains": {
      const count = Number(second);
      host().checks = { ...host().checks, serversTotal: count, serversRunning: count };
      return;
    }
    case "notice":
      host().checks = { ...host().checks, notice: second as "rebooting" };
      return;
    case "bmc":
      bmc().mode = second as BmcMode;
      return;
    case "bmc-latency":
      bmc().latencyMs = duration(second, verb);
      return;
    case "bmc-restores":
      bmc().restore = second as PowerRestore;
      return;
    case "bmc-shows":
      bmc().shows = second;
      return;
    case "device":
      return setMode(world, hostName(first), second, words[3] as BmcMode);
    case "swap-bmc":
      return swapBmc(world, hostName(first), hostName(second));
    case "collector":
    case "store":
    case "live-view":
    case "recording":
      return telemetryCommand(world, words);
    case "leg":
      world.legs[first as NetworkName] = second === "up";
      return;
    case "anchor":
      if (second === "silent") world.silentAnchors.add(first as NetworkName);
      else world.silentAnchors.delete(first as NetworkName);
      return;
    case "nova":
      world.novaUp = first === "up" || first === "stands-still";
      world.nova.standsStill = first === "stands-still";
      return;
    case "journal":
      world.guardian.journalWritable = first === "writable";
      return;
    case "disarmed-file":
      world.disarmedFile = first === "present";
      return;
    case "answers":
      world.guardian.answerLossShare = first === "lost" ? 1 : 0;
      return;
    case "pause-guardian":
      world.guardian.pausedUntil = world.queue.now + duration(first, verb);
      return;
    case "kill-guardian":
      return world.killGuardian();
    case "start-guardian":
      return world.startGuardian();
    case "end":
      return;
    case "step-clock":
      world.guardian.wallOffsetMs += duration(first, verb);
      return;
    case "nova-moves":
    case "nova-live":
    case "nova-orders":
    case "nova-answers":
    case "nova-rebuilds":
    case "nova-mends":
    case "placement":
    case "aggregate":
    case "server":
      return novaCommand(world, words);
    default:
      return people(world, words);
  }
}
