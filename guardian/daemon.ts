/** `guardian run`: builds the guardian from its configuration, runs it, stops it in order. */
import { systemClock } from "../shared/clock.ts";
import { describeError } from "../shared/errors.ts";
import { createLifecycle } from "../shared/lifecycle.ts";
import type { Logger } from "../shared/log.ts";
import { freshSeed, seededRandom } from "../shared/random.ts";
import type { NetworkName } from "../shared/telemetry.ts";
import { createAlertDelivery, runWithDelivery } from "./alert-delivery.ts";
import { createEventFeed } from "./api/event-feed.ts";
import type { Route } from "./api/route.ts";
import type { SettingLine } from "./api/settings-shown.ts";
import { lineOf, pushAlert, startApi } from "./api-service.ts";
import { createGuardian, type Guardian, type GuardianPorts } from "./app.ts";
import { parseYaml, type GuardianConfig } from "./config.ts";
import type { Settings } from "./core/settings.ts";
import type { GuardianState } from "./core/state.ts";
import type { ComputeApi, Notifier, Pinger } from "./ports.ts";
import { settingsFrom } from "./settings-from-config.ts";
import { buildApi, type ApiCloud, type PreparedApi } from "./shell/build-api.ts";
import { buildChannels } from "./shell/build-channels.ts";
import { buildLiveViews, buildStore, type Problems } from "./shell/build-ports.ts";
import { buildPower } from "./shell/build-power.ts";
import { createChannelLookup, lookupsAtOnce, type ChannelLookup } from "./shell/channel-lookup.ts";
import { choosePinger } from "./shell/choose-pinger.ts";
import { awaitJournal } from "./shell/awaited-journal.ts";
import { findCloud, type Environment } from "./shell/clouds.ts";
import { tellFenced, type ToldCollector } from "./shell/fenced-list-teller.ts";
import { createHeartbeat, readHeartbeat, type HeartbeatTarget } from "./shell/heartbeat.ts";
import { openJournal, type OpenJournal } from "./shell/journal.ts";
import { createKeystone } from "./shell/keystone.ts";
import { asksImages } from "./core/evacuation-policy.ts";
import { createNovaCalls } from "./shell/nova-call.ts";
import { createNova } from "./shell/nova.ts";

/** Everything that was read and built before anything is started. */
export interface Prepared {
  readonly config: GuardianConfig;
  readonly settings: Settings;
  readonly ports: Omit<GuardianPorts, "journal" | "alert">;
  /** Beside the log, which is always there. */
  readonly channels: readonly Notifier[];
  readonly heartbeatTarget: HeartbeatTarget | undefined;
  /** Who is told which hosts are fenced. */
  readonly toldCollectors: readonly ToldCollector[];
  readonly api: PreparedApi;
  /** The configuration as it counts, for people; known to who read the file. */
  readonly shownSettings?: readonly SettingLine[];
  /** Routes of whoever runs the guardian: the demo's. */
  readonly addedRoutes?: readonly Route[];
}

export type Preparation =
  | {
      readonly kind: "prepared";
      readonly prepared: Prepared;
      /** Of channels and the heartbeat: no reason to guard nobody, but `--check-config` refuses them. */
      readonly late: readonly string[];
    }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

/**
 * Reads secrets and clouds.yaml, finds a way to ping; lists every problem, starts nothing. The
 * demo chooses another pinger; all else in it is what runs in production.
 */
export async function prepare(
  config: GuardianConfig,
  env: Environment,
  workingDirectory: string,
  log: Logger,
  choose: typeof choosePinger = choosePinger,
): Promise<Preparation> {
  const problems: Problems = { list: [] };
  const late: Problems = { list: [] };
  const power = await buildPower(config, problems);
  const store = buildStore(config.store, problems);
  const liveViews = buildLiveViews(config, problems);
  const lookup = createChannelLookup({ atOnce: lookupsAtOnce(env) });
  const channels = buildChannels(config, systemClock, late, lookup);
  const heartbeatTarget = heartbeatOf(config, late, lookup);
  const compute = buildCompute(config, env, workingDirectory, problems);
  const pinger = await buildPinger(config, choose, problems);
  const api = compute && buildApi(config, compute.asked, problems);
  if (
    compute === undefined ||
    api === undefined ||
    pinger === undefined ||
    problems.list.length > 0
  ) {
    return { kind: "problems", problems: [...problems.list, ...late.list] };
  }
  const ports = {
    clock: systemClock,
    log,
    pinger,
    sourceAddresses: sourceAddresses(config),
    power,
    compute: compute.api,
    store,
    liveViews,
    disarmedFile: config.disarmedFile,
  };
  const settings = settingsFrom(config, compute.cloud);
  const toldCollectors = liveViews.map(({ told }) => told);
  const prepared = { config, settings, ports, channels, heartbeatTarget, toldCollectors, api };
  return { kind: "prepared", prepared, late: late.list };
}

