/** What the helper that writes to the instances directory found, and whether the directory is mounted. */
import type { DirectoryState } from "../../shared/telemetry.ts";

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
  return messages.find(([pattern]) => pattern.test(options.stderr))?.[1] ?? "io-error";
}

/** Whether a path is itself a mount point, by the text of /proc/self/mountinfo. */
export function isMountPoint(mountinfo: string, path: string): boolean {
  const wanted = path.length > 1 ? path.replace(/\/+$/, "") : path;
  return mountinfo.split("\n").some((line) => {
    const escaped = line.split(" ")[4];
    return escaped !== undefined && unescapeMount(escaped) === wanted;
  });
}

/** The kernel writes blanks in paths as \040 and the like. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
