/** A host that hangs with its power on: no process runs, nothing answers on any network. */
import type { Lab } from "../lab.ts";

/** Returns the wall time when it began. A hung kernel would answer pings: hence the networks. */
export async function hangHost(lab: Lab, host: string): Promise<number> {
  const sinceMs = await lab.fault("hang", host);
  for (const network of ["mgmt", "stor", "biz"]) await lab.fault("isolate", host, network);
  return sinceMs;
}
