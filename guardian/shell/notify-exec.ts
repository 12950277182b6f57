/**
 * Alerts to a program of the operator's: a process for each message, without a shell, killed with all
 * that it started when its time is up. Its environment has nothing of ours, and neither has it our
 * capabilities or the kernel's care for our memory.
 */
import type { Look } from "../channels/alert-text.ts";
import { shown, tryAgain } from "../channels/answers.ts";
import { judgeExit, programInput } from "../channels/program.ts";
import type { Delivery, Notifier } from "../ports.ts";
import { runChild } from "./child.ts";
import { dropsPrivileges, inherited, withoutPrivileges, type Command } from "./unprivileged.ts";

export interface ExecOptions {
  readonly name: string;
  /** An absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly look: Look;
}

export function createExecNotifier(options: ExecOptions): Notifier {
  const { name, look } = options;
  /** Tried once, with the first message. */
  let start: Promise<Command> | undefined;
  return {
    name,
    async send(message, deadlineMs) {
      const stdin = programInput(message, look);
      const untilMs = performance.now() + deadlineMs;
      start ??= startOf(options);
      const { command, args } = await start;
      const leftMs = Math.max(1, untilMs - performance.now());
      const result = await runChild({ command, args, deadlineMs: leftMs, ownGroup: true, stdin });
      switch (result.kind) {
        case "exited":
          return named(name, judgeExit(result.code, textOf(result.output)));
        case "late": {
          const said = shown(textOf(result.output));
          return named(name, tryAgain(`no end within ${deadlineMs} ms, killed; it said: ${said}`));
        }
        case "not-started":
          return named(name, tryAgain(`${options.command} does not start: ${result.reason}`));
        default:
          return result satisfies never;
      }
    },
  };
}

async function startOf({ command, args }: Command): Promise<Command> {
  const ours = inherited();
  const plain = { command, args };
  return (await dropsPrivileges(ours)) ? withoutPrivileges(plain, ours) : plain;
}

/** Children's output is kept byte by byte. */
function textOf(output: string): string {
  return Buffer.from(output, "latin1").toString("utf8");
}

function named(name: string, delivery: Delivery): Delivery {
  if (delivery.kind === "delivered") return delivery;
  return { ...delivery, reason: `${name}: ${delivery.reason}` };
}
