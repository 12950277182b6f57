/**
 * The verdict table: data, first row that matches wins. A row names the signal values it takes
 * (a signal that it does not name may have any value), its verdict, its action and its sentence.
 * `validate-table.ts` proves that every combination of signals matches and that no row is dead.
 */
import type { RowAction, Signals, Verdict } from "./assessment.ts";

export interface Row {
  readonly row: string;
  readonly when: { readonly [K in keyof Signals]?: readonly Signals[K][] };
  readonly verdict: Verdict;
  readonly action: RowAction;
  readonly says: string;
}

const silent = { reports: ["silent"] } as const;
const fresh = { reports: ["fresh", "partial"] } as const;

export const defaultTable: readonly Row[] = [
  {
    row: "1",
    when: { reports: ["silent", "unseen"], eyes: ["doubt"] },
    verdict: "unknown",
    action: "page",
    says: "no report, but our own eyes are in doubt: nothing is concluded",
  },
  {
    row: "1a",
    when: { reports: ["unseen"] },
    verdict: "unknown",
    action: "page",
    says: "no collector can vouch for what reached it: nothing is concluded",
  },
  {
    row: "2",
    when: { power: ["contradicted"] },
    verdict: "unknown",
    action: "page",
    says: "its power device says off while it shows life: that device is not this host's",
  },
  {
    row: "3",
    when: { known: ["no"] },
    verdict: "unknown",
    action: "ticket",
    says: "never in Nova, or never seen by a probe: it is not guarded",
  },
  {
    row: "3a",
    when: { ...silent, recovered: ["yes"] },
    verdict: "dead",
    action: "ticket",
    says: "fenced and evacuated by us; it waits for a person to release it",
  },
  {
    row: "4",
    when: { ...fresh, checks: ["storage"] },
    verdict: "degraded",
    action: "alert",
    says: "it lives, but its storage network or instances directory has failed",
  },
  {
    row: "5",
    when: { ...fresh, checks: ["business"] },
    verdict: "degraded",
    action: "alert",
    says: "it lives, but its business network has failed",
  },
  {
    row: "5a",
    when: { reports: ["partial"] },
    verdict: "isolated",
    action: "alert",
    says: "its reports are missing on a network that works for other hosts",
  },
  {
    row: "6",
    when: { ...fresh, checks: ["libvirt"] },
    verdict: "degraded",
    action: "ticket",
    says: "it lives, but libvirt or its nova-compute is down",
  },
  {
    row: "7",
    when: { ...fresh, checks: ["settling"] },
    verdict: "degraded",
    action: "watch",
    says: "a self-check fails or is missing, not long enough to say more",
  },
  {
    row: "8",
    when: { ...fresh },
    verdict: "healthy",
    action: "none",
    says: "it reports, and all its checks are good",
  },
  {
    row: "8a",
    when: { reports: ["overdue"] },
    verdict: "unknown",
    action: "watch",
    says: "its report is overdue; pinging it and reading its power, nobody is told yet",
  },
  {
    row: "9",
    when: { ...silent, notice: ["in-force"] },
    verdict: "silent",
    action: "watch",
    says: "it announced its silence; waiting for it to return",
  },
  {
    row: "9a",
    when: { ...silent, notice: ["overdue"] },
    verdict: "silent",
    action: "page",
    says: "it announced a reboot and has not returned in time: a person must look",
  },
  {
    row: "9b",
    when: { ...silent, notice: ["powering-off"] },
    verdict: "silent",
    action: "page",
    says: "it announced that it powers off: its servers are down until a person decides",
  },
  {
    row: "10",
    when: { ...silent, measured: ["no"] },
    verdict: "silent",
    action: "watch",
    says: "no reports; pinging it and reading its power before anything is concluded",
  },
  {
    row: "11a",
    when: { ...silent, ping: ["some"], nova: ["quiet-long"] },
    verdict: "isolated",
    action: "page",
    says: "it answers pings on one network only, and Nova has not heard it for a minute",
  },
  {
    row: "11",
    when: { ...silent, ping: ["some"] },
    verdict: "isolated",
    action: "alert",
    says: "it answers pings on one network and not on another: it lives, a network failed",
  },
  {
    row: "12a",
    when: { ...silent, ping: ["all"], nova: ["unseen"] },
    verdict: "unknown",
    action: "page",
    says: "it answers pings, and Nova does not answer us: nothing is concluded",
  },
  {
    row: "12",
    when: { ...silent, ping: ["all"], nova: ["alive", "unsure", "quiet"] },
    verdict: "silent",
    action: "ticket",
    says: "it answers pings on every network: its probe is dead, the host lives",
  },
  {
    row: "13",
    when: { ...silent, ping: ["all"], nova: ["quiet-long"] },
    verdict: "hung",
    action: "page",
    says: "it answers pings, but neither its probe nor its nova-compute works: it hangs",
  },
  {
    row: "13a",
    when: { ...silent, ping: ["unseen"] },
    verdict: "unknown",
    action: "page",
    says: "no network is left on which it could be pinged: nothing is concluded",
  },
  {
    row: "14",
    when: { ...silent, ping: ["none"], power: ["off"] },
    verdict: "dead",
    action: "fence",
    says: "no reports, no echo on any network, and its power reads off",
  },
  {
    row: "15",
    when: { ...silent, ping: ["none"], power: ["unknown"] },
    verdict: "dead",
    action: "page",
    says: "no reports and no echo, but its power cannot be proven: without a proof nothing moves",
  },
  {
    row: "16a",
    when: { ...silent, ping: ["none"], power: ["on"], nova: ["unseen"] },
    verdict: "unknown",
    action: "page",
    says: "no echo, its power reads on, and Nova does not answer us: nothing is concluded",
  },
  {
    row: "16",
    when: { ...silent, ping: ["none"], power: ["on"], nova: ["alive"] },
    verdict: "isolated",
    action: "alert",
    says: "no reports and no echo, but its nova-compute still reports to Nova: it lives",
  },
  {
    row: "17",
    when: { ...silent, ping: ["none"], power: ["on"], nova: ["unsure"] },
    verdict: "silent",
    action: "watch",
    says: "no echo, its power reads on; waiting for Nova's record to move or to stand still",
  },
  {
    row: "18",
    when: {
      ...silent,
      ping: ["none"],
      power: ["on"],
      nova: ["quiet", "quiet-long"],
      networks: ["many"],
    },
    verdict: "dead",
    action: "fence",
    says: "no reports, no echo on two networks or more, and Nova's record stands still",
  },
  {
    row: "19",
    when: {
      ...silent,
      ping: ["none"],
      power: ["on"],
      nova: ["quiet", "quiet-long"],
      networks: ["one"],
    },
    verdict: "isolated",
    action: "page",
    says: "silent on the only network we see: a network may have failed, a person must look",
  },
];
