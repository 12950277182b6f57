/** State of a network device of the host, from what the kernel shows in /sys/class/net and /proc/net/bonding. */
import type { Level } from "./standing.ts";

export type LinkState = "up" | "degraded" | "down" | "missing";

export interface Link {
  readonly name: string;
  readonly state: LinkState;
  readonly text: string;
}

/** Texts as the kernel has them; undefined where there is no such file. */
export interface LinkTexts {
  readonly operstate: string | undefined;
  readonly carrier: string | undefined;
  readonly bonding: string | undefined;
}

export function readLink(name: string, texts: LinkTexts): Link {
  const operstate = texts.operstate?.trim();
  if (operstate === undefined) return { name, state: "missing", text: "no such device" };
  const ports = texts.bonding === undefined ? [] : readBondPorts(texts.bonding);
  const upPorts = ports.filter(({ isUp }) => isUp).length;
  // Devices without a notion of it (loopback, tun) say "unknown" and have a carrier.
  const hasCarrier = texts.carrier?.trim() === "1";
  const isUp = operstate === "up" || (operstate === "unknown" && hasCarrier);
  const count = ports.length === 0 ? "" : `, ${upPorts} of ${ports.length} ports up`;
  const text = `${operstate}${hasCarrier ? "" : ", no carrier"}${count}`;
  if (!isUp || (ports.length > 0 && upPorts === 0)) return { name, state: "down", text };
  const lost = ports.filter((port) => !port.isUp).map((port) => port.name);
  if (lost.length > 0) return { name, state: "degraded", text: `${text}: ${lost.join(", ")} down` };
  return { name, state: "up", text };
}

export function levelOfLink(state: LinkState): Level {
  if (state === "up") return "ok";
  return state === "degraded" ? "warning" : "critical";
}

interface BondPort {
  readonly name: string;
  readonly isUp: boolean;
}

/** The first "MII Status" is the bond's own; each port's follows its name. */
function readBondPorts(bonding: string): readonly BondPort[] {
  const sections = bonding.split(/^Slave Interface: /m).slice(1);
  return sections.map((section) => ({
    name: section.split("\n")[0]?.trim() ?? "",
    isUp: /^MII Status: up$/m.test(section),
  }));
}
