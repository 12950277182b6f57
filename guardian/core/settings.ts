/**
 * What the operator decides, as the core sees it: parsed, frozen, in milliseconds. The limits say
 * what each is for; docs/configuration.md says what changes when it is lower or higher.
 */
import type { CollectorId, HostName } from "../../shared/names.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import type { RowAction } from "./assessment.ts";
import type { EvacuationPolicy } from "./evacuation-policy.ts";
import type { Language } from "./words.ts";

/**
 * `observe`: say what we would do. `ask`: a person approves each incident. `act`: fence and evacuate
 * when every gate passes.
 */
export type Mode = "observe" | "ask" | "act";

export interface Limits {
  /** Without a report for this long a host is suspect: pings and power readings start. */
  readonly suspectAfterMs: number;
  /** Silence on every path, vouched for by every voting collector, for this long. */
  readonly silentAfterMs: number;
  /** One path silent this long while it works for other hosts. */
  readonly pathSilentAfterMs: number;
  /** A collector whose watermark has not advanced for this long has no vote. */
  readonly voteMs: number;
  /** How far the store may be behind the live view, or, without one, behind what it was at best. */
  readonly lagMsMax: number;
  /** A pause of our loop longer than this puts our eyes in doubt. */
  readonly loopGapMsMax: number;
  /** How long a doubt about our own eyes lasts after its cause. */
  readonly doubtMs: number;
  /** An anchor must have answered within this time. */
  readonly anchorMs: number;
  /** Nova must have answered within this time. */
  readonly novaAnsweredMs: number;
  /** How often nova-compute reports (Nova's report_interval). */
  readonly novaCadenceMs: number;
  /** Nova's record is never called quiet sooner than this. */
  readonly novaQuietMsMin: number;
  /** Nova's record quiet this long on a host that answers pings: hung. */
  readonly novaHungMs: number;
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
  /** Pings that must fail on a network before it is said to fail: the mission's threshold. */
  readonly pingsToFail: number;
  readonly powerEveryMs: number;
  /** A power device must answer within this time. */
  readonly powerDeadlineMs: number;
  /** A reading older than this is no evidence. */
  readonly powerAgeMsMax: number;
  /** Power and identity are read this often in peace. */
  readonly powerRehearsalMs: number;
  /** A device that failed to answer counts as unknown until it has answered for this long. */
  readonly powerProbationMs: number;
  /** A host that shows life this long after "off" contradicts it. */
  readonly powerContradictedMs: number;
  /** A failed self-check counts after this long. */
  readonly checkDownMs: number;
  /** A self-check older than this says nothing. */
  readonly checkAgeMsMax: number;
  /** How long an announced reboot or power-off explains a silence. */
  readonly noticeMs: number;
  /** How long a probe that said it stops explains a silence. */
  readonly stoppingMs: number;
  /** After a start a host must be seen fresh this long before it may be called dead. */
  readonly graceFreshMs: number;
  /** Or this much time of good eyes must have passed, if it reported before. */
  readonly graceUnseenMs: number;
  /** Lifetime of a proof by people; a sign of life ends it at once. */
  readonly confirmedMs: number;
  /** Where two people must confirm, the second within this time. */
  readonly confirmWithinMs: number;
  /** Lifetime of a proof by power device: less than a server needs to start. */
  readonly proofMs: number;
  readonly proofFirstRenewalMs: number;
  readonly proofRenewalMs: number;
  /** An off command that has not led to a proof in this time is a failed attempt. */
  readonly fenceAttemptMs: number;
  /** All other hosts must have reported this long after a chassis went from on to off. */
  readonly othersReportMs: number;
  readonly othersDeadlineMs: number;
  /** Storm when more than max(1, this share of the hosts) are in trouble. */
  readonly stormShare: number;
  readonly stormCooldownMs: number;
  /** How long one suspect host can hold others back, and over which window. */
  readonly suspectHoldMs: number;
  readonly suspectHoldWindowMs: number;
  /** Hosts fenced or evacuated per hour without a person. */
  readonly fencesPerHour: number;
  /** The same, within one failure domain. */
  readonly fencesPerHourInDomain: number;
  /** Moves under way at once in the whole cloud, at most. */
  readonly movesAtOnce: number;
  /** And to begin with: it rises while Nova keeps up. */
  readonly movesAtFirst: number;
  /** Moves under way toward one destination, with those that may still go there. */
  readonly movesPerDestination: number;
  /** An evacuate call that is answered later halves the moves at once. */
  readonly moveSlowMs: number;
  /** Evacuate calls for one server, at most: only after one that is known to have failed. */
  readonly moveAttempts: number;
  /** No try begins later than this after the first one. */
  readonly moveDeadlineMs: number;
  /** A move that takes longer is paged. */
  readonly moveMsMax: number;
  /** A living host in rows 4, 5 or 5a for this long is disabled in Nova with our mark. */
  readonly disableDegradedAfterMs: number;
  /** And enabled again, if the mark is still ours, after this long in row 8. */
  readonly enableHealthyAfterMs: number;
  /** A silent host with no move under way gets its own page after this. */
  readonly unattendedMs: number;
  /** A firing page is repeated this often. */
  readonly repeatPageMs: number;
}

