/** Wires the probe: checks on their own cadences, one report each second that never waits for them. */
import type { Clock } from "../shared/clock.ts";
import type { HostKeyFile } from "../shared/key-files.ts";
import type { Logger } from "../shared/log.ts";
import { runLoop, sleep } from "../shared/loop.ts";
import type { NoticeKind } from "../shared/telemetry.ts";
import { importKey } from "../shared/wire-auth.ts";
import type { WireServer } from "../shared/wire-records.ts";
import { createChecks, type Checks } from "./checks.ts";
import type { ProbeConfig } from "./config.ts";
import { describeChecks, serversDue, type ProbeFacts, type ReportExtras } from "./core/report.ts";
import { samplesOfStandings, type Standing } from "./core/standing.ts";
import { standingOfStart } from "./core/start-decision.ts";
import { readBmcGuid } from "./shell/bmc-guid.ts";
import { createCheckRunner, type CheckRunner } from "./shell/check-runner.ts";
import { createReportSender, type ReportSender } from "./shell/report-sender.ts";
import { readStartState } from "./shell/start-record.ts";

export interface Probe {
  /** Checks and reports until the signal, then sends a last report that says what ends; none when it only reloads. */
  run(signal: AbortSignal): Promise<void>;
  /** Every check once, one report; what each of them found, and whether a collector answered. */
  runOnce(): Promise<readonly Standing[]>;
}

export interface ProbeDeps {
  readonly config: ProbeConfig;
  readonly hostKey: HostKeyFile;
  readonly bootId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** What a stop of the probe means; asked once it is told to stop. */
  readonly plannedEnd: () => Promise<NoticeKind>;
}

/** The reason of an abort that is no end: another probe of this process goes on. */
export const reloading = "reload";

/** How often a last notice is sent: any one of them may be lost. */
const lastReports = 3;
/** What a busy loop may be late by without a word. */
const latenessMs = 100;
/** A storm of events makes no storm of reports. */
const hurriedEveryMs = 200;
const collectorAnswersMs = 1000;

export function createProbe(deps: ProbeDeps): Probe {
  const { config, clock, log } = deps;
  const sender = openSender(deps);
  const checks = createChecks({
    config,
    host: deps.hostKey.host,
    clock,
    log,
    settings: () => sender.settings(),
    ring: () => sender.peers(),
  });
  const runner = createCheckRunner({ checks: checks.all, clock, random: deps.random, log });
  const reporter = createReporter(deps, checks, runner, sender);

  return {
    async run(signal) {
      checks.onServerChange(() => void reporter.hurry());
      const reportEveryMs = (): number => sender.settings()?.reportEveryMs || config.reportEvery;
      // Hosts that were switched on together do not all report in the same millisecond.
      await sleep(deps.random() * 0.5 * reportEveryMs(), signal);
      const checking = runner.run(signal);
      await runLoop(clock, reportEveryMs, signal, () => reporter.reportInTime(reportEveryMs()));
      void checking;
      if (signal.reason !== reloading) await reporter.sayEnd();
      checks.close();
      sender.close();
    },
    async runOnce() {
      await runner.runOnce();
      reporter.report("none");
      for (
        let waitedMs = 0;
        waitedMs < collectorAnswersMs && sender.answered() === 0;
        waitedMs += 50
      ) {
        await sleep(50);
      }
      const standings = [
        ...runner.standings(),
        standingOfCollectors(config, sender),
        ...standingOfStart(readStartState(config.startGuard.directory, deps.bootId)),
      ];
      checks.close();
      sender.close();
      return standings;
    },
  };
}

function openSender({ config, clock, log, hostKey, bootId }: ProbeDeps): ReportSender {
  return createReportSender({
    identity: {
      host: hostKey.host,
      keyId: hostKey.keyId,
      key: importKey(hostKey.key),
      bootId,
      // The monotonic clock runs on through restarts of the probe, so a later start is higher.
      probeEpoch: Math.floor(clock.monoMs()),
    },
    collectors: config.collectors.map((one) => ({ ...one, sourceAddress: one.sourceAddress })),
    reportEveryMs: config.reportEvery,
    clock,
    log,
  });
}

/** A verdict takes no word of a peer that is older than 3 s. */
const sightingsEveryMs = 1900;

