/**
 * A host as the page shows it in its grid: where it stands, what is concluded, a word for each light, and what
 * holds an action. Words alone, no ages: a line changes when something has happened, not because time goes by.
 */
import { armingOf } from "../core/arming.ts";
import { maintenanceOf } from "../core/maintenance.ts";
import { deviceTrack } from "../core/power.ts";
import { hostSettings } from "../core/settings.ts";
import type { GuardianState, HostState } from "../core/state.ts";
import { unverifiedBecause } from "../core/verification.ts";
import { z } from "../config-parts.ts";
import { texts } from "./fields.ts";

export type LightLine = Readonly<Record<string, string | number>> & { readonly host: string };

export const lightLine = texts(
  "host",
  "zone",
  "domains",
  "verdict",
  "row",
  "reports",
  "storage",
  "business",
  "directory",
  "libvirt",
  "bmc",
  "nova",
  "maintenance",
  "incident",
  "phase",
  "held",
).extend({ servers: z.number() });

/** Of every host. */
export function linesOf(state: GuardianState): readonly LightLine[] {
  return state.hosts.values().map((host) => lightsOf(state, host));
}

function lightsOf(state: GuardianState, host: HostState): LightLine {
  const { assessment, service, newest, domains } = host;
  const { checks } = newest ?? {};
  const compute = service?.service;
  const incident = state.memory.incidents.get(host.host);
  const held = assessment?.gates.filter(({ pass }) => !pass).map(({ gate }) => gate) ?? [];
  return {
    host: host.host,
    zone: compute?.zone ?? "",
    domains: domains.join(", "),
    verdict: assessment?.verdict ?? "unknown",
    row: assessment?.row ?? "",
    reports: newest === undefined ? "never" : (assessment?.signals.reports ?? "unseen"),
    storage: checks?.storage ?? "-",
    business: checks?.business ?? "-",
    directory: checks?.directory ?? "-",
    libvirt: checks?.libvirt ?? "-",
    bmc: bmcWord(state, host),
    nova: compute === undefined ? "-" : `${compute.status}/${compute.state}`,
    servers: checks?.serversTotal ?? 0,
    maintenance: maintenanceOf(state, host.host)?.reason ?? "",
    incident: incident?.id ?? "",
    phase: incident?.phase.kind ?? "",
    held: held.join(", "),
  };
}

/** "on", "off", "unread", …; "none" without a device; with "unverified" where no fence would go through it. */
function bmcWord(state: GuardianState, host: HostState): string {
  const { devices } = hostSettings(state.settings, host.host);
  if (devices.length === 0) return "none";
  const read = devices.map(
    (device) => deviceTrack(host, device).readings.at(-1)?.reading.power ?? "unread",
  );
  const words = [...new Set(read)].join("/");
  const isSure = devices.every((one) => unverifiedBecause(state, host.host, one) === undefined);
  return isSure ? words : `${words} unverified`;
}

/** The guardian itself in a line, for the bar that is always there. */
export function barOf(state: GuardianState): Readonly<Record<string, string | number>> {
  const doubts = state.round.parts.filter(({ pass }) => !pass);
  return {
    mode: state.settings.mode,
    arming: armingOf(state).kind,
    eyes: doubts.length === 0 ? "good" : "doubt",
    storm: Object.keys(state.memory.storms).join(", "),
    incidents: state.memory.incidents.size,
    firing: Object.keys(state.memory.alerts).length,
  };
}
