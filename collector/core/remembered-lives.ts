/** Reads a saved replay table with suspicion: half of one would let ended boots return. */
import { hostName, isHostName } from "../../shared/names.ts";
import type { RememberedLife } from "../../shared/replay-window.ts";
import { networkNames, type NetworkName } from "../../shared/telemetry.ts";

/** The lives in a parsed file. Throws when anything in it is not as we write it. */
export function readRememberedLives(value: unknown): readonly RememberedLife[] {
  if (!Array.isArray(value)) throw new Error("not a list");
  return value.map(readLife);
}

function readLife(value: unknown, index: number): RememberedLife {
  const life = (value ?? {}) as Partial<Record<keyof RememberedLife, unknown>>;
  const { host, bootId, probeEpoch, retiredBoots, highest } = life;
  const isLife =
    typeof host === "string" &&
    isHostName(host) &&
    isBootId(bootId) &&
    isWhole(probeEpoch) &&
    Array.isArray(retiredBoots) &&
    retiredBoots.every(isBootId);
  if (!isLife) throw new Error(`entry ${index} is not a host's life`);
  return { host: hostName(host), bootId, probeEpoch, retiredBoots, highest: readHighest(highest) };
}

function readHighest(value: unknown): RememberedLife["highest"] {
  const highest: Partial<Record<NetworkName, number>> = {};
  for (const [path, sequence] of Object.entries(value ?? {}) as [string, unknown][]) {
    const name = networkNames.find((one) => one === path);
    if (name === undefined || name === "unknown" || !isWhole(sequence)) {
      throw new Error(`"${path}" is no path with a sequence`);
    }
    highest[name] = sequence;
  }
  return highest;
}

function isBootId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
