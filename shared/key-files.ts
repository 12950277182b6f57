/**
 * Key files. The collector holds master keys; `guardian-collector keys issue HOST` derives one
 * host's key from the newest of them into a file for that host alone. A key file that others can
 * read is refused: it would let them speak for the host.
 */
import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { describeError } from "./errors.ts";
import { hostName, isHostName, type HostName } from "./names.ts";
import { deriveHostKey } from "./wire-auth.ts";

export interface HostKeyFile {
  readonly host: HostName;
  readonly keyId: number;
  readonly key: Uint8Array;
}

/** One byte of the datagram. */
const keyIdMax = 255;

/** Master keys by key id; the highest id issues. */
export type MasterKeys = ReadonlyMap<number, Uint8Array>;

/** Reads a host's key file. Throws with the reason when it cannot be used. */
export function readHostKeyFile(path: string): HostKeyFile {
  const content = parseObject(path, readPrivateFile(path));
  const host = content["host"];
  if (typeof host !== "string" || !isHostName(host)) throw new Error(`${path}: "host" is no name`);
  return { host: hostName(host), ...parseKey(path, content["keyId"], content["key"]) };
}

/** Reads the collector's master keys. Throws with the reason when they cannot be used. */
export function readMasterKeys(path: string): MasterKeys {
  const entries = parseObject(path, readPrivateFile(path))["keys"];
  if (!Array.isArray(entries) || entries.length === 0) throw new Error(`${path}: holds no "keys"`);
  return new Map(
    entries.map((entry: unknown) => {
      const { id, key } = (entry ?? {}) as { id?: unknown; key?: unknown };
      const parsed = parseKey(path, id, key);
      return [parsed.keyId, parsed.key] as const;
    }),
  );
}

/** Writes a new file with one random master key. Never over an existing one. */
export function createMasterKeys(path: string): void {
  const content = { keys: [{ id: 1, key: randomBytes(32).toString("hex") }] };
  writeNewFile(path, `${JSON.stringify(content, undefined, 2)}\n`);
}

/** Adds a random master key with the next id; it issues from then on. In one step: no reader meets half a file. */
export function addMasterKey(path: string): number {
  const masters = readMasterKeys(path);
  const id = Math.max(...masters.keys()) + 1;
  if (id > keyIdMax) throw new Error(`${path}: key id ${keyIdMax} is taken; begin a new file`);
  const known = [...masters].map(([one, key]) => ({
    id: one,
    key: Buffer.from(key).toString("hex"),
  }));
  const keys = [...known, { id, key: randomBytes(32).toString("hex") }];
  const { uid, gid } = statSync(path);
  writeNewFile(`${path}.new`, `${JSON.stringify({ keys }, undefined, 2)}\n`);
  chownSync(`${path}.new`, uid, gid);
  renameSync(`${path}.new`, path);
  return id;
}

/** Never over an existing file: its mode would stay, and so might its readers. */
export function writeNewFile(path: string, content: string): void {
  try {
    writeFileSync(path, content, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Error(`${path} is there already and is left as it is; move it away first`, {
      cause: error,
    });
  }
}

/** Content of the key file of one host, from the newest master key. */
export function issueHostKey(masters: MasterKeys, host: HostName): string {
  const keyId = Math.max(...masters.keys());
  const master = masters.get(keyId);
  if (master === undefined) throw new Error("there is no master key to issue from");
  const key = Buffer.from(deriveHostKey(master, host)).toString("hex");
  return `${JSON.stringify({ host, keyId, key }, undefined, 2)}\n`;
}

/** A secret in a file of its own, without the newline at its end. */
export function readSecretFile(path: string): string {
  return readPrivateFile(path).trimEnd();
}

function readPrivateFile(path: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    // Mode and content of the same open file: a swap in between cannot fool us.
    const mode = fstatSync(descriptor).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      throw new Error(`mode is ${mode.toString(8)}, others can read it; run chmod 600`);
    }
    return readFileSync(descriptor, "utf8");
  } catch (error) {
    throw new Error(`${path}: ${describeError(error)}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function parseObject(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // The parser's message quotes the text, which is a key.
  }
  throw new Error(`${path}: is not a key file (JSON)`);
}

function parseKey(path: string, id: unknown, key: unknown): { keyId: number; key: Uint8Array } {
  if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id > keyIdMax) {
    throw new Error(`${path}: a key id must be a number from 0 to ${keyIdMax}`);
  }
  if (typeof key !== "string" || !/^[0-9a-f]{64}$/i.test(key)) {
    throw new Error(`${path}: key ${id} must be 64 hex digits`);
  }
  return { keyId: id, key: new Uint8Array(Buffer.from(key, "hex")) };
}
