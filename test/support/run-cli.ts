/** The command line, run in this process: what it prints, and its exit code or what it threw. */
import assert from "node:assert/strict";
import { buildCommands, type CommandActions } from "../../guardian/cli.ts";

export interface CliRun {
  readonly code: number | string;
  readonly text: string;
  readonly noted: string;
}

/** What a test wants otherwise: that somebody types, say. */
export type CliChanges = Partial<CommandActions>;

export function cli(...argv: readonly string[]): Promise<CliRun> {
  return cliWith({}, ...argv);
}

export async function cliWith(changes: CliChanges, ...argv: readonly string[]): Promise<CliRun> {
  const [printed, noted]: [string[], string[]] = [[], []];
  const never = (): never => assert.fail("not in this test");
  const actions: CommandActions = {
    run: never,
    checkConfig: never,
    schema: never,
    shownConfig: never,
    checkCloud: never,
    replay: never,
    user: () => "alice",
    typed: () => Promise.resolve(undefined),
    print: (text) => void printed.push(text),
    note: (text) => void noted.push(text),
    isTerminal: false,
    ...changes,
  };
  const code = await buildCommands(actions, ["node", "guardian", ...argv]).catch(String);
  return { code, text: printed.join("\n"), noted: noted.join("\n") };
}