/** None without its address: whoever waits for it calls people. */
function heartbeatOf(
  config: GuardianConfig,
  late: Problems,
  lookup: ChannelLookup,
): HeartbeatTarget | undefined {
  const problems: Problems = { list: [] };
  const target = readHeartbeat(config, problems, lookup);
  late.list.push(...problems.list);
  return problems.list.length === 0 ? target : undefined;
}

function sourceAddresses(config: GuardianConfig): Partial<Record<NetworkName, string>> {
  const addresses: Partial<Record<NetworkName, string>> = {};
  for (const [name, network] of Object.entries(config.networks)) {
    if (network.sourceAddress !== undefined) {
      addresses[name as NetworkName] = network.sourceAddress;
    }
  }
  return addresses;
}

async function buildPinger(
  config: GuardianConfig,
  choose: typeof choosePinger,
  problems: Problems,
): Promise<Pinger | undefined> {
  const needsSourceAddress = Object.keys(sourceAddresses(config)).length > 0;
  const load = await choose({ needsSourceAddress });
  if (load.kind === "pinger") return load.pinger;
  problems.list.push(load.reason);
  return undefined;
}

function buildCompute(
  config: GuardianConfig,
  env: Environment,
  workingDirectory: string,
  problems: Problems,
): { readonly api: ComputeApi; readonly cloud: string; readonly asked: ApiCloud } | undefined {
  const found = findCloud({
    name: config.cloud,
    env,
    parseYaml,
    workingDirectory,
  });
  if (found.kind === "problems") {
    problems.list.push(...found.problems);
    return undefined;
  }
  const { cloud } = found;
  const keystone = createKeystone(cloud, systemClock);
  const random = seededRandom(freshSeed());
  const readImages = asksImages(config.evacuation);
  const api = createNova({ cloud, keystone, clock: systemClock, random, readImages });
  // Calls for people wait for their own answers: none of them is in the way of an evacuation.
  const calls = createNovaCalls({
    cloud,
    keystone,
    clock: systemClock,
    random,
    readDeadlineMs: 8000,
  });
  return { api, cloud: cloud.name, asked: { cloud, keystone, calls } };
}

function journalOf(
  { config, settings, channels, ports }: Prepared,
  signal: AbortSignal,
): Promise<OpenJournal | undefined> {
  const open = (): OpenJournal =>
    openJournal({
      path: config.journal.file,
      clock: systemClock,
      keepMs: config.journal.inputsFor,
      recordingBytesMax: config.journal.inputsMegabytes * 1e6,
    });
  const { repeatPageMs } = settings.limits;
  const said = { cloud: settings.cloud, language: config.language, repeatPageMs };
  return awaitJournal({ ...said, open, channels, clock: systemClock, log: ports.log, signal });
}

/** Runs until the signal; returns the process's exit code. */
export async function runDaemon(prepared: Prepared, signal: AbortSignal): Promise<number> {
  const { config, settings, ports, channels, heartbeatTarget, api, shownSettings } = prepared;
  const { addedRoutes } = prepared;
  const { log } = ports;
  const lifecycle = createLifecycle();
  lifecycle.onStop("pinger", () => ports.pinger.close());
  for (const source of [ports.store, ...ports.liveViews.map(({ view }) => view)]) {
    lifecycle.onStop(source.name, () => source.close());
  }
  try {
    const journal = await journalOf(prepared, signal);
    if (journal === undefined) return 0;
    lifecycle.onStop("journal", () => journal.close());
    const state = (): GuardianState => guardian.state();
    const beside = { clock: systemClock, log };
    const { outbox, alert } = createAlertDelivery({ ...beside, config, settings, channels, state });
    lifecycle.onStop("outbox", () => outbox.stop(2000));
    const feed = createEventFeed({
      clock: systemClock,
      epoch: journal.epoch,
      watchersMax: config.api.watchersMax,
    });
    const guardian: Guardian = createGuardian(settings, {
      ...ports,
      journal,
      alert: (message) => {
        alert(message);
        pushAlert(feed, message);
      },
      heard: lineOf(feed),
    });
    const decidedAt = (): number => guardian.decidedAt();
    const heartbeat =
      heartbeatTarget && createHeartbeat({ ...beside, target: heartbeatTarget, decidedAt });
    const { recording, audit } = journal;
    const shown = { recording, audit, settings: shownSettings, addedRoutes };
    const parts = { clock: systemClock, guardian, outbox, heartbeat, ...shown };
    await startApi({ ...beside, config, prepared: api, parts, feed, lifecycle });
    log.info({ event: "running", mode: settings.mode, pinger: ports.pinger.name }, "guardian runs");
    const tell = (ended: AbortSignal): Promise<void> =>
      tellFenced({
        ...beside,
        guardianId: config.guardianId,
        journalBegan: journal.began,
        collectors: prepared.toldCollectors,
        state,
        signal: ended,
      });
    const tellers = { ...beside, outbox, notifiers: channels, heartbeat, tell };
    await runWithDelivery(guardian, tellers, signal);
    return 0;
  } catch (error) {
    log.error({ event: "fatal", reason: describeError(error) }, "guardian ends");
    return 1;
  } finally {
    for (const problem of await lifecycle.stop()) log.error({ event: "stop", problem }, "stop");
  }
}
