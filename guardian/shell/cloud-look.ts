/**
 * What a check-up wants to know of the cloud and nothing else asks for: which microversions Nova speaks, what the
 * guardian's login may read, how servers keep their disks, which services run. Asked with GET alone, beside Keystone's token.
 */
import type { Clock } from "../../shared/clock.ts";
import { withDeadline } from "../../shared/loop.ts";
import type { Failure } from "../ports.ts";
import { asList, asRecord, textIn } from "./json.ts";
import type { Keystone } from "./keystone.ts";
import { bodyOf, microversionsOf, type NovaCalls, type Spoken } from "./nova-call.ts";
import { readServer } from "./nova-records.ts";

export interface CloudFacts {
  readonly microversions: Spoken | Failure;
  /** Of the guardian's own login, by Keystone's word. */
  readonly roles: readonly string[];
  /** Reads that the guardian needs and Nova does not let it do, or that failed. */
  readonly unreadable: readonly { readonly what: string; readonly reason: string }[];
  /** With a nova-compute, as Nova spells them. */
  readonly hosts: readonly string[];
  /** By binary. */
  readonly services: ReadonlyMap<string, { readonly up: number; readonly total: number }>;
  /** Among the first servers that Nova lists. */
  readonly disks: { readonly local: number; readonly seen: number; readonly more: boolean };
}

export interface CloudLook {
  /** The last look while it is young: many who ask cost Nova one. */
  facts(): Promise<CloudFacts | Failure>;
}

const keepForMs = 15_000;
const loginDeadlineMs = 5000;
/** Whoever asks what is wrong hears it while Nova hangs, too. */
const lookWithinMs = 6000;
const serversMax = 500;

const reads = {
  services: "/os-services",
  servers: `/servers/detail?all_tenants=1&limit=${serversMax}`,
  migrations: "/os-migrations?limit=1",
  hypervisors: "/os-hypervisors?limit=1",
  aggregates: "/os-aggregates",
} as const;

export function createCloudLook(
  keystone: Keystone,
  calls: NovaCalls,
  clock: Clock,
  withinMs = lookWithinMs,
): CloudLook {
  let kept: { readonly untilMs: number; readonly facts: Promise<CloudFacts | Failure> } | undefined;
  return {
    facts() {
      const nowMs = clock.monoMs();
      if (kept !== undefined && nowMs < kept.untilMs) return kept.facts;
      const facts = withDeadline(look(keystone, calls), withinMs, () => tooLate(withinMs));
      kept = { untilMs: nowMs + keepForMs, facts };
      return facts;
    },
  };
}

function tooLate(withinMs: number): Failure {
  const reason = `Keystone or Nova did not answer within ${withinMs / 1000} s`;
  return { kind: "failed", reason };
}

async function look(keystone: Keystone, calls: NovaCalls): Promise<CloudFacts | Failure> {
  const access = await keystone.access(loginDeadlineMs);
  if (access.kind === "failed") return access;
  const root = calls.read("/");
  const answers = Object.entries(reads).map(
    async ([what, path]) => [what, bodyOf(await calls.read(path), `the ${what}`)] as const,
  );
  const bodies = new Map(await Promise.all(answers));
  const listOf = (what: keyof typeof reads): readonly unknown[] => {
    const read = bodies.get(what);
    return read?.kind === "body" ? asList(read.body[what]) : [];
  };
  return {
    microversions: microversionsOf(await root),
    roles: access.roles,
    unreadable: [...bodies].flatMap(([what, read]) =>
      read.kind === "failed" ? [{ what, reason: read.reason }] : [],
    ),
    hosts: hostsOf(listOf("services")),
    services: countServices(listOf("services")),
    disks: countDisks(listOf("servers")),
  };
}

function hostsOf(records: readonly unknown[]): readonly string[] {
  const computes = records.map(asRecord).filter((one) => one["binary"] === "nova-compute");
  return computes.map((one) => textIn(one["host"])).sort();
}

function countServices(records: readonly unknown[]): CloudFacts["services"] {
  const counts = new Map<string, { up: number; total: number }>();
  for (const record of records.map(asRecord)) {
    const binary = textIn(record["binary"]);
    if (binary === "") continue;
    const count = counts.get(binary) ?? { up: 0, total: 0 };
    count.total += 1;
    if (record["state"] === "up") count.up += 1;
    counts.set(binary, count);
  }
  return counts;
}

function countDisks(records: readonly unknown[]): CloudFacts["disks"] {
  const servers = records.map(readServer).filter((one) => one !== undefined);
  const local = servers.filter(({ volumeBacked }) => !volumeBacked).length;
  return { local, seen: servers.length, more: records.length >= serversMax };
}
