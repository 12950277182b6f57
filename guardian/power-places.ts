/** Where the configured power devices are: no two hosts may share one. */
import type { Hosts, PowerConfig } from "./config.ts";

/** Every device of a host, of its levels too, with its path below `power`. */
export function powerDevices(
  power: Hosts[string]["power"],
): readonly { readonly device: PowerConfig; readonly path: readonly string[] }[] {
  return power.flatMap((entry, index) => {
    const path = [String(index)];
    if (entry.kind !== "level") return [{ device: entry, path }];
    return entry.devices.map((device, at) => ({ device, path: [...path, "devices", String(at)] }));
  });
}

/** Addresses and power devices that two hosts share: one of the two would be fenced for the other. */
export function* sharedPlaces(hosts: Hosts): Generator<readonly [string, readonly string[]]> {
  const owners = new Map<string, { readonly owner: string; readonly entry: string | undefined }>();
  for (const [owner, host] of Object.entries(hosts)) {
    const places: (readonly [string, readonly string[]])[] = Object.entries(host.addresses).map(
      ([network, place]) => [`address ${place}`, ["addresses", network]],
    );
    for (const { device, path } of powerDevices(host.power)) {
      for (const outlet of outletsOf(device)) {
        places.push([`power device ${placeOf(outlet)}`, ["power", ...path]]);
      }
    }
    for (const [place, path] of places) {
      const before = owners.get(place);
      // One BMC may stand in two levels of its host, by two drivers.
      const entry = path.includes("devices") ? path[1] : undefined;
      const levels = before?.owner === owner && entry !== undefined && entry !== before.entry;
      if (before !== undefined && !levels) {
        yield [`${place} belongs to ${before.owner} already`, ["hosts", owner, ...path]];
      }
      owners.set(place, { owner, entry });
    }
  }
}

/** Agents take a list of outlets, and switch all of them: each is a place of its own. */
function outletsOf(device: PowerConfig): readonly PowerConfig[] {
  if (device.kind !== "fence-agent") return [device];
  const { plug, port, plug_separator: separator = ",", ...rest } = device.parameters;
  const outlets = (plug ?? port)?.split(separator).map((outlet) => outlet.trim());
  if (outlets === undefined || outlets.length < 2) return [device];
  return outlets.map((outlet) => ({ ...device, parameters: { ...rest, plug: outlet } }));
}

/** What a device switches, as far as its configuration tells. */
export function placeOf(device: PowerConfig): string {
  switch (device.kind) {
    case "ipmi":
      return `${device.address}:${device.port}`;
    case "redfish":
      return `${device.url} ${device.systemId ?? ""}`.trim();
    case "fence-agent": {
      const { ip, ipaddr, ipport, plug, port, ...rest } = device.parameters;
      const address = ip ?? ipaddr;
      const outlet = plug ?? port ?? "";
      if (address !== undefined) return `${address}:${ipport ?? "623"} ${outlet}`.trim();
      const words = Object.entries(rest).map(([key, value]) => `${key}=${value}`);
      return [device.agent, outlet, ...words.sort()].join(" ");
    }
    default:
      return device satisfies never;
  }
}
