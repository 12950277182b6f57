/**
 * Loaded before a daemon (`--import`): ends it with SIGKILL at the KILL_AT-th thing it does to files below KILL_BELOW. A
 * write is cut in its middle, so that half of a batch is on the disk; anything else is done or not, by turns.
 */
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const below = process.env["KILL_BELOW"] ?? "/nowhere/";
let left = Number(process.env["KILL_AT"] ?? Number.POSITIVE_INFINITY);

function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
}

/** Counts; true when this is the one. */
function isLast(): boolean {
  left -= 1;
  return left === 0;
}

async function step<T>(work: () => Promise<T>): Promise<T> {
  if (!isLast()) return await work();
  if (Number(process.env["KILL_AT"]) % 2 === 0) await work();
  return await die();
}

const { open, rename, unlink, writeFile } = fs;
Object.assign(fs, {
  async open(...words: Parameters<typeof open>) {
    if (!String(words[0]).startsWith(below)) return await open(...words);
    const handle = await step(() => open(...words));
    const write = handle.write.bind(handle) as (...bytes: unknown[]) => Promise<unknown>;
    const datasync = handle.datasync.bind(handle);
    Object.assign(handle, {
      async write(bytes: Buffer, from: number, length: number, at: number) {
        if (!isLast()) return await write(bytes, from, length, at);
        await write(bytes, from, Math.floor(length / 2), at);
        return await die();
      },
      datasync: () => step(() => datasync()),
    });
    return handle;
  },
  rename: (from: string, to: string) =>
    from.startsWith(below) ? step(() => rename(from, to)) : rename(from, to),
  unlink: (path: string) => (path.startsWith(below) ? step(() => unlink(path)) : unlink(path)),
  writeFile: (...words: Parameters<typeof writeFile>) =>
    typeof words[0] === "string" && words[0].startsWith(below)
      ? step(() => writeFile(...words))
      : writeFile(...words),
});
syncBuiltinESMExports();
