/**
 * The serial number that this host's firmware shows (DMI). Only root may read it, so the helper that asks the BMC at boot leaves it
 * beside the BMC's GUID; the probe tells it among the host's facts.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { tellingSerial } from "../core/host-facts.ts";

/** The first of these that tells a serial counts: the machine's own, else its board's. */
export const dmiFiles = [
  "/sys/class/dmi/id/product_serial",
  "/sys/class/dmi/id/board_serial",
] as const;

/** "" while nobody has written the file, or what is in it names no machine. It lies in memory: /run. */
export function readDmiSerial(file: string): string {
  return tellingSerial(textOf(file));
}

/** Leaves the serial for the probe; false: the firmware shows none. */
export function writeDmiSerial(file: string, from: readonly string[] = dmiFiles): boolean {
  const serial = from.map((one) => tellingSerial(textOf(one))).find((one) => one !== "");
  if (serial === undefined) return false;
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(`${file}.new`, `${serial}\n`, { mode: 0o644 });
  renameSync(`${file}.new`, file);
  return true;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
