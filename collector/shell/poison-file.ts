/** Rows that a store refuses for ever, kept for a person to look at. Bounded: a file is no store. */
import { appendFileSync, statSync } from "node:fs";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";

const poisonBytesMax = 10 * 1024 * 1024;

export interface PoisonFile {
  add(lines: readonly string[], reason: string): void;
}

export function createPoisonFile(path: string, log: Logger): PoisonFile {
  return {
    add(lines, reason) {
      log.error({ event: "poison", rows: lines.length, reason, path }, "the store refuses rows");
      try {
        if (sizeOf(path) > poisonBytesMax) return;
        appendFileSync(path, `# ${reason.replaceAll("\n", " ")}\n${lines.join("\n")}\n`, {
          mode: 0o640,
        });
      } catch (error) {
        log.error({ event: "poison-file", path, reason: describeError(error) }, "poison not kept");
      }
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
