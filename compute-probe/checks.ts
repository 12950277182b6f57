/** Makes the checks of a configuration: what is looked at, how often, and what of it the report needs by name. */
import { readFileSync } from "node:fs";
import type { Clock } from "../shared/clock.ts";
import type { Logger } from "../shared/log.ts";
import type { HostName } from "../shared/names.ts";
import type { NetworkName } from "../shared/telemetry.ts";
import type { ProbeSettings, RingPeer } from "../shared/wire-ack.ts";
import type { WireSighting } from "../shared/wire-samples.ts";
import type { NetworkConfig, ProbeConfig } from "./config.ts";
import { worseDirectory } from "./core/directory-result.ts";
import type { ProbeFacts } from "./core/report.ts";
import type { ResourceSample } from "./core/standing.ts";
import { userIdsOf, type UserIds } from "./core/user-ids.ts";
import type { Check } from "./shell/check-runner.ts";
import { createCommandCheck, type Watched } from "./shell/command-check.ts";
import {
  createDirectoryCheck,
  type DirectoryCheck,
  type StuckChildren,
} from "./shell/directory-check.ts";
import { createFactsCheck } from "./shell/facts-check.ts";
import { createLibvirtCheck, type LibvirtCheck } from "./shell/libvirt-check.ts";
import { createLibvirtHypervisor } from "./shell/libvirt-hypervisor.ts";
import { createNetworkCheck, type NetworkCheck } from "./shell/network-check.ts";
import { createServerCheck, type ServerCheck } from "./shell/server-check.ts";

export interface Checks {
  readonly all: readonly Check[];
  readonly storage: NetworkCheck | undefined;
  readonly business: NetworkCheck | undefined;
  readonly libvirt: LibvirtCheck | undefined;
  directory(): ProbeFacts["directory"];
  takeSightings(): readonly WireSighting[];
  takeServerSamples(): readonly ResourceSample[];
  /** Told when something happened to a server. */
  onServerChange(listener: () => void): void;
  close(): void;
}

export interface ChecksDeps {
  readonly config: ProbeConfig;
  readonly host: HostName;
  readonly clock: Clock;
  readonly log: Logger;
  /** What the collectors set and hand out. */
  readonly settings: () => ProbeSettings | undefined;
  readonly ring: () => readonly RingPeer[];
}

/** Rounds bound themselves; this is how much longer they may take for what is around them. */
const marginMs = 2000;

export function createChecks(deps: ChecksDeps): Checks {
  const stuck: StuckChildren = new Map();
  const networks = createNetworks(deps);
  const directories = createDirectories(deps, stuck);
  const libvirt = createLibvirt(deps);
  const { facts } = deps.config.checks;
  const factsCheck = createFactsCheck({
    filesystems: facts.filesystems,
    serialFile: deps.config.serialFile,
    stuck,
    deadlineMs: facts.deadline,
    clock: deps.clock,
  });
  const all: readonly Check[] = [
    ...networks.map(({ check }) => check),
    ...directories.map(({ check }) => check),
    ...libvirt.checks,
    ...createCommands(deps),
    asCheck("facts", () => facts.every, facts.deadline + marginMs, factsCheck),
  ];
  const networkOf = (name: NetworkName): NetworkCheck | undefined =>
    networks.find((one) => one.name === name)?.network;
  return {
    all,
    storage: networkOf("storage"),
    business: networkOf("business"),
    libvirt: libvirt.check,
    directory: () => worstOf(directories.map(({ directory }) => directory.latest())),
    takeSightings: () => networks.flatMap(({ network }) => network.takeSightings()),
    takeServerSamples: () => libvirt.servers?.takeSamples() ?? [],
    onServerChange: (listener) => libvirt.onChange(listener),
    close() {
      for (const { network } of networks) network.close();
      libvirt.close();
    },
  };
}

function asCheck(
  name: string,
  everyMs: () => number,
  deadlineMs: number,
  made: Pick<Check, "round" | "summary">,
): Check {
  return { name, everyMs, deadlineMs, round: () => made.round(), summary: () => made.summary() };
}

function createNetworks({ config, host, clock, log, settings, ring }: ChecksDeps) {
  const { storage, business, management } = config.checks;
  const given = { storage, business, management };
  const names = ["storage", "business", "management"] as const;
  return names.flatMap((name) => {
    const network: NetworkConfig | undefined = given[name];
    if (network === undefined) return [];
    const set = name === "management" ? undefined : (`${name}EveryMs` as const);
    const everyMs = (): number => (set && settings()?.[set]) || network.every;
    const check = createNetworkCheck({
      name,
      self: host,
      targets: network.targets,
      tcp: network.tcp,
      links: network.links,
      anchor: network.anchor,
      sourceAddress: network.sourceAddress,
      interface: network.interface,
      everyMs,
      timeoutMs: network.timeout,
      roundsToDown: network.roundsToDown,
      quorum: network.quorum,
      peers: config.peers.list,
      peersMax: config.peers.count,
      ring,
      clock,
      log,
    });
    const deadlineMs = network.timeout + marginMs;
    return [{ name, network: check, check: asCheck(name, everyMs, deadlineMs, check) }];
  });
}

