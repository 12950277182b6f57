/**
 * The unit gives the guardian raw sockets and keeps the kernel from killing it for memory; both would pass to every
 * program that it starts. Node cannot give either back, so a program of the operator's is started through util-linux's
 * setpriv and choom. Where they are missing or do not work here it is started as it was: an alert goes out all the same.
 */
import { accessSync, constants, readFileSync } from "node:fs";
import { runChild } from "./child.ts";

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** What would pass on. */
export interface Inherited {
  /** Capabilities that outlive the start of a program. */
  readonly capabilities: boolean;
  /** Below 0 the kernel spares it when memory is short. */
  readonly oomScoreAdj: number;
}

export const setpriv = "/usr/bin/setpriv";
export const choom = "/usr/bin/choom";

/** The same program without what we have ourselves. */
export function withoutPrivileges(
  { command, args }: Command,
  { capabilities, oomScoreAdj }: Inherited,
  isThere: (tool: string) => boolean = isProgram,
): Command {
  let whole: readonly string[] = [command, ...args];
  if (capabilities && isThere(setpriv)) {
    whole = [setpriv, "--ambient-caps=-all", "--inh-caps=-all", "--", ...whole];
  }
  if (oomScoreAdj < 0 && isThere(choom)) whole = [choom, "-n", "0", "--", ...whole];
  const [first = command, ...rest] = whole;
  return { command: first, args: rest };
}

/** What this process passes on to those that it starts. */
export function inherited(): Inherited {
  const status = readOr("/proc/self/status", "");
  const isSet = (name: string): boolean =>
    /[1-9a-f]/i.test(new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "im").exec(status)?.[1] ?? "");
  return {
    capabilities: isSet("CapAmb") || isSet("CapInh"),
    oomScoreAdj: Number(readOr("/proc/self/oom_score_adj", "0")),
  };
}

const tryMs = 2000;

/** Whether the way round these tools works on this machine, tried with a program that does nothing. */
export async function dropsPrivileges(from: Inherited): Promise<boolean> {
  const nothing = { command: "/bin/true", args: [] };
  const { command, args } = withoutPrivileges(nothing, from);
  if (command === nothing.command) return false;
  const result = await runChild({ command, args, deadlineMs: tryMs, ownGroup: true });
  return result.kind === "exited" && result.code === 0;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return fallback; // not Linux
  }
}
