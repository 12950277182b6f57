/**
 * What this host's own BMC shows it from inside, by which the guardian knows that a power device is this host's: its
 * GUID, or where that names no machine the MAC address of its LAN. Only root may ask it (/dev/ipmi0), so that is done
 * once, at boot, by a helper; the probe reads what it left.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { bmcIdentity, isTellingUuid } from "../../shared/bmc-identity.ts";
import { startChild } from "./child.ts";

/** A slow BMC answers within seconds; a hung one never. All questions together. */
const askMsMax = 15_000;
/** Channels that may be a LAN (IPMI 2.0, 6.3); the first that has an address counts. */
const channels = [1, 2, 3, 4, 5, 6, 7, 8];

/** 32 hex digits; "" while nobody has written the file, or what is in it is no GUID. The file lies in memory: /run. */
export function readBmcGuid(file: string): string {
  try {
    const text = readFileSync(file, "utf8").trim();
    return /^[0-9a-f]{32}$/.test(text) ? text : "";
  } catch {
    return "";
  }
}

/** Asks the BMC from inside and leaves its answer; undefined: done, else why not. */
export async function writeBmcGuid(
  file: string,
  command = "ipmitool",
): Promise<string | undefined> {
  const untilMs = performance.now() + askMsMax;
  // Get System GUID (IPMI 2.0, 22.14): the bytes as they come; the guardian reads the same ones over the network.
  const asked = await askRaw(command, ["0x06", "0x37"], 16, untilMs);
  const guid = asked.kind === "bytes" ? asked.bytes : undefined;
  const mac =
    guid !== undefined && isTellingUuid(guid) ? undefined : await lanMac(command, untilMs);
  const identity = bmcIdentity(guid, mac);
  if (identity === undefined) {
    return asked.kind === "bytes" ? "the BMC showed nothing" : asked.problem;
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(`${file}.new`, `${identity}\n`, { mode: 0o644 });
  renameSync(`${file}.new`, file);
  return undefined;
}

/** Get LAN Configuration Parameters (23.2), parameter 5, behind a byte that tells the parameter's revision. */
async function lanMac(command: string, untilMs: number): Promise<string | undefined> {
  for (const channel of channels) {
    const request = ["0x0c", "0x02", `0x0${channel}`, "0x05", "0x00", "0x00"];
    const asked = await askRaw(command, request, 7, untilMs);
    const mac = asked.kind === "bytes" ? asked.bytes.slice(2) : undefined;
    if (bmcIdentity(undefined, mac) !== undefined) return mac;
  }
  return undefined;
}

type Asked =
  | { readonly kind: "bytes"; readonly bytes: string }
  | { readonly kind: "problem"; readonly problem: string };

async function askRaw(
  command: string,
  request: readonly string[],
  length: number,
  untilMs: number,
): Promise<Asked> {
  const problem = (text: string): Asked => ({ kind: "problem", problem: text });
  const leftMs = Math.max(1, Math.round(untilMs - performance.now()));
  const result = await startChild(command, ["raw", ...request], leftMs).settled;
  if (result.kind === "deadline")
    return problem(`no answer from the BMC within ${askMsMax / 1000} s`);
  if (result.kind === "not-started") {
    return problem(`${command} could not be started: ${result.reason}`);
  }
  const bytes = result.stdout.trim().split(/\s+/);
  if (
    result.code === 0 &&
    bytes.length === length &&
    bytes.every((byte) => /^[0-9a-f]{2}$/.test(byte))
  ) {
    return { kind: "bytes", bytes: bytes.join("") };
  }
  const said = result.stderr.trim().split("\n")[0] ?? "";
  return problem(
    `the BMC showed no GUID (${command} ended with ${result.code ?? "a signal"}): ${said}`,
  );
}
