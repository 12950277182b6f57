/** What scripts do to power devices. */
import type { HostName } from "../../shared/names.ts";
import type { BmcMode } from "./world-power.ts";
import type { World } from "./world.ts";

/** device HOST NAME MODE */
export function setMode(world: World, host: HostName, name: string, mode: BmcMode): void {
  const device = world.device(host, name);
  if (device === undefined) throw new Error(`no device ${name} of ${host}`);
  device.mode = mode;
}

/** swap-bmc HOST HOST */
export function swapBmc(world: World, left: HostName, right: HostName): void {
  const one = world.bmcs.get(left);
  const other = world.bmcs.get(right);
  if (one === undefined || other === undefined) throw new Error(`no hosts ${left}, ${right}`);
  [one.chassis, other.chassis] = [other.chassis, one.chassis];
}
