/**
 * What the start guard came to in this boot, and what a person on the host said: two small files in /run, which ends
 * with the boot as they do; the boot id in them is for a /run that does not.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startGuardStates, type StartGuardState } from "../../shared/telemetry.ts";
import type { Override } from "../core/start-decision.ts";

const [stateFile, overrideFile] = ["state", "override"];

/** "none" while no start guard has written one in this boot. Lies in memory: it never waits for a disk. */
export function readStartState(directory: string, bootId: string): StartGuardState {
  const { state } = readRecord(directory, stateFile, bootId);
  return startGuardStates.find((one) => one === state) ?? "none";
}

export function writeStartState(directory: string, bootId: string, state: StartGuardState): void {
  writeRecord(directory, stateFile, { bootId, state });
}

/** What a person said in this boot; undefined: nobody did. */
export function readOverride(directory: string, bootId: string): Override | undefined {
  const { by, reason } = readRecord(directory, overrideFile, bootId);
  return typeof by === "string" && typeof reason === "string" ? { by, reason } : undefined;
}

export function writeOverride(directory: string, bootId: string, { by, reason }: Override): void {
  writeRecord(directory, overrideFile, { bootId, by, reason });
}

function readRecord(
  directory: string,
  name: string,
  bootId: string,
): Readonly<Record<string, unknown>> {
  try {
    const record = JSON.parse(readFileSync(join(directory, name), "utf8")) as unknown;
    if (typeof record !== "object" || record === null) return {};
    return "bootId" in record && record.bootId === bootId ? { ...record } : {};
  } catch {
    return {};
  }
}

/** In one step: no reader meets half a file. */
function writeRecord(
  directory: string,
  name: string,
  record: Readonly<Record<string, string>>,
): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const file = join(directory, name);
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`, { mode: 0o644 });
  renameSync(`${file}.new`, file);
}
