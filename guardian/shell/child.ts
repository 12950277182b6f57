/**
 * Runs a program with a deadline of our own. The environment is given whole, so that nothing of
 * ours leaks into the child; secrets travel in it, never in the arguments, which everybody on the
 * machine can read.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { describeError } from "../../shared/errors.ts";

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  /** Ended together with all that it started: for programs that run others. */
  readonly ownGroup?: boolean;
  /** Written at once; undefined leaves stdin empty. */
  readonly stdin?: string | undefined;
  /** Sees everything printed so far, stdout before stderr; returns what to write next, if anything. */
  readonly onOutput?: ((printed: string) => string | undefined) | undefined;
}

export type ChildResult =
  | { readonly kind: "exited"; readonly code: number; readonly output: string }
  /** Still running at the deadline; it was killed. What it printed until then. */
  | { readonly kind: "late"; readonly output: string }
  | { readonly kind: "not-started"; readonly reason: string };

const outputCharactersMax = 64 * 1024;
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Runs the program to its end or to the deadline. Never throws. */
export function runChild(options: ChildOptions): Promise<ChildResult> {
  return new Promise((resolve) => {
    const notStarted = (error: unknown): void =>
      resolve({ kind: "not-started", reason: describeError(error) });
    try {
      const child = spawn(options.command, [...options.args], {
        // A working directory on a hung mount would block our own event loop inside spawn.
        cwd: "/",
        env: { PATH: path, LC_ALL: "C", ...options.env },
        stdio: ["pipe", "pipe", "pipe"],
        detached: options.ownGroup === true,
      });
      // Before its pipes are touched: without a file descriptor left it has none, and tells why afterwards.
      child.on("error", notStarted);
      if (child.pid !== undefined) follow(child, options, resolve);
    } catch (error) {
      // Most failures are told by an event; without memory, or of a file that is no program, it throws.
      notStarted(error);
    }
  });
}

function follow(
  child: ChildProcessWithoutNullStreams,
  options: ChildOptions,
  resolve: (result: ChildResult) => void,
): void {
  let [printed, complained] = ["", ""];
  // Kept apart: a line of stderr in the middle of one of stdout would make both unreadable.
  const output = (): string => `${printed}\n${complained}`;
  const settle = (result: ChildResult): void => {
    clearTimeout(timer);
    if (options.ownGroup === true) killGroup(child.pid);
    else child.kill("SIGKILL");
    resolve(result);
  };
  // Not awaiting the child's end: one in uninterruptible sleep would never report it.
  const timer = setTimeout(() => settle({ kind: "late", output: output() }), options.deadlineMs);
  const onPrinted = (): void => {
    const next = options.onOutput?.(output());
    if (next !== undefined) child.stdin.write(next);
  };
  child.stdout.on("data", (chunk: Buffer) => {
    printed = (printed + chunk.toString("latin1")).slice(0, outputCharactersMax);
    onPrinted();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complained = (complained + chunk.toString("latin1")).slice(0, outputCharactersMax);
    onPrinted();
  });
  // A child that ends before it has read its input breaks the pipe; its exit code tells why.
  child.stdin.on("error", () => undefined);
  child.on("close", (code) => settle({ kind: "exited", code: code ?? -1, output: output() }));
  if (options.onOutput === undefined) child.stdin.end(options.stdin ?? "");
  else if (options.stdin !== undefined) child.stdin.write(options.stdin);
}

/** A group that has ended already is what was wanted. */
function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // ESRCH: nothing of it is left.
  }
}
