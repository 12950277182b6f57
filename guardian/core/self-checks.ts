/** What a host says of itself, and for how long it has said so on our clock. */
import type { HostChecks } from "../../shared/telemetry.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import type { Signals } from "./assessment.ts";
import type { ChecksSince, GuardianState, HostState } from "./state.ts";

const badDirectories: readonly string[] = [
  "read-only",
  "full",
  "missing",
  "io-error",
  "denied",
  "hung",
];

/** Starts, keeps and ends the run of each failing check. */
export function foldChecks(state: GuardianState, host: HostState): HostState {
  const checks = host.newest?.checks;
  if (checks === undefined || host.freshSince === undefined) return host;
  const { checksSince } = host;
  const next: ChecksSince = {
    storage: run(checksSince.storage, checks.storage === "down", state.now),
    directory: run(checksSince.directory, badDirectories.includes(checks.directory), state.now),
    business: run(checksSince.business, checks.business === "down", state.now),
    libvirt: run(checksSince.libvirt, isServiceDown(host, checks), state.now),
  };
  return { ...host, checksSince: next };
}

function run(since: MonoMs | undefined, failing: boolean, now: MonoMs): MonoMs | undefined {
  return failing ? (since ?? now) : undefined;
}

function isServiceDown(host: HostState, checks: HostChecks): boolean {
  const service = host.service?.service;
  return checks.libvirt === "down" || service?.state === "down";
}

/** The worst thing that has lasted long enough, in the order of the table's rows. */
export function viewChecks(
  state: GuardianState,
  host: HostState,
): { readonly signal: Signals["checks"]; readonly lines: readonly string[] } {
  const checks = host.newest?.checks;
  if (checks === undefined) return { signal: "settling", lines: ["self-checks: never reported"] };
  const { limits } = state.settings;
  const since = host.checksSince;
  const lasting = (from: MonoMs | undefined): boolean =>
    from !== undefined && state.now - from >= limits.checkDownMs;
  let signal: Signals["checks"] = "ok";
  if (lasting(since.storage) || lasting(since.directory)) signal = "storage";
  else if (lasting(since.business)) signal = "business";
  else if (lasting(since.libvirt)) signal = "libvirt";
  else if (isSettling(since, checks, limits.checkAgeMsMax)) signal = "settling";
  return { signal, lines: checkLines(state, host, checks) };
}

function isSettling(since: ChecksSince, checks: HostChecks, ageMsMax: number): boolean {
  const failing = [since.storage, since.directory, since.business, since.libvirt];
  const ages = [
    checks.storageAgeMs,
    checks.businessAgeMs,
    checks.directoryAgeMs,
    checks.libvirtAgeMs,
  ];
  const states: readonly string[] = [
    checks.storage,
    checks.business,
    checks.directory,
    checks.libvirt,
  ];
  return (
    failing.some((from) => from !== undefined) ||
    ages.some((age) => age > ageMsMax) ||
    states.includes("unknown") ||
    checks.directory === "slow"
  );
}

function checkLines(state: GuardianState, host: HostState, checks: HostChecks): readonly string[] {
  const since = host.checksSince;
  const service = host.service?.service;
  const forMs = (from: MonoMs | undefined): string =>
    from === undefined ? "" : ` for ${((state.now - from) / 1000).toFixed(0)} s`;
  const nova = service === undefined ? "unknown" : service.state;
  return [
    `storage network: ${checks.storage}${forMs(since.storage)}`,
    `instances directory: ${checks.directory}${forMs(since.directory)}, last write ${checks.directoryLatencyMs} ms`,
    `business network: ${checks.business}${forMs(since.business)}`,
    `libvirt: ${checks.libvirt}, nova-compute: ${nova}${forMs(since.libvirt)}; ${checks.serversRunning} of ${checks.serversTotal} servers run`,
  ];
}

/** Whether a planned notice in the last report still explains the silence. */
export function noticeInForce(state: GuardianState, host: HostState): boolean {
  const notice = host.newest?.checks.notice ?? "none";
  if (notice === "none" || host.lifeAt === undefined) return false;
  const { noticeMs, stoppingMs } = state.settings.limits;
  const forMs = notice === "stopping" ? stoppingMs : noticeMs;
  return state.now < monoMs(host.lifeAt + forMs);
}
