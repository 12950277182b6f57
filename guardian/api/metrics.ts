/** The guardian's /metrics page, in Prometheus' text format. A server's id is never a label. */
import { armingOf } from "../core/arming.ts";
import { hostAge, voters } from "../core/freshness.ts";
import { verifiedShare } from "../core/verified-share.ts";
import { showChannels } from "../dispatch/show.ts";
import type { ApiParts } from "./parts.ts";

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

export function renderMetrics(parts: ApiParts): string {
  return [...ownLines(parts), ...hostLines(parts), ...tellingLines(parts), ""].join("\n");
}

function ownLines({ guardian, clock, recording, feed, answers }: ApiParts): readonly string[] {
  const state = guardian.state();
  const { verified, devices } = verifiedShare(state);
  const decidedMs = clock.monoMs() - guardian.decidedAt();
  const { mode } = state.settings;
  const modes = ["observe", "ask", "act"].map((one): Sample => [{ mode: one }, +(one === mode)]);
  const [armed, writable] = [+(armingOf(state).kind === "armed"), +state.eyes.journalWritable];
  const byStatus = [...(answers ?? [])].map(([status, count]): Sample => {
    return [{ status: String(status) }, count];
  });
  return [
    ...one("gauge", "decided_age_seconds", "Since the loop decided last.", decidedMs / 1000),
    ...family("gauge", "mode", "1 for the mode it is in.", modes),
    ...one("gauge", "armed", "1: it may act.", armed),
    ...one("counter", "starts_total", "Starts with this journal.", state.epoch),
    ...one("gauge", "journal_writable", "1: its memory can be written.", writable),
    ...one("gauge", "recording_bytes", "Recorded inputs on the disk.", recording.size().bytes),
    ...one(
      "counter",
      "inputs_not_recorded_total",
      "Inputs that no recording holds.",
      guardian.notRecorded().inputs,
    ),
    ...one("gauge", "power_devices", "Power devices of all hosts.", devices),
    ...one("gauge", "power_devices_verified", "Of these, known to be their hosts'.", verified),
    ...one(
      "gauge",
      "limits_changed",
      "Limits that are not as the configuration says.",
      Object.keys(state.memory.changedLimits).length,
    ),
    ...one("gauge", "event_watchers", "Who follows the events.", feed?.watchers() ?? 0),
    ...family("counter", "http_answers_total", "Answers of the API, by status.", byStatus),
  ];
}

function hostLines({ guardian }: ApiParts): readonly string[] {
  const state = guardian.state();
  const voting = voters(state);
  const verdicts = new Map<string, number>();
  const held = new Map<string, number>();
  const ages: Sample[] = [];
  for (const host of state.hosts.values()) {
    const verdict = host.assessment?.verdict ?? "unknown";
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    for (const { gate, pass } of host.assessment?.gates ?? []) {
      if (!pass) held.set(gate, (held.get(gate) ?? 0) + 1);
    }
    const { ageMs } = hostAge(state, host, voting);
    if (Number.isFinite(ageMs)) ages.push([{ host: host.host }, ageMs / 1000]);
  }
  const phases = new Map<string, number>();
  for (const { phase } of state.memory.incidents.values()) {
    phases.set(phase.kind, (phases.get(phase.kind) ?? 0) + 1);
  }
  const good = state.round.parts.map((part) => +part.pass);
  const storms = Object.keys(state.memory.storms).length;
  return [
    ...family("gauge", "hosts", "Hosts by verdict.", counted("verdict", verdicts)),
    ...family("gauge", "hosts_held", "Hosts by a gate that holds.", counted("gate", held)),
    ...family("gauge", "probe_age_seconds", "Age of a host's newest report.", ages),
    ...family("gauge", "incidents", "Open incidents by phase.", counted("phase", phases)),
    ...one("gauge", "storms", "Storms that hold fences back.", storms),
    ...one("gauge", "collectors_voting", "Collectors with a vote.", voting.length),
    ...one("gauge", "eyes_good", "1: nothing common to all is in doubt.", +!good.includes(0)),
  ];
}

function tellingLines({ guardian, outbox }: ApiParts): readonly string[] {
  const firing = new Map<string, number>();
  for (const { message } of Object.values(guardian.state().memory.alerts)) {
    firing.set(message.class, (firing.get(message.class) ?? 0) + 1);
  }
  const channels = showChannels(outbox.state()) as readonly Readonly<Record<string, unknown>>[];
  const notify = channels.flatMap((channel): readonly Sample[] => {
    const name = String(channel["notifier"]);
    return [
      [{ channel: name, result: "delivered" }, Number(channel["delivered"])],
      [{ channel: name, result: "failed" }, Number(channel["failedTries"])],
      [{ channel: name, result: "dropped" }, Number(channel["dropped"])],
    ];
  });
  const waiting = channels.map((channel): Sample => {
    return [{ channel: String(channel["notifier"]) }, Number(channel["waiting"])];
  });
  return [
    ...family("gauge", "alerts_firing", "Alerts that fire, by class.", counted("class", firing)),
    ...family("counter", "notify_total", "Messages to channels, by what came of them.", notify),
    ...family("gauge", "notify_waiting", "Messages that wait for a channel.", waiting),
  ];
}

function counted(label: string, counts: ReadonlyMap<string, number>): readonly Sample[] {
  return [...counts].map(([name, count]): Sample => [{ [label]: name }, count]);
}

function one(type: string, name: string, help: string, value: number): readonly string[] {
  return family(type, name, help, [[{}, value]]);
}

function family(
  type: string,
  name: string,
  help: string,
  samples: readonly Sample[],
): readonly string[] {
  const full = `guardian_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...samples.map(([labels, value]) => `${full}${labelText(labels)} ${value}`),
  ];
}

function labelText(labels: Sample[0]): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
    return `${name}="${escaped}"`;
  });
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