export const defaultLimits: Limits = {
  suspectAfterMs: 3000,
  silentAfterMs: 5000,
  pathSilentAfterMs: 10_000,
  voteMs: 3000,
  lagMsMax: 5000,
  loopGapMsMax: 2000,
  doubtMs: 15_000,
  anchorMs: 3000,
  novaAnsweredMs: 15_000,
  novaCadenceMs: 10_000,
  novaQuietMsMin: 12_000,
  novaHungMs: 60_000,
  pingEveryMs: 500,
  pingTimeoutMs: 900,
  pingsToFail: 4,
  powerEveryMs: 1000,
  powerDeadlineMs: 5000,
  powerAgeMsMax: 20_000,
  powerRehearsalMs: 300_000,
  powerProbationMs: 60_000,
  powerContradictedMs: 6000,
  checkDownMs: 60_000,
  checkAgeMsMax: 30_000,
  noticeMs: 600_000,
  stoppingMs: 60_000,
  graceFreshMs: 10_000,
  graceUnseenMs: 120_000,
  confirmedMs: 1_800_000,
  confirmWithinMs: 600_000,
  proofMs: 30_000,
  proofFirstRenewalMs: 3000,
  proofRenewalMs: 8000,
  fenceAttemptMs: 30_000,
  othersReportMs: 2000,
  othersDeadlineMs: 10_000,
  stormShare: 0.1,
  stormCooldownMs: 300_000,
  suspectHoldMs: 10_000,
  suspectHoldWindowMs: 300_000,
  fencesPerHour: 3,
  fencesPerHourInDomain: 2,
  movesAtOnce: 32,
  movesAtFirst: 4,
  movesPerDestination: 8,
  moveSlowMs: 5000,
  moveAttempts: 3,
  moveDeadlineMs: 900_000,
  moveMsMax: 300_000,
  disableDegradedAfterMs: 60_000,
  enableHealthyAfterMs: 300_000,
  unattendedMs: 120_000,
  repeatPageMs: 1_800_000,
};

/** A network on which the guardian has a leg. Without an anchor it counts as not seen. */
export interface SeenNetwork {
  readonly name: NetworkName;
  /** Addresses that are not compute hosts; one must answer. */
  readonly anchors: readonly string[];
}

/** One complete way to switch a host off: all of its devices must be off. */
export interface FenceLevel {
  readonly devices: readonly string[];
  /** It has failed without a proof by then; left out: the time of an attempt. */
  readonly deadlineMs: number | undefined;
}

export interface HostSettings {
  /** The address to ping, per network. */
  readonly addresses: Readonly<Partial<Record<NetworkName, string>>>;
  /** Names of the host's power devices, of every level. Empty: cannot be fenced. */
  readonly devices: readonly string[];
  /** Where each of them is, address and outlet, without secrets: a person's word is of the device there. */
  readonly places?: Readonly<Record<string, string>>;
  /** Ways to switch it off, tried in order. Left out: one level, with all devices. */
  readonly levels?: readonly FenceLevel[] | undefined;
  /** Why nothing may be done to this host; undefined when it is in service. */
  readonly maintenance: string | undefined;
  /** What it shares with others and may lose together with them: kind to name, rack to "B7". */
  readonly domains: Readonly<Record<string, string>>;
  /** Goes before the modes of its groups and of the cloud. */
  readonly mode?: Mode | undefined;
}

