/** What is mounted where, from the text of /proc/self/mountinfo, which never hangs on a mount that does. */

export interface Mount {
  readonly at: string;
  /** A device, `server:/export`, or whatever the file system calls itself. */
  readonly source: string;
  readonly type: string;
  /** Major and minor number, as the kernel has it: tells mounts of one host apart, not hosts. */
  readonly device: string;
}

/** The mount that holds a path: the longest mount point above it, the latest of these. */
export function mountOf(mountinfo: string, path: string): Mount | undefined {
  const wanted = withoutTrailing(path);
  let found: Mount | undefined;
  for (const line of mountinfo.split("\n")) {
    const mount = readMount(line);
    if (mount === undefined || !holds(mount.at, wanted)) continue;
    if (found === undefined || mount.at.length >= found.at.length) found = mount;
  }
  return found;
}

/** Whether a path is itself a mount point. */
export function isMountPoint(mountinfo: string, path: string): boolean {
  return mountOf(mountinfo, path)?.at === withoutTrailing(path);
}

function readMount(line: string): Mount | undefined {
  const fields = line.split(" ");
  const dash = fields.indexOf("-", 6);
  const [device, at, type, source] = [fields[2], fields[4], fields[dash + 1], fields[dash + 2]];
  if (dash < 0 || device === undefined || at === undefined) return undefined;
  return {
    at: unescapeMount(at),
    source: unescapeMount(source ?? ""),
    type: type ?? "",
    device,
  };
}

function holds(at: string, path: string): boolean {
  return at === "/" || path === at || path.startsWith(`${at}/`);
}

function withoutTrailing(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

/** The kernel writes blanks in paths as \040 and the like. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
