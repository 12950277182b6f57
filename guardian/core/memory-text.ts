/** Memory as the text that the journal keeps, and back. */
import type { HostName } from "../../shared/names.ts";
import { emptyMemory, type Memory } from "./memory.ts";

/** Memory as JSON: tables by host become objects. */
export function memoryText(memory: Memory): string {
  return JSON.stringify(memory, (_, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value as ReadonlyMap<string, unknown>) : value,
  );
}

/** A parsed JSON text as memory, or undefined when it is not ours. */
export function parseMemory(value: unknown): Memory | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const version: unknown = Reflect.get(value, "version");
  return version === 1 ? withTables(value as Memory) : undefined;
}

/** The memory with its tables by host as maps: early recordings have objects, and fewer tables. */
export function withTables(read: Memory): Memory {
  const memory = { ...emptyMemory, ...read };
  const { incidents, quarantined, maintenance, degraded, rehearsals, drains } = memory;
  const { reserves, lookBacks } = memory;
  return {
    ...memory,
    incidents: tableOf(incidents),
    quarantined: tableOf(quarantined),
    maintenance: tableOf(maintenance),
    degraded: tableOf(degraded),
    rehearsals: tableOf(rehearsals),
    drains: tableOf(drains),
    reserves: tableOf(reserves),
    lookBacks: tableOf(lookBacks),
  };
}

function tableOf<V>(
  table: ReadonlyMap<HostName, V> | Readonly<Record<string, V>>,
): ReadonlyMap<HostName, V> {
  if (table instanceof Map) return table as ReadonlyMap<HostName, V>;
  return new Map(Object.entries(table as Readonly<Record<string, V>>) as [HostName, V][]);
}