/** What proves a host off: its power devices' readings, or a person's word. */
export type ProofKind = "off" | "confirmed";

/** What happens to a fenced host when its moves have ended: it stays off, or is switched on and accepted back. */
export type ComeHome = "leave-off" | "power-on";

/** Hosts that people keep free, and when one of them is enabled. */
export interface ReserveSettings {
  /** In the order in which they are taken. */
  readonly hosts: readonly HostName[];
  /** `when-short`: only when a server would find no place without it. */
  readonly use: "when-short" | "always";
}

/** Hosts under one name; a host aggregate of this name in Nova belongs to it too. */
export interface GroupSettings {
  readonly hosts: readonly HostName[];
  readonly mode: Mode | undefined;
  readonly rows: RowActions;
  /** Of those that suffice in the cloud, the ones that suffice here; undefined: all of them. */
  readonly proofs?: readonly ProofKind[] | undefined;
  readonly comeHome?: ComeHome | undefined;
  readonly drain?: boolean | undefined;
}

/** Actions that an operator gave to rows of the verdict table, by row. */
export type RowActions = ReadonlyMap<string, RowAction>;

/** What happens in mode `ask` when nobody answers. */
export interface AskSettings {
  readonly afterMs: number;
  /** `observe`: wait, and page on. */
  readonly byDefault: "observe" | "act";
}

/** Maintenance that was planned: from a wall time to a wall time. */
export interface MaintenanceWindow {
  readonly name: string;
  readonly startWall: number;
  readonly endWall: number;
  readonly hosts: readonly HostName[];
  readonly groups: readonly string[];
  readonly reason: string;
  readonly owner: string;
}

export interface Settings {
  readonly cloud: string;
  /** Of alerts, and of what the command line shows unless it asks for another one. */
  readonly language: Language;
  /** In `disabled_reason`, so that another guardian keeps its hands off. */
  readonly guardianId: string;
  /** Of the whole cloud; groups and hosts may have their own. */
  readonly mode: Mode;
  readonly ask: AskSettings;
  readonly groups: ReadonlyMap<string, GroupSettings>;
  /** Other actions for rows of the verdict table, in the whole cloud. */
  readonly rows: RowActions;
  /** Whether any group has some of its own. */
  readonly groupsHaveRows: boolean;
  readonly windows: readonly MaintenanceWindow[];
  /** Which kinds of proof suffice. */
  readonly proofs: readonly ProofKind[];
  /** How many people must confirm that a host is off. */
  readonly confirmBy: number;
  /** Left out: they are left off. */
  readonly comeHome?: ComeHome | undefined;
  /** Degraded hosts are emptied by live migration, once they are disabled. Left out: they are not. */
  readonly drain?: boolean | undefined;
  /** Hosts kept free for evacuations. Left out: there are none. */
  readonly reserve?: ReserveSettings | undefined;
  /** Degraded hosts are disabled in Nova, and enabled again. */
  readonly disableDegraded: boolean;
  readonly limits: Limits;
  readonly networks: readonly SeenNetwork[];
  readonly collectors: readonly CollectorId[];
  readonly hosts: ReadonlyMap<HostName, HostSettings>;
  /** Which servers are moved, and in which order. */
  readonly evacuation: EvacuationPolicy;
  /** The operator says that all instances directories are one shared file system. */
  readonly instancesShared: boolean;
  /** Host aggregates that are failure domains: names, or beginnings followed by `*`. */
  readonly domainAggregates: readonly string[];
  /** Whether a reboot that does not return, or a power-off announced, is acted on by itself. */
  readonly rebootOverdue: "ask" | "act";
  /** Rows 14 and 18 hold on one network too: row 19 acts as row 18. */
  readonly oneNetworkIsEnough: boolean;
}

export const noHostSettings: HostSettings = {
  addresses: {},
  devices: [],
  maintenance: undefined,
  domains: {},
};

/** Configuration of a host, empty for one that only Nova knows. */
export function hostSettings(settings: Settings, host: HostName): HostSettings {
  return settings.hosts.get(host) ?? noHostSettings;
}
