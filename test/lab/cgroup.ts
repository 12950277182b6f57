/** Control groups of version 1, as the machine of the lab has them: a group is a folder under each controller. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = "/sys/fs/cgroup";

export type Controller = "memory" | "cpu" | "blkio";

/** Whether these controllers are there; with version 2 alone they are not. */
export function hasControllers(controllers: readonly Controller[]): boolean {
  return controllers.every((one) => existsSync(join(root, one, "cgroup.procs")));
}

export interface Cgroup {
  /** Writes to a file of the group: `memory.limit_in_bytes`, `cpu.shares`, … */
  set(file: string, value: string): void;
  read(file: string): string;
  /** Takes in a process with all its threads; what it starts from then on is in, too. */
  add(pid: number): void;
  pids(): readonly number[];
  /** It must be empty. */
  remove(): void;
}

export function createCgroup(name: string, controllers: readonly Controller[]): Cgroup {
  const folders = controllers.map((one) => join(root, one, name));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  const fileOf = (file: string): string => join(root, file.split(".")[0] ?? "", name, file);
  return {
    set: (file, value) => writeFileSync(fileOf(file), value),
    read: (file) => readFileSync(fileOf(file), "utf8"),
    add(pid) {
      for (const folder of folders) writeFileSync(join(folder, "cgroup.procs"), String(pid));
    },
    pids: () =>
      [
        ...new Set(
          folders.flatMap((folder) =>
            readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n"),
          ),
        ),
      ]
        .filter((line) => line !== "")
        .map(Number),
    remove() {
      for (const folder of folders) if (existsSync(folder)) rmdirSync(folder);
    },
  };
}