function createDirectories(
  { config, host, clock, log, settings }: ChecksDeps,
  stuck: StuckChildren,
) {
  const { directory, directories } = config.checks;
  const given = directory === undefined ? directories : [directory, ...directories];
  return given.map((one, index) => {
    const made: DirectoryCheck = createDirectoryCheck({
      path: one.path,
      host,
      deadlineMs: one.deadline,
      slowAfterMs: one.slowAfter,
      expectMount: one.expectMount,
      runAs: one.runAs === undefined ? undefined : lookUpUser(one.runAs),
      stuck,
      clock,
      log,
    });
    const name = index === 0 && directory !== undefined ? "directory" : `directory ${one.path}`;
    const everyMs = (): number => settings()?.directoryEveryMs || one.every;
    return { directory: made, check: asCheck(name, everyMs, one.deadline + marginMs, made) };
  });
}

/** A user that is not there is a mistake of the configuration: told at the start, not at the first write. */
function lookUpUser(name: string): UserIds {
  const ids = userIdsOf(readFileSync("/etc/passwd", "utf8"), name);
  if (ids === undefined)
    throw new Error(`runAs: no user "${name}" in /etc/passwd; leave it out, or name one that is`);
  return ids;
}

function createLibvirt({ config, clock, log, settings }: ChecksDeps): {
  readonly check: LibvirtCheck | undefined;
  readonly servers: ServerCheck | undefined;
  readonly checks: readonly Check[];
  readonly onChange: (listener: () => void) => void;
  readonly close: () => void;
} {
  const { libvirt } = config.checks;
  if (libvirt === undefined) {
    const nothing = (): void => undefined;
    return { check: undefined, servers: undefined, checks: [], onChange: nothing, close: nothing };
  }
  const hypervisor = createLibvirtHypervisor({ ...libvirt, clock });
  const check = createLibvirtCheck({ hypervisor, deadlineMs: libvirt.timeout, clock, log });
  const servers = createServerCheck({
    hypervisor,
    deadlineMs: libvirt.statsDeadline,
    hungAfterMs: libvirt.hungAfter,
    clock,
    log,
  });
  const everyMs = (): number => settings()?.libvirtEveryMs || libvirt.every;
  const checks: readonly Check[] = [
    asCheck("libvirt", everyMs, libvirt.timeout + marginMs, check),
    asCheck("servers", () => libvirt.statsEvery, 6 * libvirt.statsDeadline + marginMs, servers),
  ];
  return {
    check,
    servers,
    checks,
    onChange: (listener) => hypervisor.onChange(listener),
    close: () => hypervisor.close(),
  };
}

function createCommands({ config, clock, log }: ChecksDeps): readonly Check[] {
  const { services, plugins } = config.checks;
  const ofServices = services.map((one) => {
    const { unit, process, command = "" } = one;
    const watched: Watched =
      unit !== undefined
        ? { kind: "unit", unit }
        : process !== undefined
          ? { kind: "process", process }
          : { kind: "command", command, args: one.args };
    const { firstAid } = one;
    const aid = firstAid && {
      ...firstAid,
      afterFailingMs: firstAid.afterFailing,
      withinMs: firstAid.within,
    };
    return { one, watched, resource: `service:${one.name}`, firstAid: aid };
  });
  const ofPlugins = plugins.map((one) => ({
    one,
    watched: { kind: "command", command: one.command, args: one.args } as const,
    resource: one.server === undefined ? `plugin:${one.name}` : `${one.server}/${one.name}`,
    firstAid: undefined,
  }));
  return [...ofServices, ...ofPlugins].map(({ one, ...made }) => {
    const { name, deadline: deadlineMs } = one;
    const check = createCommandCheck({ name, ...made, deadlineMs, clock, log });
    return asCheck(name, () => one.every, deadlineMs + marginMs, check);
  });
}

function worstOf(found: readonly ProbeFacts["directory"][]): ProbeFacts["directory"] {
  // One that has no result yet says nothing against the others.
  return found.reduce((worst, one) => {
    if (worst === undefined || one === undefined) return worst ?? one;
    return worseDirectory(worst.state, one.state) === one.state ? one : worst;
  }, undefined);
}
