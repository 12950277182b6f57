/**
 * Child processes that may never end: a child in uninterruptible sleep survives SIGKILL, so nobody
 * here waits for an exit; the parent's own deadline decides.
 */
import { spawn } from "node:child_process";
import { describeError } from "../../shared/errors.ts";
import type { UserIds } from "../core/user-ids.ts";

export type ChildResult =
  | {
      readonly kind: "exited";
      readonly code: number | undefined;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: "deadline" }
  | {
      readonly kind: "not-started";
      readonly reason: string;
      /** As the system says it: "EIO". */
      readonly code: string | undefined;
    };

export interface Child {
  /** Settles by the deadline, whatever the child does. */
  readonly settled: Promise<ChildResult>;
  /** Whether the child and all its children are gone. */
  isGone(): boolean;
}

const outputCharsMax = 16_384;

export interface ChildOptions {
  /** Whom it runs as; undefined: as the probe itself. */
  readonly runAs?: UserIds | undefined;
}

/**
 * Starts a program in a process group of its own; at the deadline the whole group is killed. Never throws: of errors
 * that Node does not emit (EIO of a dead disk, no memory) it throws the cause in the call.
 */
export function startChild(
  file: string,
  args: readonly string[],
  deadlineMs: number,
  options: ChildOptions = {},
): Child {
  try {
    return started(file, args, deadlineMs, options);
  } catch (error) {
    return { settled: Promise.resolve(notStarted(error)), isGone: () => true };
  }
}

function notStarted(error: unknown): ChildResult {
  const { code } = Object(error) as { readonly code?: unknown };
  const said = typeof code === "string" ? code : undefined;
  return { kind: "not-started", reason: describeError(error), code: said };
}

function started(
  file: string,
  args: readonly string[],
  deadlineMs: number,
  { runAs }: ChildOptions,
): Child {
  let gone = false;
  const child = spawnIn(file, args, runAs);
  const settled = new Promise<ChildResult>((resolve) => {
    let [stdout, stderr] = ["", ""];
    const append = (text: string, chunk: Buffer): string =>
      (text + chunk.toString("utf8")).slice(0, outputCharsMax);
    child.stdout?.on("data", (chunk: Buffer) => (stdout = append(stdout, chunk)));
    child.stderr?.on("data", (chunk: Buffer) => (stderr = append(stderr, chunk)));
    child.stdio[3]?.on("data", () => undefined);
    child.unref();
    const timer = setTimeout(() => {
      if (child.pid !== undefined) killGroup(child.pid);
      resolve({ kind: "deadline" });
    }, deadlineMs);
    child.on("error", (error) => {
      gone = child.pid === undefined;
      clearTimeout(timer);
      resolve(notStarted(error));
    });
    child.on("close", (code) => {
      gone = true;
      clearTimeout(timer);
      resolve({ kind: "exited", code: code ?? undefined, stdout, stderr });
    });
  });
  return { settled, isGone: () => gone };
}

function spawnIn(
  file: string,
  args: readonly string[],
  runAs: UserIds | undefined,
): ReturnType<typeof spawn> {
  return spawn(file, args, {
    // Never a directory that may hang: spawn would block our whole event loop in chdir.
    cwd: "/",
    detached: true,
    env: { LC_ALL: "C", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    // Descriptor 3 is inherited by grandchildren whatever they do with 1 and 2, so that "close"
    // comes only when the last of them is gone.
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    ...runAs,
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group ended by itself between its last word and the deadline.
  }
}
