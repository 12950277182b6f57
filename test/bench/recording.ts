/** What the recording of a cloud in peace costs: bytes per host and day, and time of the loop. */
import { Recorder } from "../../guardian/shell/recorder.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import { megabytesPerHostDay } from "../../guardian/replay-report.ts";
import { seededRandom } from "../../shared/random.ts";
import { noLedger, type LivenessRow, type Watermark } from "../../shared/telemetry.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { BigCloud } from "./big-cloud.ts";

const seconds = 120;

/** Records two minutes of hosts that report each second, read by store and by live view. */
export function benchRecording(): void {
  for (const hosts of [100, 1000, 10_000]) bench(hosts);
}

function bench(hosts: number): void {
  const cloud = new BigCloud(hosts);
  for (let second = 0; second < 5; second += 1) cloud.second();
  const { state } = cloud;
  const random = seededRandom(1);
  const recorder = new Recorder();
  let bytes = 0;
  let takenMs = 0;
  const writesMs: number[] = [];
  const take = (event: GuardianEvent): void => {
    recorder.input(state, event);
    recorder.output(state, []);
  };
  for (let second = 0; second < seconds; second += 1) {
    const events = oneSecond(state, second, () => random.next());
    for (let round = 0; round < 4; round += 1) {
      const from = performance.now();
      for (const event of events.splice(0, round === 3 ? events.length : 3)) take(event);
      const at = monoMs(state.now + 1000 * second + 250 * round + random.next());
      take({ kind: "tick", at, wall: wallMs(Math.round(state.wall + at)), disarmed: false });
      for (const { body } of recorder.chunks(0)) bytes += body.byteLength;
      const ms = performance.now() - from;
      takenMs += ms;
      writesMs.push(ms);
    }
  }
  const each = megabytesPerHostDay(bytes, hosts, seconds / 86_400);
  const share = ((takenMs / 1000 / seconds) * 100).toFixed(1);
  const sorted = writesMs.sort((left, right) => left - right);
  const at = (part: number): string => (sorted[Math.floor(part * sorted.length)] ?? 0).toFixed(1);
  console.log(
    `recording of ${hosts} hosts: ${each} MB per host and day, ${share} % of a core; a write takes ${at(0.5)} ms, p99 ${at(0.99)} ms, once ${at(0.9999)} ms`,
  );
}

/** What a guardian takes in one second: reports with new ages, Nova's list, anchors. */
function oneSecond(state: GuardianState, second: number, random: () => number): GuardianEvent[] {
  const at = monoMs(thousandths(state.now + 1000 * second + 5));
  const age = (most: number): number => Math.floor(random() * most);
  const liveness = [...state.hosts.values()].flatMap(({ newest }): LivenessRow[] => {
    if (newest === undefined) return [];
    const checks = {
      ...newest.checks,
      storageAgeMs: age(1000),
      businessAgeMs: age(1000),
      directoryAgeMs: age(5000),
      directoryLatencyMs: second % 5 === 0 ? age(20) : newest.checks.directoryLatencyMs,
      libvirtAgeMs: age(1000),
    };
    const arrivalMs = monoMs(thousandths(newest.arrivalMs + 1000 * second + 3 * random()));
    const sentWallMs = Math.floor(newest.sentWallMs + 1000 * second + 3 * random());
    const sequence = newest.sequence + second;
    return [{ ...newest, arrivalMs, sentWallMs, sequence, sent: sequence, checks }];
  });
  const watermarks = [...state.collectors.values()].map(({ watermark }): Watermark => {
    const received = state.hosts.size * second;
    const ledger = { ...noLedger, received, accepted: received, stored: received };
    return { ...watermark, monoMs: monoMs(thousandths(watermark.monoMs + 1000 * second)), ledger };
  });
  const events: GuardianEvent[] = [
    { kind: "telemetry", at, source: "live", watermarks, liveness },
    { kind: "telemetry", at, source: "store", watermarks, liveness },
    ...state.anchors.map(({ network, address }): GuardianEvent => {
      const result = { kind: "echo", rttMs: thousandths(random()) } as const;
      return { kind: "anchor-pinged", at, sentAt: at, network, address, result };
    }),
  ];
  if (second % 5 !== 0) return events;
  const services = [...state.hosts.values()].flatMap(({ service, host }, index) => {
    if (service === undefined) return [];
    // Nova's time stamps have whole seconds, and each host's advances every ten.
    const updated = 10 * Math.floor((second + (index % 10)) / 10);
    return [{ ...service.service, host, updatedAt: `2026-05-01T10:${updated}.000000` }];
  });
  return [...events, { kind: "services", at, askedAt: at, services, unreadable: [] }];
}

/** As a real clock reads: microseconds. */
function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
