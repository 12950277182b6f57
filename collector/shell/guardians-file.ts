/**
 * Keeps over a restart which guardians told this collector who is fenced. Without it the first one that speaks after a
 * power cut, a trial say, would free the hosts that another one has fenced. A file that cannot be used frees nobody.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { KnownGuardian } from "../core/fenced-hosts.ts";
import {
  guardiansFrom,
  isNoteDue,
  nameless,
  notesOf,
  readNotedGuardians,
  type NotedGuardian,
} from "../core/noted-guardians.ts";

export interface GuardiansFile {
  /** Who spoke here before this start. */
  readonly before: readonly KnownGuardian[];
  /** Takes who spoke here by now; written when that is news. */
  note(known: readonly KnownGuardian[], wallMs: number): void;
}

export function openGuardiansFile(path: string, wallMs: number, log: Logger): GuardiansFile {
  let written: readonly NotedGuardian[] = [];
  let trouble: string | undefined;
  const note: GuardiansFile["note"] = (known, noteWallMs) => {
    const notes = notesOf(known, noteWallMs);
    if (!isNoteDue(written, notes)) return;
    const reason = problemOfSaving(path, notes);
    if (reason === undefined) written = notes;
    // It is tried again with each list, and told once.
    if (reason !== undefined && reason !== trouble) {
      const fields = { event: "guardians-unsaved", path, reason };
      log.warn(fields, "after a restart a host could be freed without a guardian that spoke here");
    }
    trouble = reason;
  };
  const read = readFile(path);
  if (read.kind === "unreadable") {
    const fields = { event: "guardians-unreadable", path, reason: read.reason };
    log.warn(fields, "no start guard is told not-fenced for 24 h: who spoke here is not known");
    // At once, so that a further restart does not take it for a new file, nor begin the time anew.
    note([nameless], wallMs);
    return { before: [nameless], note };
  }
  written = read.noted;
  const before = guardiansFrom(written, wallMs);
  if (before.length > 0) {
    log.info({ event: "guardians-awaited", path, guardians: written }, "each must speak again");
  }
  return { before, note };
}

type Read =
  | { readonly kind: "read"; readonly noted: readonly NotedGuardian[] }
  | { readonly kind: "unreadable"; readonly reason: string };

function readFile(path: string): Read {
  try {
    const noted = readNotedGuardians(JSON.parse(readFileSync(path, "utf8")));
    return { kind: "read", noted };
  } catch (error) {
    // The first start, or a person has deleted it.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "read", noted: [] };
    return { kind: "unreadable", reason: describeError(error) };
  }
}

/** Whole or not at all, and on the disk before a host is freed by it: what ends a collector may be a power cut. */
function problemOfSaving(path: string, notes: readonly NotedGuardian[]): string | undefined {
  const unfinished = `${path}.new`;
  try {
    const descriptor = openSync(unfinished, "w", 0o640);
    try {
      writeFileSync(descriptor, `${JSON.stringify(notes)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(unfinished, path);
    syncDirectory(dirname(path));
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/** Else the new name may be lost with the power, and the file with it. */
function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
