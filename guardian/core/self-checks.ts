/** What a host says of itself, and for how long it has said so on our clock. */
import type { DirectoryState, HostChecks, NoticeKind } from "../../shared/telemetry.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import type { Signals } from "./assessment.ts";
import { hostWith, type ChecksSince, type GuardianState, type HostState } from "./state.ts";

/** What a probe may find wrong with the instances directory. */
export const badDirectories: readonly [DirectoryState, ...DirectoryState[]] = [
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
  const storage = run(checksSince.storage, checks.storage === "down", state.now);
  const badDirectory = badDirectories.some((bad) => bad === checks.directory);
  const directory = run(checksSince.directory, badDirectory, state.now);
  const business = run(checksSince.business, checks.business === "down", state.now);
  const libvirt = run(checksSince.libvirt, isServiceDown(host, checks), state.now);
  const same =
    storage === checksSince.storage &&
    directory === checksSince.directory &&
    business === checksSince.business &&
    libvirt === checksSince.libvirt;
  return same ? host : hostWith(host, { checksSince: { storage, directory, business, libvirt } });
}

function run(since: MonoMs | undefined, failing: boolean, now: MonoMs): MonoMs | undefined {
  return failing ? (since ?? now) : undefined;
}

function isServiceDown(host: HostState, checks: HostChecks): boolean {
  const service = host.service?.service;
  return checks.libvirt === "down" || service?.state === "down";
}

/**
 * For how long a check was found failing, ms, up to when it was last found so: what a probe says again it has not found
 * again. Undefined while it does not fail.
 */
export function foundForMs(
  { now }: GuardianState,
  { checksSince, newest, heardAt = now }: HostState,
  check: keyof ChecksSince,
): number | undefined {
  const from = checksSince[check];
  const checks = newest?.checks;
  if (from === undefined || checks === undefined) return undefined;
  // Nova tells it by itself.
  if (check === "libvirt" && checks.libvirt !== "down") return now - from;
  return Math.max(0, heardAt - checks[`${check}AgeMs`] - from);
}

const saidBy: Readonly<Record<keyof ChecksSince, string>> = {
  storage: "4",
  directory: "4",
  business: "5",
  libvirt: "6",
};
/** A gap in which a collector keeps its vote, and what jitters; never more than this share of what it is taken off. */
const jitterMs = 4000;
const jitterShare = 0.1;

/** The worst thing that has lasted long enough, in the order of the table's rows. */
export function checksSignal(state: GuardianState, host: HostState): Signals["checks"] {
  const checks = host.newest?.checks;
  if (checks === undefined) return "settling";
  const { checkDownMs, checkAgeMsMax } = state.settings.limits;
  // Reports of one finding come a little sooner or later: what was said stands, and nothing else comes sooner for it.
  const saidMs = checkDownMs - Math.min(jitterMs, checkDownMs * jitterShare);
  const lasting = (check: keyof ChecksSince): boolean => {
    const lastsMs = host.assessment?.row === saidBy[check] ? saidMs : checkDownMs;
    return (foundForMs(state, host, check) ?? Number.NEGATIVE_INFINITY) >= lastsMs;
  };
  if (lasting("storage") || lasting("directory")) return "storage";
  if (lasting("business")) return "business";
  if (lasting("libvirt")) return "libvirt";
  return isFailing(host) || isUnsure(checks, checkAgeMsMax) ? "settling" : "ok";
}

/** Whether any check of its own fails, for however long. */
export function isFailing({ checksSince }: HostState): boolean {
  const { storage, directory, business, libvirt } = checksSince;
  return (
    storage !== undefined ||
    directory !== undefined ||
    business !== undefined ||
    libvirt !== undefined
  );
}

/** Its storage or its instances directory fails; one that flaps is slow by turns, and nothing else is wrong then. */
export function isStorageInDoubt({ assessment, checksSince, newest }: HostState): boolean {
  const fails = checksSince.storage !== undefined || checksSince.directory !== undefined;
  return fails || (assessment?.row === "7" && newest?.checks.directory === "slow");
}

/** A check that is missing, or too old to say anything of now. */
function isUnsure(checks: HostChecks, ageMsMax: number): boolean {
  return (
    checks.storageAgeMs > ageMsMax ||
    checks.businessAgeMs > ageMsMax ||
    checks.directoryAgeMs > ageMsMax ||
    checks.libvirtAgeMs > ageMsMax ||
    checks.storage === "unknown" ||
    checks.business === "unknown" ||
    checks.directory === "unknown" ||
    checks.libvirt === "unknown" ||
    checks.directory === "slow"
  );
}

/** Whether a planned notice in the last report still explains the silence. */
export function noticeInForce(state: GuardianState, host: HostState): boolean {
  const endsAt = noticeEndsAt(state, host);
  return endsAt !== undefined && state.now < endsAt;
}

/**
 * What its planned notice says of a silence now. A restart of the probe is over when its time is; a
 * reboot that does not return, and a power-off, are left to people unless the settings say act.
 */
export function noticeSignal(state: GuardianState, host: HostState): Signals["notice"] {
  const endsAt = noticeEndsAt(state, host);
  if (endsAt === undefined) return "none";
  const inForce = state.now < endsAt;
  const notice = noticeOf(state, host);
  const acts = notice === "stopping" || state.settings.rebootOverdue === "act";
  if (!inForce && acts) return "none";
  if (notice === "powering-off") return "powering-off";
  return inForce ? "in-force" : "overdue";
}

/**
 * The planned notice of the last report. Of one that no store shows any more the journal tells, and while no report of
 * that boot has a date: what a store shows then may be older.
 */
export function noticeOf(
  { memory }: GuardianState,
  { host, newest, lifeAt }: HostState,
): NoticeKind {
  const known = memory.known[host];
  const isOlder = lifeAt === undefined && known?.bootId === newest?.bootId;
  if (isOlder && known?.notice !== undefined) return known.notice;
  return newest?.checks.notice ?? memory.known[host]?.notice ?? "none";
}

/** Until when the planned notice of the last report explains a silence; undefined without one. */
export function noticeEndsAt(state: GuardianState, host: HostState): MonoMs | undefined {
  const notice = noticeOf(state, host);
  if (notice === "none") return undefined;
  const { noticeMs, stoppingMs } = state.settings.limits;
  // Of before our start and of another epoch of its collector: it was given before, nobody knows when.
  const givenAt = host.lifeAt ?? state.startedAt;
  return monoMs(givenAt + (notice === "stopping" ? stoppingMs : noticeMs));
}
