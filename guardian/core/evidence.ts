/** What a verdict rests on, for people: made when somebody asks, not in every round. */
import type { MonoMs } from "../../shared/time.ts";
import type { Assessment } from "./assessment.ts";
import { doubtsAbout } from "./eyes.ts";
import { hostAge, missingPaths } from "./freshness.ts";
import { peerViews } from "./peers.ts";
import { deviceTrack, deviceWord } from "./power.ts";
import { pingCount, seenNetworksOf } from "./reverse-ping.ts";
import { hostSettings } from "./settings.ts";
import type { GuardianState, HostState } from "./state.ts";
import { render, seconds, words, type Language, type Words } from "./words.ts";

export type EvidenceKind = "reports" | "ping" | "peers" | "power" | "nova" | "checks" | "eyes";

/** One observation from one source. */
export interface Evidence {
  readonly kind: EvidenceKind;
  /** How long ago it was made, as far as it has an age. */
  readonly ageMs: number | undefined;
  readonly words: Words;
}

/** Everything that is known of a host, by source. */
export function evidenceOf(
  state: GuardianState,
  host: HostState,
  { signals }: Assessment,
): readonly Evidence[] {
  return [
    ...reportEvidence(state, host, signals.reports),
    ...(host.suspectSince === undefined ? [] : pingEvidence(state, host)),
    ...(host.suspectSince === undefined ? [] : peerEvidence(state, host)),
    ...powerEvidence(state, host),
    novaEvidence(state, host, signals.nova),
    ...(signals.reports === "silent" ? [] : checkEvidence(state, host)),
    ...doubtsAbout(state, host).map(({ gate, value }): Evidence => ({
      kind: "eyes",
      ageMs: undefined,
      words: words("evidence.doubt", { gate, value }),
    })),
  ];
}

/** The same as sentences, one per kind of evidence, with its age. */
export function evidenceLines(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  language: Language = "en",
): readonly string[] {
  return evidenceOf(state, host, assessment).map((one) => render(one.words, language));
}

function reportEvidence(
  state: GuardianState,
  host: HostState,
  signal: Assessment["signals"]["reports"],
): readonly Evidence[] {
  const { voting, freshPaths } = state.round;
  const kind = "reports";
  if (voting.length === 0) {
    return [{ kind, ageMs: undefined, words: words("evidence.no-vote") }];
  }
  const { ageMs: age } = hostAge(state, host, voting);
  const collectors = voting.length;
  const heard = Number.isFinite(age);
  const said = heard
    ? words("evidence.reports", { age: seconds(age), collectors })
    : words("evidence.never", { collectors });
  const reports: Evidence = { kind, ageMs: heard ? age : undefined, words: said };
  if (signal === "unconfirmed") return [reports, unconfirmedEvidence(state, host)];
  if (signal !== "partial") return [reports];
  const networks = missingPaths(state, host, voting, freshPaths).join(", ");
  return [reports, { kind, ageMs: undefined, words: words("evidence.missing", { networks }) }];
}

function unconfirmedEvidence(state: GuardianState, host: HostState): Evidence {
  const ageMs = Math.max(0, state.now - (host.unconfirmedAt ?? state.now));
  return { kind: "reports", ageMs, words: words("evidence.unconfirmed", { age: seconds(ageMs) }) };
}

function pingEvidence(state: GuardianState, host: HostState): readonly Evidence[] {
  return seenNetworksOf(state, host).map((network): Evidence => {
    const { echoes, sent } = pingCount(state, host, network);
    const last = host.pings.get(network)?.at(-1);
    const ageMs = last === undefined ? undefined : state.now - last.at;
    return { kind: "ping", ageMs, words: words("evidence.ping", { network, echoes, sent }) };
  });
}

function peerEvidence(state: GuardianState, host: HostState): readonly Evidence[] {
  return peerViews(state, host, seenNetworksOf(state, host)).map((view) => ({
    kind: "peers",
    ageMs: undefined,
    words: words("evidence.peers", { ...view }),
  }));
}

function powerEvidence(state: GuardianState, host: HostState): readonly Evidence[] {
  const { devices } = hostSettings(state.settings, host.host);
  if (devices.length === 0) {
    return [{ kind: "power", ageMs: undefined, words: words("evidence.no-device") }];
  }
  return devices.map((device) => {
    const last = deviceTrack(host, device).readings.at(-1);
    const ageMs = last === undefined ? undefined : state.now - last.at;
    return { kind: "power", ageMs, words: deviceWords(state, host, device) };
  });
}

/** A device's word for people. */
export function deviceWords(state: GuardianState, host: HostState, device: string): Words {
  const { limits } = state.settings;
  const word = deviceWord(state, host, device);
  const last = deviceTrack(host, device).readings.at(-1);
  if (word.power === "contradicted") return words("evidence.power-contradicted", { device });
  if (last === undefined) return words("evidence.power-unread", { device });
  if (last.reading.power === "unknown") {
    return words("evidence.power-unknown", { device, reason: last.reading.reason });
  }
  const said = { device, power: last.reading.power, age: seconds(state.now - last.at) };
  if (word.power !== "unknown") return words("evidence.power", said);
  if (word.because === "unverified") {
    return words("evidence.power-unverified", { ...said, reason: word.reason });
  }
  return word.because === "old"
    ? words("evidence.power-old", { ...said, limit: limits.powerAgeMsMax / 1000 })
    : words("evidence.power-probation", { ...said, limit: limits.powerProbationMs / 1000 });
}

function novaEvidence(
  state: GuardianState,
  host: HostState,
  signal: Assessment["signals"]["nova"],
): Evidence {
  const track = host.service;
  if (track === undefined) {
    return { kind: "nova", ageMs: undefined, words: words("evidence.no-nova") };
  }
  const stillMs = Math.max(0, state.now - track.advancedAt);
  const said = words("evidence.nova", { signal, age: seconds(stillMs) });
  return { kind: "nova", ageMs: stillMs, words: said };
}

function checkEvidence(state: GuardianState, host: HostState): readonly Evidence[] {
  const checks = host.newest?.checks;
  const kind = "checks";
  if (checks === undefined) {
    return [{ kind, ageMs: undefined, words: words("evidence.no-checks") }];
  }
  const { checksSince: since } = host;
  const ageOf = (from: MonoMs): string => ((state.now - from) / 1000).toFixed(0);
  const { storage, directory, business, libvirt } = checks;
  const written = { state: directory, latency: checks.directoryLatencyMs };
  const compute = host.service?.service.state ?? "unknown";
  const { serversRunning: running, serversTotal: total } = checks;
  const services = { libvirt, compute, running, total };
  return [
    {
      kind,
      ageMs: checks.storageAgeMs,
      words:
        since.storage === undefined
          ? words("evidence.storage", { state: storage })
          : words("evidence.storage-for", { state: storage, age: ageOf(since.storage) }),
    },
    {
      kind,
      ageMs: checks.directoryAgeMs,
      words:
        since.directory === undefined
          ? words("evidence.directory", written)
          : words("evidence.directory-for", { ...written, age: ageOf(since.directory) }),
    },
    {
      kind,
      ageMs: checks.businessAgeMs,
      words:
        since.business === undefined
          ? words("evidence.business", { state: business })
          : words("evidence.business-for", { state: business, age: ageOf(since.business) }),
    },
    {
      kind,
      ageMs: checks.libvirtAgeMs,
      words:
        since.libvirt === undefined
          ? words("evidence.libvirt", services)
          : words("evidence.libvirt-for", { ...services, age: ageOf(since.libvirt) }),
    },
  ];
}
