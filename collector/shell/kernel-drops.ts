/** Datagrams the kernel dropped for want of buffer: the last column of our own row of /proc/net/udp. */
import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";

/** Drops since the socket was opened; 0 where /proc cannot tell. */
export function readKernelDrops(address: string, port: number): number {
  const v4 = isIPv4(address);
  try {
    const table = readFileSync(v4 ? "/proc/net/udp" : "/proc/net/udp6", "utf8");
    return dropsInTable(table, v4 ? hexOfIpv4(address) : undefined, port);
  } catch {
    return 0;
  }
}

/** Sum of the drops of the rows with this local address (any, when undefined) and port. */
export function dropsInTable(table: string, addressHex: string | undefined, port: number): number {
  const portHex = port.toString(16).toUpperCase().padStart(4, "0");
  let drops = 0;
  for (const line of table.split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/);
    const [localAddress, localPort] = (columns[1] ?? "").split(":");
    if (localPort !== portHex) continue;
    if (addressHex !== undefined && localAddress !== addressHex) continue;
    drops += Number(columns.at(-1)) || 0;
  }
  return drops;
}

/** The kernel prints an address as one little-endian number. */
function hexOfIpv4(address: string): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return bytes.toReversed().join("").toUpperCase();
}