interface Reporter {
  report(notice: NoticeKind, more?: ReportExtras): void;
  /** The report of each period: says by how much it is late. */
  reportInTime(everyMs: number): void;
  /** Something happened to a server: looks at once, and reports it. */
  hurry(): Promise<void>;
  sayEnd(): Promise<void>;
}

function createReporter(
  { config, bootId, clock, log, plannedEnd }: ProbeDeps,
  checks: Checks,
  runner: CheckRunner,
  sender: ReportSender,
): Reporter {
  let lastServers: { readonly servers: readonly WireServer[]; readonly atMs: number } | undefined;
  let lastInTimeMs: number | undefined;
  let sampledMs = Number.NEGATIVE_INFINITY;
  let sightedMs = Number.NEGATIVE_INFINITY;
  let hurriedMs = Number.NEGATIVE_INFINITY;
  let [ending, wasAlone] = [false, false];

  function report(notice: NoticeKind, more?: ReportExtras): void {
    const nowMs = clock.monoMs();
    const facts = collectFacts(checks, notice, config.bmcGuidFile);
    const everyMs = sender.settings()?.serversEveryMs || config.serversEvery;
    const known = checks.libvirt?.latest()?.state === "up";
    const { servers } = facts;
    const due = known && serversDue({ current: servers, lastSent: lastServers, nowMs, everyMs });
    if (due) lastServers = { servers, atMs: nowMs };
    const startGuard = readStartState(config.startGuard.directory, bootId);
    sender.send(describeChecks(facts, nowMs), due ? servers : undefined, { ...more, startGuard });
  }

  function extras(nowMs: number): ReportExtras {
    const ofServers = checks.takeServerSamples();
    const sightings = nowMs - sightedMs < sightingsEveryMs ? [] : checks.takeSightings();
    if (sightings.length > 0) sightedMs = nowMs;
    if (nowMs - sampledMs < config.samplesEvery) return { samples: ofServers, sightings };
    sampledMs = nowMs;
    const summaries = checks.all.flatMap((check) => check.summary()?.samples ?? []);
    const samples = [...samplesOfStandings(runner.standings()), ...summaries, ...ofServers];
    return { samples, sightings };
  }

  function sayAlone(): void {
    const isAlone = sender.isAlone();
    if (isAlone === wasAlone) return;
    wasAlone = isAlone;
    if (isAlone)
      log.error({ event: "alone" }, "no collector is heard on any path; measuring goes on");
    else log.info({ event: "not-alone" }, "a collector is heard again");
  }

  return {
    report,
    reportInTime(everyMs) {
      const nowMs = clock.monoMs();
      const lateMs = lastInTimeMs === undefined ? 0 : nowMs - lastInTimeMs - everyMs;
      lastInTimeMs = nowMs;
      const more = extras(nowMs);
      report("none", lateMs < latenessMs ? more : { ...more, lateMs: Math.round(lateMs) });
      sayAlone();
    },
    async hurry() {
      const nowMs = clock.monoMs();
      if (ending || nowMs - hurriedMs < hurriedEveryMs) return;
      hurriedMs = nowMs;
      await runner.hurry("libvirt");
      // After its last notice a plain report would take it back.
      if (!ending) report("none");
    },
    async sayEnd() {
      ending = true;
      // Said at once: the answer may come too late, or never.
      report("stopping");
      const notice = await plannedEnd();
      log.info({ event: "notice", notice }, "last reports");
      for (let count = 0; count < lastReports; count += 1) {
        report(notice);
        await sleep(30);
      }
    },
  };
}

function standingOfCollectors({ collectors }: ProbeConfig, sender: ReportSender): Standing {
  const answered = sender.answered();
  const text = `${answered} of ${collectors.length} answered within ${collectorAnswersMs} ms`;
  const isHeard = answered > 0;
  return {
    name: "collectors",
    state: isHeard ? "heard" : "silent",
    level: answered === collectors.length ? "ok" : isHeard ? "warning" : "critical",
    ageMs: 0,
    isOverdue: false,
    text,
  };
}

function collectFacts(checks: Checks, notice: NoticeKind, bmcGuidFile: string): ProbeFacts {
  return {
    storage: checks.storage?.latest(),
    business: checks.business?.latest(),
    directory: checks.directory(),
    libvirt: checks.libvirt?.latest(),
    servers: checks.libvirt?.servers() ?? [],
    notice,
    hardwareUuid: checks.libvirt?.hostUuid() ?? "",
    bmcGuid: readBmcGuid(bmcGuidFile),
  };
}
