/**
 * The settings of the model: every limit a small number of quanta, so that ages are few. A quantum
 * is five seconds, because a fence proof must live for several and the core's own constants (5 s
 * between two lists of Nova's services) must not add phases of their own.
 */
import { defaultLimits, type Settings } from "../../guardian/core/settings.ts";
import { hostName, type HostName } from "../../shared/names.ts";
import { worldSettings } from "../support/world-settings.ts";

export const quantumMs = 5000;
/** An age beyond this is like any other beyond it: the greatest limit that is compared, and more. */
export const ageMsMax = 75_000;

export const peer = hostName("peer");

export function modelSettings(victims: readonly HostName[], change: Partial<Settings>): Settings {
  return worldSettings([...victims, peer], {
    ...change,
    limits: {
      ...defaultLimits,
      suspectAfterMs: 5000,
      silentAfterMs: 10_000,
      pathSilentAfterMs: 20_000,
      voteMs: 6000,
      loopGapMsMax: 6000,
      doubtMs: 10_000,
      anchorMs: 6000,
      novaAnsweredMs: 15_000,
      novaCadenceMs: 5000,
      novaQuietMsMin: 10_000,
      novaHungMs: 20_000,
      pingsToFail: 1,
      powerEveryMs: 5000,
      powerDeadlineMs: 4000,
      powerRehearsalMs: 5000,
      powerAgeMsMax: 10_000,
      powerProbationMs: 10_000,
      powerContradictedMs: 6000,
      checkDownMs: 10_000,
      disableDegradedAfterMs: 10_000,
      enableHealthyAfterMs: 10_000,
      confirmedMs: 60_000,
      confirmWithinMs: 30_000,
      graceFreshMs: 5000,
      graceUnseenMs: 15_000,
      proofMs: 15_000,
      proofFirstRenewalMs: 5000,
      proofRenewalMs: 5000,
      fenceAttemptMs: 15_000,
      othersReportMs: 2000,
      othersDeadlineMs: 10_000,
      stormCooldownMs: 10_000,
      suspectHoldMs: 5000,
      suspectHoldWindowMs: 15_000,
      // The hour is wall time that no run of the model lives through: the rate is left out.
      fencesPerHour: 1000,
      fencesPerHourInDomain: 1000,
      moveMsMax: 70_000,
      moveAttempts: 2,
      moveDeadlineMs: 60_000,
      unattendedMs: 30_000,
      // Repetitions of a page change nothing but the outbox.
      repeatPageMs: 1e12,
    },
  });
}
