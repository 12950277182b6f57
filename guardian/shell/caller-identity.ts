/**
 * Who calls on the control socket. Node cannot ask the kernel for a peer's uid (SO_PEERCRED), but the
 * kernel notes who makes a directory: the caller makes one with a name that nobody can guess, in a
 * folder that nobody can list, and names it in its request. Its owner is the caller. A directory can
 * neither be linked nor, while its mode is 0700, be moved there by another; it serves once.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeError } from "../../shared/errors.ts";

export const callerHeader = "guardian-caller";

/** Beside the socket: whoever may connect may write here, and only the daemon may list it. */
function folderOf(socketPath: string): string {
  return join(dirname(socketPath), "callers");
}

/** The daemon's part at its start: the folder, empty. */
export function prepareCallers(socketPath: string): void {
  const folder = folderOf(socketPath);
  mkdirSync(folder, { recursive: true });
  const { uid } = lstatSync(folder);
  // Whoever owns the folder can put anybody's directory there.
  if (uid !== process.getuid?.()) throw new Error(`${folder} belongs to uid ${uid}: remove it`);
  chmodSync(folder, 0o1730);
  for (const name of readdirSync(folder)) {
    try {
      rmdirSync(join(folder, name));
    } catch {
      // Left behind, and not empty: nobody can act by it.
    }
  }
}

/** The caller's part: its token, and what takes the directory away again. */
export function proveCaller(socketPath: string): {
  readonly token: string;
  readonly withdraw: () => void;
} {
  const token = randomBytes(16).toString("hex");
  const path = join(folderOf(socketPath), token);
  mkdirSync(path, { mode: 0o700 });
  return {
    token,
    withdraw: () => {
      try {
        rmdirSync(path);
      } catch {
        // The daemon has taken it: that is its usual end.
      }
    },
  };
}

export type Identified =
  | { readonly kind: "caller"; readonly uid: number; readonly by: string }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * The daemon's part for a request: the uid by the kernel's word. `claimed` is the name that the caller
 * gives itself; it is shown beside the uid when it differs (sudo), and proves nothing.
 */
export function identifyCaller(
  socketPath: string,
  token: string,
  claimed: string,
  passwdFile = "/etc/passwd",
): Identified {
  const unknown = (reason: string): Identified => ({ kind: "unknown", reason });
  const folder = folderOf(socketPath);
  if (!/^[0-9a-f]{32}$/.test(token)) {
    return unknown(
      `who calls? make a directory ${folder}/NAME, mode 0700, NAME being 32 random hex digits, and send "${callerHeader}: NAME"; the guardian command does it by itself`,
    );
  }
  const path = join(folder, token);
  try {
    const seen = lstatSync(path);
    if (!seen.isDirectory()) return unknown(`${path} is no directory`);
    if ((seen.mode & 0o777) !== 0o700) return unknown(`${path} must have mode 0700`);
    // Taken at once: whoever learns the name later has nothing.
    rmdirSync(path);
    const { uid } = seen;
    return { kind: "caller", uid, by: describeCaller(uid, claimed, passwdFile) };
  } catch (error) {
    return unknown(`the caller's directory ${path} cannot be taken: ${describeError(error)}`);
  }
}

/** "alice (uid 1000)"; "root (uid 0), says alice". */
function describeCaller(uid: number, claimed: string, passwdFile: string): string {
  const name = nameOf(uid, passwdFile);
  const text = name === undefined ? `uid ${uid}` : `${name} (uid ${uid})`;
  const said = /^[\w.@-]{1,64}$/.test(claimed) ? claimed : "";
  return said === "" || said === name ? text : `${text}, says ${said}`;
}

function nameOf(uid: number, passwdFile: string): string | undefined {
  try {
    const line = readFileSync(passwdFile, "utf8")
      .split("\n")
      .find((found) => found.split(":")[2] === String(uid));
    return line?.split(":")[0];
  } catch {
    return undefined;
  }
}
