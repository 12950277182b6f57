/** Files that are read again when they changed, while everything runs. */
import { statSync } from "node:fs";

/** What a file is known by: another text once it was written or replaced. Throws when it is not there. */
export function fileMark(path: string): string {
  const { mtimeMs, size, ino } = statSync(path);
  return `${mtimeMs} ${size} ${ino}`;
}
