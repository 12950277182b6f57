/**
 * What would change the verdict on a host, and when: the counterfactual of an explanation. Times
 * hold if everything stays as it is; test/unit/explain.test.ts waits for each of them.
 */
import type { Assessment } from "./assessment.ts";
import { takesWord } from "./confirmations.ts";
import { hostAge, missingPaths } from "./freshness.ts";
import { quietMs, stillSince } from "./nova-record.ts";
import { deviceTrack, deviceWord } from "./power.ts";
import { pingCount, seenNetworksOf } from "./reverse-ping.ts";
import { foundForMs, noticeEndsAt } from "./self-checks.ts";
import { hostSettings } from "./settings.ts";
import type { GuardianState, HostState } from "./state.ts";
import { seconds, words, type Words } from "./words.ts";

/** One thing that would change the answer. */
export interface Outlook {
  readonly words: Words;
  /** When it happens by itself; undefined when it waits for something else. */
  readonly inMs: number | undefined;
}

/** By verdict row; gates of an action are `gateOutlook`'s. */
export function outlookOf(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): readonly Outlook[] {
  const { row } = assessment;
  switch (row) {
    case "1":
    case "1a":
      return assessment.gates.map(({ gate, value }) => waits(words("next.eyes", { gate, value })));
    case "2":
      return devicesOf(state, host).map((device) =>
        waits(words("next.device-contradicted", { device })),
      );
    case "3":
      return [waits(words("next.guarded"))];
    case "3a":
      return [waits(words("next.release", { host: host.host }))];
    case "4":
    case "5":
    case "6":
    case "7":
      return checksOutlook(state, host);
    case "5a":
      return [missingOutlook(state, host)];
    case "8":
      return [stopOutlook(state)];
    case "8a":
      return [overdueOutlook(state, host)];
    case "9":
      return [noticeOutlook(state, host)];
    case "9a":
    case "9b":
      return [waits(words("next.announced", { host: host.host }))];
    case "10":
      return measuredOutlook(state, host);
    case "12":
    case "17":
      return [quietOutlook(state, host, row)];
    case "15":
      return devicesOutlook(state, host);
    case "14":
    case "18":
      return [];
    default:
      return [waits(words("next.reports-return")), waits(words("next.look"))];
  }
}

function waits(said: Words): Outlook {
  return { words: said, inMs: undefined };
}

function devicesOf(state: GuardianState, host: HostState): readonly string[] {
  return hostSettings(state.settings, host.host).devices;
}

function stopOutlook(state: GuardianState): Outlook {
  const { suspectAfterMs, silentAfterMs } = state.settings.limits;
  const [suspect, silent] = [suspectAfterMs / 1000, silentAfterMs / 1000];
  return waits(words("next.reports-stop", { suspect, silent }));
}

/** Silent on some of its paths: which ones. */
function missingOutlook(state: GuardianState, host: HostState): Outlook {
  const { voting, freshPaths } = state.round;
  const networks = missingPaths(state, host, voting, freshPaths).join(", ");
  return waits(words("next.network", { networks }));
}

const checkNames = ["storage", "directory", "business", "libvirt"] as const;

/** When a failing check becomes a verdict; or that it must get well. */
function checksOutlook(state: GuardianState, host: HostState): readonly Outlook[] {
  const checks = host.newest?.checks;
  if (checks === undefined) return [waits(words("next.check-known", { check: "self-checks" }))];
  const { checkDownMs } = state.settings.limits;
  const failing = checkNames.flatMap((check): Outlook[] => {
    const foundMs = foundForMs(state, host, check);
    if (foundMs === undefined) return [];
    const leftMs = checkDownMs - foundMs;
    const known = checks[check];
    if (leftMs <= 0) return [waits(words("next.check-good", { check }))];
    const said = { left: seconds(leftMs), check, state: known };
    return [{ words: words("next.check-lasts", said), inMs: leftMs }];
  });
  if (failing.length > 0) return failing;
  const unsure = Object.entries({ ...checks }).filter(([, value]) => value === "unknown");
  return unsure.map(([check]) => waits(words("next.check-known", { check })));
}

/** Silence is what collectors vouch for: their watermarks must pass the limit. */
function overdueOutlook(state: GuardianState, host: HostState): Outlook {
  const { silentMs } = hostAge(state, host, state.round.voting);
  const leftMs = Math.max(0, state.settings.limits.silentAfterMs - silentMs);
  return { words: words("next.silent", { left: seconds(leftMs) }), inMs: leftMs };
}

function noticeOutlook(state: GuardianState, host: HostState): Outlook {
  const leftMs = Math.max(0, (noticeEndsAt(state, host) ?? state.now) - state.now);
  return { words: words("next.notice", { left: seconds(leftMs) }), inMs: leftMs };
}

/** Pings still to come, and the first power reading. */
function measuredOutlook(state: GuardianState, host: HostState): readonly Outlook[] {
  const { pingsToFail, powerDeadlineMs } = state.settings.limits;
  const result: Outlook[] = [];
  for (const network of seenNetworksOf(state, host, state.round.seen)) {
    const count = pingsToFail - pingCount(state, host, network).sent;
    if (count > 0) result.push(waits(words("next.pings", { count, network })));
  }
  const leftMs = (host.suspectSince ?? state.now) + powerDeadlineMs - state.now;
  const unread = devicesOf(state, host).some((device) => {
    const last = deviceTrack(host, device).readings.at(-1);
    return last === undefined || last.askedAt < (host.suspectSince ?? 0);
  });
  if (unread && leftMs > 0) {
    const said = words("next.power-answer", { left: seconds(leftMs) });
    result.push({ words: said, inMs: leftMs });
  }
  return result;
}

/** How long Nova's record must stand still before it says something else. */
function quietOutlook(state: GuardianState, host: HostState, row: "12" | "17"): Outlook {
  const { limits } = state.settings;
  const limitMs = row === "12" ? limits.novaHungMs : quietMs(limits);
  const track = host.service;
  // Counted between answers, so the next answer may come a little after the time itself.
  const leftMs =
    track === undefined ? limitMs : stillSince(track, host.lifeAt, limits) + limitMs - state.now;
  const left = seconds(Math.max(0, leftMs));
  const said = row === "12" ? words("next.hung", { left }) : words("next.dead", { left });
  return { words: said, inMs: Math.max(0, leftMs) };
}

/** Why no device can prove that it is off, and what would. */
function devicesOutlook(state: GuardianState, host: HostState): readonly Outlook[] {
  const devices = devicesOf(state, host);
  const byPeople = takesWord(state, host.host)
    ? [waits(words("next.confirm", { host: host.host }))]
    : [];
  if (devices.length === 0) return [waits(words("next.device-none")), ...byPeople];
  const byDevices = devices.flatMap((device): Outlook[] => {
    const word = deviceWord(state, host, device);
    if (word.power !== "unknown") return [];
    if (word.because === "unverified") {
      return [waits(words("next.device-verified", { device, host: host.host }))];
    }
    if (word.because !== "probation") return [waits(words("next.device-answers", { device }))];
    const { answeringSince } = deviceTrack(host, device);
    const leftMs =
      (answeringSince ?? state.now) + state.settings.limits.powerProbationMs - state.now;
    const said = words("next.device-probation", { left: seconds(leftMs), device });
    return [{ words: said, inMs: leftMs }];
  });
  return [...byDevices, ...byPeople];
}
