/**
 * Whether the instances directory can really be written: a tiny helper writes 4 KiB with O_EXCL,
 * syncs, reads it back past the page cache and removes it. stat, access and write without a sync
 * all look healthy on a disk that hangs, and a hung call inside Node would fill its thread pool.
 */
import { readFileSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import type { Logger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import type { DirectoryState } from "../../shared/telemetry.ts";
import { isMountPoint, readDirectoryExit } from "../core/directory-result.ts";
import type { ProbeFacts } from "../core/report.ts";
import { startChild, type Child } from "./child.ts";

const helper = `
f="$1"
rm -f "$f" || exit 9
dd if=/dev/zero of="$f" bs=4096 count=1 conv=fsync,excl status=none || { rm -f "$f"; exit 10; }
said=$(dd if="$f" of=/dev/null bs=4096 count=1 iflag=direct status=none 2>&1) || case "$said" in
  *"Invalid argument"*|*"not supported"*) dd if="$f" of=/dev/null bs=4096 count=1 status=none || exit 11 ;;
  *) echo "$said" >&2; rm -f "$f"; exit 11 ;;
esac
rm -f "$f" || exit 12
`;

export interface DirectoryCheckOptions {
  readonly path: string;
  /** Names the helper's file, so that hosts with a shared directory do not meet. */
  readonly host: string;
  readonly deadlineMs: number;
  readonly slowAfterMs: number;
  readonly expectMount: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface DirectoryCheck {
  round(): Promise<void>;
  latest(): ProbeFacts["directory"];
}

export function createDirectoryCheck(options: DirectoryCheckOptions): DirectoryCheck {
  let finding: ProbeFacts["directory"];
  let stuck: Child | undefined;

  function note(state: DirectoryState, latencyMs: number, detail: string): void {
    const former = finding?.state ?? "unknown";
    finding = { state, atMs: options.clock.monoMs(), latencyMs };
    if (state === former) return;
    const fields = {
      event: "directory-state",
      path: options.path,
      from: former,
      to: state,
      detail,
    };
    options.log.info(fields, "instances directory changed");
  }

  return {
    latest: () => finding,
    async round() {
      // A second child on a hung mount would hang too: one is enough to know when it thaws.
      if (stuck !== undefined && !stuck.isGone()) {
        note("hung", finding?.latencyMs ?? 0, "the former write has not ended");
        return;
      }
      stuck = undefined;
      if (options.expectMount && !isMounted(options.path)) {
        note("missing", finding?.latencyMs ?? 0, "nothing is mounted there");
        return;
      }
      const startedMs = options.clock.monoMs();
      const file = `${options.path}/.guardian-probe.${options.host}`;
      const child = startChild("/bin/sh", ["-c", helper, "sh", file], options.deadlineMs);
      const slow = new AbortController();
      void sleep(options.slowAfterMs, slow.signal).then(() => {
        if (!slow.signal.aborted) note("slow", finding?.latencyMs ?? 0, "still writing");
      });
      const result = await child.settled;
      slow.abort();
      const tookMs = options.clock.monoMs() - startedMs;
      if (result.kind === "deadline") {
        stuck = child;
        note("hung", finding?.latencyMs ?? 0, `no end within ${options.deadlineMs} ms`);
      } else if (result.kind === "not-started") {
        note("unknown", finding?.latencyMs ?? 0, result.reason);
      } else {
        const state = readDirectoryExit({ ...result, tookMs, slowAfterMs: options.slowAfterMs });
        note(state, tookMs, result.stderr.trim().slice(0, 200));
      }
    },
  };
}

/** /proc never hangs on a hung mount; reading it needs no thread of the pool. */
function isMounted(path: string): boolean {
  try {
    return isMountPoint(readFileSync("/proc/self/mountinfo", "utf8"), path);
  } catch {
    return false;
  }
}
