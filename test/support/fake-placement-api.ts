/**
 * Placement's one route that we ask, in the shape of its API reference: summaries of every provider with
 * memory left, by the UUID of its hypervisor.
 */
import type { NovaReply } from "./fake-nova-api.ts";
import { simulatedUuid, type SimulatedNova } from "./simulated-nova.ts";

interface PlacementRequest {
  readonly url: URL;
  /** The microversion's header. */
  readonly asked: string;
  readonly authentic: boolean;
}

/** Answers one request to Placement. */
export function placement(
  simulated: SimulatedNova,
  mode: "answers" | "forbidden" | undefined,
  { url, asked, authentic }: PlacementRequest,
): NovaReply {
  if (!authentic) return problem(401, "The request you have made requires authentication.");
  if (mode === "forbidden") return problem(403, "placement:allocation_candidates:list");
  if (url.pathname !== "/placement/allocation_candidates") return problem(404, "Not Found");
  if (url.searchParams.get("resources") !== "MEMORY_MB:1") return problem(400, "resources");
  if (asked !== "placement 1.29") return problem(406, "Unacceptable version header");
  const summaries: Record<string, unknown> = {};
  for (const [index, { host }] of [...simulated.services.values()].entries()) {
    const room = simulated.rooms.get(host.name) ?? { memoryMb: 98_304, usedMb: 2048 };
    // A provider that has not one megabyte left is no candidate.
    if (room.usedMb >= room.memoryMb) continue;
    summaries[simulatedUuid("1f", index + 1)] = {
      resources: {
        MEMORY_MB: { capacity: room.memoryMb, used: room.usedMb },
        VCPU: { capacity: 128, used: 4 },
        DISK_GB: { capacity: 1000, used: 0 },
      },
      traits: ["COMPUTE_NODE"],
      parent_provider_uuid: null,
      root_provider_uuid: simulatedUuid("1f", index + 1),
    };
  }
  return { status: 200, body: { allocation_requests: [], provider_summaries: summaries } };
}

function problem(status: number, detail: string): NovaReply {
  return { status, body: { errors: [{ status, title: "", detail, request_id: "req-p" }] } };
}
