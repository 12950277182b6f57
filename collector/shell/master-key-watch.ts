/**
 * The master keys, read again when their file changed: a key is added, and the old one removed, while everything runs.
 * A file that cannot be used changes nothing.
 */
import { describeError } from "../../shared/errors.ts";
import { readMasterKeys, type MasterKeys } from "../../shared/key-files.ts";
import type { Logger } from "../../shared/log.ts";
import { fileMark } from "./file-changes.ts";

export interface MasterKeyWatch {
  /** As they were at the start. */
  readonly masters: MasterKeys;
  /** Looks whether the file changed. Never throws. */
  readonly look: () => void;
}

/** Throws when the keys cannot be used: without any there is nothing to go on with. */
export function openMasterKeys(
  path: string,
  log: Logger,
  onChanged: (masters: MasterKeys) => void,
): MasterKeyWatch {
  let mark = fileMark(path);
  const masters = readMasterKeys(path);
  let refused = "";
  return {
    masters,
    look() {
      try {
        const now = fileMark(path);
        if (now === mark) return;
        const read = readMasterKeys(path);
        mark = now;
        refused = "";
        onChanged(read);
        const ids = [...read.keys()].join(", ");
        log.info({ event: "master-keys", path, ids }, "master keys were read again");
      } catch (error) {
        const reason = describeError(error);
        if (reason === refused) return;
        refused = reason;
        log.error({ event: "master-keys", path, reason }, "master keys left as they were");
      }
    },
  };
}
