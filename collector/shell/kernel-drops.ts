/** Datagrams the kernel dropped for want of buffer: the last column of our own row of /proc/net/udp. */
import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";

/** Drops since the socket was opened; 0 where /proc cannot tell. */
export function readKernelDrops(address: string, port: number): number {
  const v4 = isIPv4(address);
  try {
    const table = readFileSync(v4 ? "/proc/net/udp" : "/proc/net/udp6", "utf8");
    return dropsInTable(table, v4 ? hexOfIpv4(address) : hexOfIpv6(address), port);
  } catch {
    return 0;
  }
}

/** Drops of the row with this local address, as the kernel prints it, and port. */
export function dropsInTable(table: string, addressHex: string, port: number): number {
  const portHex = port.toString(16).toUpperCase().padStart(4, "0");
  let drops = 0;
  for (const line of table.split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/);
    const [localAddress, localPort] = (columns[1] ?? "").split(":");
    if (localPort !== portHex || localAddress !== addressHex) continue;
    drops += Number(columns.at(-1)) || 0;
  }
  return drops;
}

/** The kernel prints an IPv6 address as four little-endian numbers. The last two groups may be written as IPv4. */
export function hexOfIpv6(text: string): string {
  const [address = ""] = text.replace(/[^:]+\.[^:]+$/, groupsOfIpv4).split("%");
  const [left = "", right] = address.split("::");
  const groupsOf = (text: string): readonly string[] => (text === "" ? [] : text.split(":"));
  const [head, tail] = [groupsOf(left), groupsOf(right ?? "")];
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  const digits = [...head, ...zeros, ...tail].map((group) => group.padStart(4, "0")).join("");
  const words = digits.match(/.{8}/g) ?? [];
  return words
    .map((word) => word.match(/../g)?.toReversed().join(""))
    .join("")
    .toUpperCase();
}

/** "1.2.3.4" as "0102:0304". */
function groupsOfIpv4(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  return [256 * a + b, 256 * c + d].map((group) => group.toString(16)).join(":");
}

/** The kernel prints an address as one little-endian number. */
function hexOfIpv4(address: string): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return bytes.toReversed().join("").toUpperCase();
}
