/** Wires the probe: checks on their own cadences, one report each second that never waits for them. */
import type { Clock } from "../shared/clock.ts";
import type { HostKeyFile } from "../shared/key-files.ts";
import type { Logger } from "../shared/log.ts";
import { runLoop, sleep, withDeadline } from "../shared/loop.ts";
import type { NoticeKind } from "../shared/telemetry.ts";
import type { ProbeSettings } from "../shared/wire-ack.ts";
import { importKey } from "../shared/wire-auth.ts";
import type { WireServer } from "../shared/wire-records.ts";
import type { NetworkConfig, ProbeConfig } from "./config.ts";
import { describeChecks, serversDue, type ProbeFacts } from "./core/report.ts";
import { createDirectoryCheck, type DirectoryCheck } from "./shell/directory-check.ts";
import { readBmcGuid } from "./shell/bmc-guid.ts";
import { createLibvirtCheck, type LibvirtCheck } from "./shell/libvirt-check.ts";
import { createLibvirtHypervisor } from "./shell/libvirt-hypervisor.ts";
import { createNetworkCheck, type NetworkCheck } from "./shell/network-check.ts";
import { createReportSender } from "./shell/report-sender.ts";

export interface Probe {
  /** Checks and reports until the signal, then sends a last report that says what ends. */
  run(signal: AbortSignal): Promise<void>;
  /** Every check once, one report; returns what it said. */
  runOnce(): Promise<ReturnType<typeof describeChecks>>;
}

interface Checks {
  readonly storage: NetworkCheck | undefined;
  readonly business: NetworkCheck | undefined;
  readonly directory: DirectoryCheck | undefined;
  readonly libvirt: LibvirtCheck | undefined;
}

export interface ProbeDeps {
  readonly config: ProbeConfig;
  readonly hostKey: HostKeyFile;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** What a stop of the probe means; asked once it is told to stop. */
  readonly plannedEnd: () => Promise<NoticeKind>;
}

/** How often a last notice is sent: any one of them may be lost. */
const lastReports = 3;

export function createProbe(deps: ProbeDeps): Probe {
  const { config, clock, hostKey } = deps;
  const checks = createChecks(deps);
  const sender = createReportSender({
    identity: {
      host: hostKey.host,
      keyId: hostKey.keyId,
      key: importKey(hostKey.key),
      bootId: deps.bootId,
      // The monotonic clock runs on through restarts of the probe, so a later start is higher.
      probeEpoch: Math.floor(clock.monoMs()),
    },
    collectors: config.collectors.map((one) => ({ ...one, sourceAddress: one.sourceAddress })),
    reportEveryMs: config.reportEvery,
    clock,
    log: deps.log,
  });
  let lastSent: { readonly servers: readonly WireServer[]; readonly atMs: number } | undefined;

  function report(notice: NoticeKind): ReturnType<typeof describeChecks> {
    const nowMs = clock.monoMs();
    const facts = collectFacts(checks, notice, config.bmcGuidFile);
    const said = describeChecks(facts, nowMs);
    const everyMs = sender.settings()?.serversEveryMs || config.serversEvery;
    const known = checks.libvirt?.latest()?.state === "up";
    const due = known && serversDue({ current: facts.servers, lastSent, nowMs, everyMs });
    if (due) lastSent = { servers: facts.servers, atMs: nowMs };
    sender.send(said, due ? facts.servers : undefined);
    return said;
  }

  return {
    async run(signal) {
      const rounds = roundsOf(config, checks, () => sender.settings());
      const checking = rounds.map(({ everyMs, round }) => runLoop(clock, everyMs, signal, round));
      const reportEveryMs = (): number => sender.settings()?.reportEveryMs || config.reportEvery;
      const reporting = runLoop(clock, reportEveryMs, signal, () => void report("none"));
      await Promise.race([Promise.all([reporting, ...checking]), reporting]);
      // Said at once: the answer may come too late, or never.
      report("stopping");
      const notice = await deps.plannedEnd();
      deps.log.info({ event: "notice", notice }, "last reports");
      for (let count = 0; count < lastReports; count += 1) {
        report(notice);
        await sleep(30);
      }
      sender.close();
    },
    async runOnce() {
      const rounds = roundsOf(config, checks, () => undefined).map(({ round }) => round());
      await withDeadline(Promise.all(rounds), 3000, () => []);
      const said = report("none");
      await sleep(100);
      sender.close();
      return said;
    },
  };
}

function createChecks({ config, hostKey, clock, log }: ProbeDeps): Checks {
  const { storage, business, directory, libvirt } = config.checks;
  const networkCheck = (name: string, network: NetworkConfig): NetworkCheck =>
    createNetworkCheck({
      name,
      targets: network.targets,
      sourceAddress: network.sourceAddress,
      timeoutMs: network.timeout,
      roundsToDown: network.roundsToDown,
      clock,
      log,
    });
  return {
    storage: storage && networkCheck("storage", storage),
    business: business && networkCheck("business", business),
    directory:
      directory &&
      createDirectoryCheck({
        path: directory.path,
        host: hostKey.host,
        deadlineMs: directory.deadline,
        slowAfterMs: directory.slowAfter,
        expectMount: directory.expectMount,
        clock,
        log,
      }),
    libvirt:
      libvirt &&
      createLibvirtCheck({
        hypervisor: createLibvirtHypervisor({ ...libvirt, clock }),
        deadlineMs: libvirt.timeout,
        clock,
        log,
      }),
  };
}

/** Each check with its interval: the collectors' while they set one, else the configuration's. */
function roundsOf(
  { checks: config }: ProbeConfig,
  checks: Checks,
  settings: () => ProbeSettings | undefined,
): readonly { readonly everyMs: () => number; readonly round: () => Promise<void> }[] {
  const names = ["storage", "business", "directory", "libvirt"] as const;
  return names.flatMap((name) => {
    const [check, everyMs] = [checks[name], config[name]?.every];
    if (check === undefined || everyMs === undefined) return [];
    return [
      { everyMs: () => settings()?.[`${name}EveryMs`] || everyMs, round: () => check.round() },
    ];
  });
}

function collectFacts(checks: Checks, notice: NoticeKind, bmcGuidFile: string): ProbeFacts {
  return {
    storage: checks.storage?.latest(),
    business: checks.business?.latest(),
    directory: checks.directory?.latest(),
    libvirt: checks.libvirt?.latest(),
    servers: checks.libvirt?.servers() ?? [],
    notice,
    hardwareUuid: checks.libvirt?.hostUuid() ?? "",
    bmcGuid: readBmcGuid(bmcGuidFile),
  };
}
