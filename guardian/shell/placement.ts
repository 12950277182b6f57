/**
 * What Placement counts: how much each host may give away, overcommit and reserved parts included,
 * and how much is taken. One call for the whole cloud: the summaries of every provider with memory
 * left. A host that is not among them has none left. Optional: without it hypervisors alone count.
 */
import type { Clock } from "../../shared/clock.ts";
import type { Capacity, CapacityBy, Failure } from "../ports.ts";
import type { CloudAccess } from "./cloud-access.ts";
import { sendHttp } from "./http-request.ts";
import { asList, asRecord, isRecord, numberOf, parseJson, textOf } from "./json.ts";
import type { ComputeAccess, Keystone } from "./keystone.ts";
import { failed, messageOf } from "./nova-call.ts";

/** Rocky's: every class of a provider in its summary (1.27), and trees of providers (1.29). */
const microversion = "1.29";
const candidatesPath = "/allocation_candidates?resources=MEMORY_MB:1";
/** Aggregates are answered with it, and gates wait for those. */
const deadlineMs = 5000;

export interface PlacementDependencies {
  readonly cloud: CloudAccess;
  readonly keystone: Keystone;
  readonly clock: Clock;
}

/** Summaries by a provider's UUID, which is that of its hypervisor. */
export type Summaries = Readonly<Record<string, unknown>>;

/** Asks once; a token that is refused is renewed once. Never throws. */
export async function readPlacement(
  dependencies: PlacementDependencies,
): Promise<{ readonly kind: "summaries"; readonly summaries: Summaries } | Failure> {
  const { keystone, clock } = dependencies;
  const untilMs = clock.monoMs() + deadlineMs;
  for (let renewed = false; ; renewed = true) {
    const leftMs = untilMs - clock.monoMs();
    if (leftMs <= 0) return failed(`Placement did not answer within ${deadlineMs / 1000} s`);
    const access = await keystone.access(leftMs);
    if (access.kind === "failed") return access;
    if (access.placement === undefined) {
      return failed("the catalog has no placement endpoint for our interface and region");
    }
    const outcome = await ask(dependencies, access.placement, access, untilMs);
    if (outcome.kind !== "answer") return failed(`Placement: ${outcome.reason}`);
    if (outcome.status === 401 && !renewed) {
      keystone.reject(access.token);
      continue;
    }
    return summariesOf(outcome.status, parseJson(outcome.body));
  }
}

function ask(
  { cloud, clock }: PlacementDependencies,
  endpoint: string,
  { token }: ComputeAccess,
  untilMs: number,
): ReturnType<typeof sendHttp> {
  return sendHttp({
    method: "GET",
    url: `${endpoint}${candidatesPath}`,
    headers: {
      accept: "application/json",
      "user-agent": "compute-guardian",
      "openstack-api-version": `placement ${microversion}`,
      "x-auth-token": token.reveal(),
    },
    deadlineMs: Math.max(1, untilMs - clock.monoMs()),
    tls: cloud.tls,
  });
}

function summariesOf(
  status: number,
  body: unknown,
): { readonly kind: "summaries"; readonly summaries: Summaries } | Failure {
  if (status === 403) {
    return failed("Placement does not let us read its candidates (403): a policy forbids it");
  }
  if (status === 406) return failed(`Placement does not speak microversion ${microversion} (406)`);
  const summaries = asRecord(body)["provider_summaries"];
  if (status === 200 && isRecord(summaries)) return { kind: "summaries", summaries };
  const [error] = asList(asRecord(body)["errors"]).map(asRecord);
  const detail = textOf(error?.["detail"]) ?? messageOf(body);
  return failed(`Placement answered ${status}: ${detail}`);
}

/** A hypervisor as Nova shows it, with the UUID by which Placement knows it. */
export interface Hypervisor {
  readonly uuid: string;
  readonly capacity: Capacity;
}

/** The hosts' capacity as Placement counts it, or as their hypervisors do, and who it was. */
export function capacityFrom(
  hypervisors: readonly Hypervisor[],
  read: Awaited<ReturnType<typeof readPlacement>>,
): { readonly capacity: readonly Capacity[]; readonly capacityBy: CapacityBy } {
  if (read.kind === "failed") {
    const capacity = hypervisors.map((hypervisor) => hypervisor.capacity);
    return { capacity, capacityBy: { kind: "hypervisors", reason: read.reason } };
  }
  const capacity = hypervisors.map((known) => counted(known, read.summaries[known.uuid]));
  return { capacity, capacityBy: { kind: "placement" } };
}

function counted({ capacity }: Hypervisor, summary: unknown): Capacity {
  const resources = asRecord(asRecord(summary)["resources"]);
  const memory = asRecord(resources["MEMORY_MB"]);
  const [memoryMb, memoryUsedMb] = [numberOf(memory["capacity"]), numberOf(memory["used"])];
  if (memoryMb === undefined || memoryUsedMb === undefined) {
    // No megabyte is left on it: what it uses is what its hypervisor says.
    return { ...capacity, memoryMb: capacity.memoryUsedMb };
  }
  const processors = asRecord(resources["VCPU"]);
  const [vcpus, vcpusUsed] = [numberOf(processors["capacity"]), numberOf(processors["used"])];
  const shown = vcpus === undefined || vcpusUsed === undefined ? {} : { vcpus, vcpusUsed };
  return { host: capacity.host, memoryMb, memoryUsedMb, ...shown };
}
