/** The collector's /metrics page, in Prometheus' text format. */
import type { Ledger } from "../../shared/telemetry.ts";
import type { IngestCounters } from "./ingest.ts";
import type { StartWord } from "../../shared/wire-question.ts";
import type { PathLoss } from "./loss-ledger.ts";
import type { SampleFigures } from "./sample-queue.ts";

export interface MetricsFacts {
  readonly ledger: Ledger;
  readonly counters: IngestCounters;
  readonly losses: readonly PathLoss[];
  readonly hosts: number;
  readonly receiveBufferBytes: number;
  /** Monotonic now minus the newest instant up to which everything is stored. */
  readonly storeLagMs: number;
  readonly storeFailures: number;
  /** Liveness rows in memory that neither the store nor the disk has. */
  readonly livenessWaiting: number;
  /** Undefined until the guardian has said which hosts are fenced. */
  readonly fenced: { readonly ageMs: number; readonly fenced: number } | undefined;
  /** Of start guards, by the word that they got. */
  readonly questions: ReadonlyMap<StartWord, number>;
  /** Undefined before a store that needs none. */
  readonly spool: SpoolFacts | undefined;
  /** Of probes; left out: nobody counts them. */
  readonly probeSamples?: SampleFigures;
  /** Of Ceilometer's agents; undefined when nobody listens for them. */
  readonly samples: SampleFigures | undefined;
}

export interface SpoolFacts {
  readonly bytes: number;
  readonly liveness: number;
  readonly bulk: number;
  readonly evicted: number;
  readonly unspooled: number;
  readonly damaged: number;
}

export function renderMetrics(facts: MetricsFacts): string {
  const { ledger, counters } = facts;
  const lines = [
    ...counter("datagrams_received_total", "Datagrams read from the socket.", ledger.received),
    ...counter("datagrams_accepted_total", "Authentic, newest datagrams.", ledger.accepted),
    ...counter("datagrams_dropped_total", "Dropped by the kernel: buffer full.", ledger.dropped),
    ...counter("datagrams_expected_total", "Sent to us, as probes count.", ledger.expected),
    ...gauge("datagrams_missing", "Of these, what never came in time.", ledger.missing),
    ...counter("liveness_total", "Liveness rows taken in.", ledger.liveness),
    ...gauge("liveness_spooled", "Of these, rows that wait for the store.", ledger.spooled),
    ...gauge("liveness_superseded", "Of these, overtaken while waiting.", ledger.superseded),
    ...counter("liveness_stored_total", "Liveness rows the store acknowledged.", ledger.stored),
    ...counter("liveness_shed_total", "Liveness rows given up; a fault above 0.", ledger.shed),
    ...counter("servers_shed_total", "Server rows given up: queue full.", counters.serversShed),
    ...counter("unknown_records_total", "Records of unknown types.", counters.unknownRecords),
    ...counter("store_failures_total", "Writes not acknowledged.", facts.storeFailures),
    ...gauge("hosts", "Hosts heard of since the start.", facts.hosts),
    ...gauge("liveness_pending", "Liveness rows that wait.", facts.livenessWaiting),
    ...gauge("servers_pending", "Server rows that wait.", counters.serversPending),
    ...gauge("receive_buffer_bytes", "Socket buffer as granted.", facts.receiveBufferBytes),
    ...gauge("store_lag_seconds", "Age of the newest stored watermark.", facts.storeLagMs / 1000),
    ...head("datagrams_refused_total", "counter", "Datagrams not taken, by reason."),
  ];
  for (const [reason, count] of counters.refusedByReason) {
    lines.push(`guardian_collector_datagrams_refused_total{reason="${reason}"} ${count}`);
  }
  lines.push(...startGuardLines(facts));
  if (facts.spool !== undefined) lines.push(...spoolLines(facts.spool));
  if (facts.probeSamples !== undefined) lines.push(...probeSampleLines(facts.probeSamples));
  if (facts.samples !== undefined) lines.push(...sampleLines(facts.samples));
  return `${[...lines, ...lossLines(facts.losses)].join("\n")}\n`;
}

const lossFamilies = [
  ["sent", "counter", "host_sent_total", "Datagrams that the probe says it sent here."],
  ["received", "counter", "host_received_total", "Of these, taken."],
  ["late", "counter", "host_late_total", "Of these, come after a newer one."],
  ["refused", "counter", "host_refused_total", "Of these, not to be understood."],
  ["missing", "gauge", "host_missing", "Of these, never come in time."],
  ["duplicate", "counter", "host_duplicate_total", "Come more than once."],
] as const;

/** sent = received + late + refused + missing, for each host and path. */
function lossLines(losses: readonly PathLoss[]): readonly string[] {
  return lossFamilies.flatMap(([what, type, name, help]) => [
    ...head(name, type, help),
    ...losses.map((loss) => {
      return `guardian_collector_${name}{host="${loss.host}",path="${loss.path}"} ${loss[what]}`;
    }),
  ]);
}

function startGuardLines({ fenced, questions }: MetricsFacts): readonly string[] {
  const list = fenced && [
    ...gauge("fenced_hosts", "Hosts that the guardian says are fenced.", fenced.fenced),
    ...gauge("fenced_list_age_seconds", "Age of that list.", fenced.ageMs / 1000),
  ];
  const said = [...questions].map(
    ([word, count]) => `guardian_collector_start_questions_total{word="${word}"} ${count}`,
  );
  const help = "Questions of start guards, by our answer.";
  return [...(list ?? []), ...head("start_questions_total", "counter", help), ...said];
}

function probeSampleLines({ accepted, waiting, shed }: SampleFigures): readonly string[] {
  return [
    ...counter("probe_samples_total", "Samples of probes taken.", accepted),
    ...gauge("probe_samples_pending", "Samples of probes that wait.", waiting),
    ...counter("probe_samples_shed_total", "Samples of probes given up: queue full.", shed),
  ];
}

function sampleLines(samples: SampleFigures): readonly string[] {
  return [
    ...counter("samples_accepted_total", "Ceilometer's samples taken.", samples.accepted),
    ...gauge("samples_pending", "Samples that wait.", samples.waiting),
    ...counter("samples_shed_total", "Samples given up: queue full.", samples.shed),
    ...head("samples_refused_total", "counter", "Ceilometer's datagrams not taken, by reason."),
    ...[...samples.refused].map(([reason, count]) => {
      return `guardian_collector_samples_refused_total{reason="${reason}"} ${count}`;
    }),
  ];
}

function spoolLines(spool: SpoolFacts): readonly string[] {
  return [
    ...gauge("spool_bytes", "Disk that the spool takes.", spool.bytes),
    ...gauge("spool_liveness", "Liveness rows on the disk, for the store.", spool.liveness),
    ...gauge("spool_bulk", "Other rows on the disk, for the store.", spool.bulk),
    ...counter("spool_bulk_evicted_total", "Given up: the spool was full.", spool.evicted),
    ...counter("spool_liveness_refused_total", "Liveness not spooled: a fault.", spool.unspooled),
    ...counter("spool_damaged_total", "Records altered on the disk.", spool.damaged),
  ];
}

function counter(name: string, help: string, value: number): readonly string[] {
  return [...head(name, "counter", help), `guardian_collector_${name} ${value}`];
}

function gauge(name: string, help: string, value: number): readonly string[] {
  return [...head(name, "gauge", help), `guardian_collector_${name} ${value}`];
}

function head(name: string, type: string, help: string): readonly string[] {
  return [`# HELP guardian_collector_${name} ${help}`, `# TYPE guardian_collector_${name} ${type}`];
}
