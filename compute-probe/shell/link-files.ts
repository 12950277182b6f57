/** Reads what the kernel shows of a network device. These files are made in memory and never wait for a device. */
import { readFileSync } from "node:fs";
import { readLink, type Link } from "../core/link-state.ts";

export interface LinkFolders {
  readonly devices: string;
  readonly bonding: string;
}

export const kernelFolders: LinkFolders = {
  devices: "/sys/class/net",
  bonding: "/proc/net/bonding",
};

export function lookAtLink(name: string, folders: LinkFolders = kernelFolders): Link {
  return readLink(name, {
    operstate: tryRead(`${folders.devices}/${name}/operstate`),
    // Reading it of a device that is switched off is an error (EINVAL): no carrier.
    carrier: tryRead(`${folders.devices}/${name}/carrier`),
    bonding: tryRead(`${folders.bonding}/${name}`),
  });
}

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
