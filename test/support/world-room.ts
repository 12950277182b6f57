/** What the hosts of the simulated world have, and what is left, as Placement or hypervisors count it. */
import type { Capacity, CapacityBy, InventoryAnswer, ServerSize } from "../../guardian/ports.ts";
import type { HostName } from "../../shared/names.ts";
import { usedBy } from "./world-nova-records.ts";
import type { WorldNova } from "./world-nova.ts";

/** Host aggregates, and what every host has. */
export function inventoryOf(nova: WorldNova): InventoryAnswer {
  const aggregates = [...nova.aggregates].map(([name, hosts]) => ({
    name,
    hosts,
    metadata: nova.aggregateMetadata.get(name) ?? {},
  }));
  return { kind: "inventory", aggregates, ...capacityOf(nova) };
}

function capacityOf(nova: WorldNova): {
  readonly capacity: readonly Capacity[];
  readonly capacityBy: CapacityBy;
} {
  const capacityBy: CapacityBy = nova.placementUp
    ? { kind: "placement" }
    : { kind: "hypervisors", reason: "Placement answered 503" };
  const { memoryMb, vcpus } = nova;
  const capacity = [...nova.services.keys()].map((host) => {
    const used = usedOn(nova, host);
    const memory = { host, memoryMb, memoryUsedMb: used.memoryMb };
    return nova.placementUp ? { ...memory, vcpus, vcpusUsed: used.vcpus } : memory;
  });
  return { capacity, capacityBy };
}

/** Whether a host takes a further server, as far as room counts. */
export function hasRoom(nova: WorldNova, host: HostName, size: ServerSize | undefined): boolean {
  if (!nova.countsRoom || size === undefined) return true;
  const used = usedOn(nova, host);
  return used.memoryMb + size.memoryMb <= nova.memoryMb && used.vcpus + size.vcpus <= nova.vcpus;
}

/** What its servers, those that have their place on it already, and the host itself take. */
function usedOn(nova: WorldNova, host: HostName): ServerSize {
  const claims = new Set(
    [...nova.migrations, ...nova.live.all]
      .filter(({ destination, status }) => destination === host && isUnderWay(status))
      .map(({ server }) => server),
  );
  return usedBy(
    [...nova.servers.values()].filter((server) => server.host === host || claims.has(server.id)),
  );
}

function isUnderWay(status: string): boolean {
  return !["done", "completed", "error", "failed"].includes(status);
}
