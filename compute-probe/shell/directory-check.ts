/**
 * Whether an instances directory can really be written: a tiny helper writes 4 KiB with O_EXCL into a hidden folder,
 * syncs, reads it back past the page cache and removes it. stat, access and write without a sync all look healthy on
 * a disk that hangs, and a hung call inside Node would fill its thread pool.
 */
import { readFileSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import type { Logger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import type { DirectoryState } from "../../shared/telemetry.ts";
import {
  readCopyMs,
  readDirectoryExit,
  readFileSystemFacts,
  readNotStarted,
  summarizeDirectory,
  type FileSystemFacts,
} from "../core/directory-result.ts";
import { isMountPoint, mountOf } from "../core/mount-info.ts";
import type { ProbeFacts } from "../core/report.ts";
import type { Summary } from "../core/standing.ts";
import type { UserIds } from "../core/user-ids.ts";
import { startChild, type Child } from "./child.ts";

/** $1 folder, $2 file in it, $3 path whose file system is to be told; "" for not now. */
const helper = `
f="$1/$2"
[ -d "$1" ] || mkdir -m 0770 "$1" || [ -d "$1" ] || exit 8
rm -f "$f" || exit 9
dd if=/dev/zero of="$f" bs=4096 count=1 conv=fsync,excl || { rm -f "$f"; exit 10; }
said=$(dd if="$f" of=/dev/null bs=4096 count=1 iflag=direct 2>&1) || case "$said" in
  *"Invalid argument"*|*"not supported"*) said=$(dd if="$f" of=/dev/null bs=4096 count=1 2>&1) || { echo "$said" >&2; exit 11; } ;;
  *) echo "$said" >&2; rm -f "$f"; exit 11 ;;
esac
echo "$said" >&2
rm -f "$f" || exit 12
[ -z "$3" ] || stat -f -c "%i %S %b %a" "$3"
`;

const shell = "/bin/sh";

/** So often the file system is asked for its id and its room, too. */
const roundsBetweenFacts = 12;

/** Children that hang, by their mount: a second one there would hang, too. */
export type StuckChildren = Map<string, Child>;

export interface DirectoryCheckOptions {
  readonly path: string;
  /** Names the helper's file, so that hosts with a shared directory do not meet. */
  readonly host: string;
  readonly deadlineMs: number;
  readonly slowAfterMs: number;
  readonly expectMount: boolean;
  /** Whom the helper runs as; undefined: as the probe itself. */
  readonly runAs?: UserIds | undefined;
  readonly stuck?: StuckChildren;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface DirectoryCheck {
  round(): Promise<void>;
  latest(): ProbeFacts["directory"];
  summary(): Summary | undefined;
}

export function createDirectoryCheck(options: DirectoryCheckOptions): DirectoryCheck {
  const { path, clock, stuck = new Map<string, Child>() } = options;
  let finding: ProbeFacts["directory"];
  let detail = "";
  let facts: FileSystemFacts | undefined;
  let rounds = 0;

  function note(state: DirectoryState, latencyMs: number, said: string): void {
    const former = finding?.state ?? "unknown";
    finding = { state, atMs: clock.monoMs(), latencyMs };
    detail = said;
    if (state === former) return;
    const fields = { event: "directory-state", path, from: former, to: state, detail };
    options.log.info(fields, "instances directory changed");
  }

  const formerLatencyMs = (): number => finding?.latencyMs ?? 0;

  async function write(mountKey: string): Promise<void> {
    const wantsFacts = rounds % roundsBetweenFacts === 0;
    rounds += 1;
    const args = [`${path}/.guardian-probe`, options.host, wantsFacts ? path : ""];
    const startedMs = clock.monoMs();
    const child = startChild(shell, ["-c", helper, "sh", ...args], options.deadlineMs, {
      runAs: options.runAs,
    });
    const slow = new AbortController();
    void sleep(options.slowAfterMs, slow.signal).then(() => {
      if (slow.signal.aborted) return;
      // Where the last write came to no good end, one that takes long does not say that it is better now, nor as bad.
      if (!isFailing(finding?.state)) note("slow", formerLatencyMs(), "still writing");
    });
    const result = await child.settled;
    slow.abort();
    if (result.kind === "deadline") {
      stuck.set(mountKey, child);
      note("hung", formerLatencyMs(), `no end within ${options.deadlineMs} ms`);
    } else if (result.kind === "not-started") {
      const state = readNotStarted(result.code, isOnDeviceOf(shell, path));
      note(state, formerLatencyMs(), result.reason);
    } else {
      // dd's own time: on a host that is short of CPU the start of a shell takes seconds, and that is not the disk.
      const tookMs = readCopyMs(result.stderr) ?? clock.monoMs() - startedMs;
      facts = readFileSystemFacts(result.stdout) ?? facts;
      const { slowAfterMs } = options;
      const state = readDirectoryExit({ ...result, tookMs, slowAfterMs });
      note(state, tookMs, state === "ok" ? "" : lastWords(result.stderr));
    }
  }

  return {
    latest: () => finding,
    summary() {
      if (finding === undefined) return undefined;
      const mount = mountOf(mountinfo(), path);
      return summarizeDirectory({ path, ...finding, detail, mount, facts });
    },
    async round() {
      const mounts = mountinfo();
      const mount = mountOf(mounts, path);
      const mountKey = mount === undefined ? path : `${mount.device} ${mount.at}`;
      const former = stuck.get(mountKey);
      // A second child on a hung mount would hang too: one is enough to know when it thaws.
      if (former !== undefined && !former.isGone()) {
        note("hung", formerLatencyMs(), "the former write has not ended");
        return;
      }
      stuck.delete(mountKey);
      if (options.expectMount && !isMountPoint(mounts, path)) {
        note("missing", formerLatencyMs(), "nothing is mounted there");
        return;
      }
      await write(mountKey);
    },
  };
}

function isFailing(state: DirectoryState = "unknown"): boolean {
  return !["ok", "slow", "unknown"].includes(state);
}

function isOnDeviceOf(file: string, path: string): boolean {
  const mounts = mountinfo();
  const device = mountOf(mounts, file)?.device;
  return device !== undefined && device === mountOf(mounts, path)?.device;
}

/** The line that says why, without dd's counts. */
function lastWords(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => !/records (?:in|out)|copied,/.test(line));
  return lines.join(" ").trim().slice(0, 200);
}

/** /proc never hangs on a hung mount; reading it needs no thread of the pool. */
function mountinfo(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}
