/** What a replay found, for people. */
import type { HostName } from "../shared/names.ts";
import type { RecordedIncident, RecordingSize } from "./ports.ts";
import type { Fate, OtherReplay, Replay, TimelineEntry } from "./core/replay.ts";
import { formatOutput } from "./core/table.ts";

export interface Replayed {
  readonly incident: string;
  readonly openedWallMs: number;
}

/** The timeline, the comparison with what was recorded, and what other settings would have done. */
export function describeReplay(result: Replay, { incident, openedWallMs }: Replayed): string {
  const lines = result.timeline.map((entry) => timelineLine(entry, openedWallMs));
  const head = `incident ${incident}, opened ${isoTime(openedWallMs)}; seconds count from there`;
  const other = result.other === undefined ? [] : otherLines(result, result.other, openedWallMs);
  return [head, ...lines, "", ...comparison(result, openedWallMs), ...other].join("\n");
}

function comparison(result: Replay, openedWallMs: number): readonly string[] {
  const { inputs, outputs, snapshots, gaps, difference } = result;
  const told = gaps.map((gap) => `gap: ${gap}; the replay goes on from the next snapshot`);
  if (inputs === 0) return [...told, "nothing to replay: no whole snapshot was recorded"];
  const counts = `${inputs} inputs, ${outputs} lines and orders, ${snapshots} snapshots`;
  if (difference === undefined) return [...told, `${counts}: identical`];
  return [
    ...told,
    `${counts}: DIFFERENT, first at ${seconds(difference.wallMs - openedWallMs)}`,
    `  recorded: ${difference.recorded}`,
    `  replayed: ${difference.replayed}`,
    "  the same inputs led elsewhere: another release decides here, or the core is not pure",
  ];
}

function timelineLine({ wallMs, effect }: TimelineEntry, openedWallMs: number): string {
  const at = seconds(wallMs - openedWallMs).padStart(10);
  const said = (who: string | undefined, text: string): string =>
    `${at}  ${(who ?? "guardian").padEnd(12)} ${text}`;
  switch (effect.kind) {
    case "line":
      return said(effect.host, effect.text);
    case "alert": {
      const { host, class: kind, status, title } = effect.message;
      return said(host, `${kind}${status === "resolved" ? " resolved" : ""}: ${title}`);
    }
    case "power-off":
      return said(effect.host, `order: power off ${effect.device}`);
    case "power-on":
      return said(effect.host, `order: power on ${effect.device}`);
    case "evacuate":
    case "reset":
    case "live-migrate":
      return said(effect.host, `order: ${effect.kind} ${effect.server}`);
    case "force-down":
    case "force-up":
    case "disable":
    case "enable":
      return said(effect.host, `order: ${effect.kind}`);
    default:
      return effect satisfies never;
  }
}

function otherLines(result: Replay, other: OtherReplay, openedWallMs: number): readonly string[] {
  const hosts = [...new Set([...result.fates.keys(), ...other.fates.keys()])].sort();
  const rows = hosts.map((host) => fateRow(host, result.fates, other.fates, openedWallMs));
  const lookNote =
    other.unanswered === 0
      ? []
      : [`${other.unanswered} looks that only the other policy asked for had no answer`];
  const ended =
    other.broken === undefined ? [] : [`the other policy broke a promise: ${other.broken}`];
  return ["", "with the other policy:", formatOutput(rows, "table"), ...lookNote, ...ended];
}

interface FateRow {
  readonly Host: string;
  readonly Recorded: string;
  readonly Other: string;
  readonly Difference: string;
}

function fateRow(
  host: HostName,
  recorded: ReadonlyMap<HostName, Fate>,
  other: ReadonlyMap<HostName, Fate>,
  openedWallMs: number,
): FateRow {
  const [was, is] = [recorded.get(host), other.get(host)];
  return {
    Host: host,
    Recorded: fateText(was, openedWallMs),
    Other: fateText(is, openedWallMs),
    Difference: differenceText(was?.fencedAt, is?.fencedAt),
  };
}

function fateText(fate: Fate | undefined, openedWallMs: number): string {
  const at = (what: string, wallMs: number | undefined): string[] =>
    wallMs === undefined ? [] : [`${what} ${seconds(wallMs - openedWallMs)}`];
  const parts = [
    ...at("dead", fate?.deadAt),
    ...at("fenced", fate?.fencedAt),
    ...at("first move", fate?.movedAt),
  ];
  return parts.length === 0 ? "never called dead" : parts.join(", ");
}

function differenceText(was: number | undefined, is: number | undefined): string {
  if (was === undefined && is === undefined) return "fenced by neither";
  if (was === undefined) return "fenced only by the other";
  if (is === undefined) return "not fenced by the other";
  if (was === is) return "none";
  return is < was ? `sooner by ${seconds(was - is)}` : `later by ${seconds(is - was)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** How much was recorded, since when, and of which incidents. */
export function describeSize(size: RecordingSize, incidents: readonly RecordedIncident[]): string {
  const { bytes, hosts, inputs, fromWallMs, toWallMs } = size;
  if (inputs === 0) return "nothing is recorded yet";
  const days = (toWallMs - fromWallMs) / 86_400_000;
  const each = megabytesPerHostDay(bytes, hosts, days);
  const rows = incidents.map(({ incident, host, openedWallMs, closedWallMs }) => ({
    Incident: incident,
    Host: host,
    Opened: isoTime(openedWallMs),
    Closed: closedWallMs === undefined ? "" : isoTime(closedWallMs),
  }));
  return [
    `${inputs} inputs of ${hosts} hosts, ${isoTime(fromWallMs)} to ${isoTime(toWallMs)}: ${(bytes / 1e6).toFixed(1)} MB, ${each} MB per host and day`,
    formatOutput(rows, "table"),
  ].join("\n");
}

function isoTime(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** Two decimals; "-" before there is anything to divide by. */
export function megabytesPerHostDay(bytes: number, hosts: number, days: number): string {
  return hosts === 0 || days <= 0 ? "-" : (bytes / 1e6 / hosts / days).toFixed(2);
}
