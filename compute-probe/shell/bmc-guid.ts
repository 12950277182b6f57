/**
 * What this host's own BMC shows it from inside: the GUID by which the guardian knows that a power device is this host's.
 * Only root may ask it (/dev/ipmi0), so that is done once, at boot, by a helper; the probe reads what it left.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { startChild } from "./child.ts";

/** A slow BMC answers within seconds; a hung one never. */
const askMsMax = 15_000;

/** 32 hex digits; "" while nobody has written the file, or what is in it is no GUID. The file lies in memory: /run. */
export function readBmcGuid(file: string): string {
  try {
    const text = readFileSync(file, "utf8").trim();
    return /^[0-9a-f]{32}$/.test(text) ? text : "";
  } catch {
    return "";
  }
}

/** Asks the BMC from inside (Get System GUID, IPMI 2.0 section 22.14) and leaves its answer; undefined: done. */
export async function writeBmcGuid(
  file: string,
  command = "ipmitool",
): Promise<string | undefined> {
  const result = await startChild(command, ["raw", "0x06", "0x37"], askMsMax).settled;
  if (result.kind === "deadline") return `no answer from the BMC within ${askMsMax / 1000} s`;
  if (result.kind === "not-started") return `${command} could not be started: ${result.reason}`;
  // The bytes as they come over the wire: the guardian reads the same ones over the network.
  const bytes = /^((?:\s*[0-9a-f]{2}){16})\s*$/.exec(result.stdout)?.[1];
  if (result.code !== 0 || bytes === undefined) {
    const said = result.stderr.trim().split("\n")[0] ?? "";
    return `the BMC showed no GUID (${command} ended with ${result.code ?? "a signal"}): ${said}`;
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(`${file}.new`, `${bytes.replace(/\s/g, "")}\n`, { mode: 0o644 });
  renameSync(`${file}.new`, file);
  return undefined;
}
