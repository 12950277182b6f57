/** What the helper that writes to an instances directory found. */
import { codeOf, directoryStates, type DirectoryState } from "../../shared/telemetry.ts";
import type { Mount } from "./mount-info.ts";
import { gauge, type Level, type Summary } from "./standing.ts";

/** Messages of dd, rm and sh in the C locale; first match wins. */
const messages: readonly (readonly [RegExp, DirectoryState])[] = [
  [/read-only file system/i, "read-only"],
  [/no space left|quota exceeded/i, "full"],
  [/permission denied|operation not permitted/i, "denied"],
  [/no such file or directory|not a directory/i, "missing"],
  [/input\/output error|not connected|stale file handle|structure needs cleaning/i, "io-error"],
  [/host is down|connection (timed out|refused|reset)|remote i\/o/i, "io-error"],
];

/** The state for a helper that ended. A failure that nobody knows is an I/O error, not "unknown". */
export function readDirectoryExit(options: {
  readonly code: number | undefined;
  readonly stderr: string;
  readonly tookMs: number;
  readonly slowAfterMs: number;
}): DirectoryState {
  if (options.code === 0) return options.tookMs >= options.slowAfterMs ? "slow" : "ok";
  // The helper could not become the user it should be: that says nothing of the directory.
  if (options.code === 126 || options.code === 127) return "unknown";
  return messages.find(([pattern]) => pattern.test(options.stderr))?.[1] ?? "io-error";
}

/**
 * The state when the helper could not be started, by the system's code for it. The disk of its program is dead: where
 * the directory lies on that disk, too, that is what there is to say of it; else nothing is known.
 */
export function readNotStarted(code: string | undefined, isOnSameDisk: boolean): DirectoryState {
  return code === "EIO" && isOnSameDisk ? "io-error" : "unknown";
}

/** From best to worst: of several directories the worst one speaks for the host. */
const severity: readonly DirectoryState[] = [
  "ok",
  "unknown",
  "slow",
  "denied",
  "missing",
  "full",
  "read-only",
  "io-error",
  "hung",
];

export function worseDirectory(left: DirectoryState, right: DirectoryState): DirectoryState {
  return severity.indexOf(left) >= severity.indexOf(right) ? left : right;
}

export function levelOfDirectory(state: DirectoryState): Level {
  if (state === "ok" || state === "unknown") return state;
  return state === "slow" ? "warning" : "critical";
}

/** What the file system says of itself: the helper prints `ID BLOCK-SIZE BLOCKS AVAILABLE` (stat -f). */
export interface FileSystemFacts {
  /** Hex digits; the same on two hosts that share a file system that has one of its own. */
  readonly id: string;
  readonly bytesTotal: number;
  readonly bytesAvailable: number;
}

export function readFileSystemFacts(stdout: string): FileSystemFacts | undefined {
  const match = /^([0-9a-f]+) (\d+) (\d+) (\d+)$/m.exec(stdout);
  if (match === null) return undefined;
  const [, id = "", blockBytes, blocks, available] = match;
  const bytes = Number(blockBytes);
  return { id, bytesTotal: bytes * Number(blocks), bytesAvailable: bytes * Number(available) };
}

/** How long dd says that its copies took, the sync included; undefined when it says nothing. */
export function readCopyMs(stderr: string): number | undefined {
  const copies = [...stderr.matchAll(/copied, (\d+(?:\.\d+)?(?:e[+-]?\d+)?) s/g)];
  if (copies.length === 0) return undefined;
  return copies.reduce((sum, [, seconds]) => sum + 1000 * Number(seconds), 0);
}

/**
 * What a directory lies on, in one text: two hosts whose texts agree but for the path may share it. A local file system
 * shows its own id here, a remote one its server and export as well.
 */
export function describeMount(mount: Mount, facts: FileSystemFacts | undefined): string {
  return `${mount.source} ${mount.type} ${facts?.id ?? "-"}`;
}

/** A directory's state with what it lies on, for people and for the store. */
export function summarizeDirectory(found: {
  readonly path: string;
  readonly state: DirectoryState;
  readonly atMs: number;
  readonly latencyMs: number;
  readonly detail: string;
  readonly mount: Mount | undefined;
  readonly facts: FileSystemFacts | undefined;
}): Summary {
  const { path, state, atMs, latencyMs, detail, mount, facts } = found;
  const on = mount === undefined ? "not mounted" : describeMount(mount, facts);
  const resource = `directory:${path} ${on}`;
  const took = state === "ok" || state === "slow" ? `${latencyMs.toFixed(1)} ms` : "";
  const text = [`${path} on ${on}`, took, detail].filter((part) => part !== "").join("; ");
  const room = facts === undefined ? [] : [facts.bytesAvailable];
  return {
    state,
    level: levelOfDirectory(state),
    atMs,
    text,
    samples: [
      gauge("directory.state", "state", codeOf(directoryStates, state), resource),
      gauge("directory.latency", "ms", latencyMs, resource),
      ...room.map((bytes) => gauge("directory.bytes.available", "B", bytes, resource)),
    ],
  };
}
