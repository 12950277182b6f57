/** Asks the hypervisor each round and remembers its last answer and its servers. */
import type { Clock } from "../../shared/clock.ts";
import type { Logger } from "../../shared/log.ts";
import { codeOf, libvirtStates, type LibvirtState } from "../../shared/telemetry.ts";
import type { WireServer } from "../../shared/wire-records.ts";
import type { Finding } from "../core/report.ts";
import { gauge, type Summary } from "../core/standing.ts";
import type { Hypervisor, HypervisorLook } from "../ports.ts";

const stateOfLook = { servers: "up", down: "down", denied: "unknown" } as const satisfies Record<
  HypervisorLook["kind"],
  LibvirtState
>;

export interface LibvirtCheck {
  round(): Promise<void>;
  latest(): Finding<LibvirtState> | undefined;
  /** As last seen; kept while libvirt is down, since its servers run on without it. */
  servers(): readonly WireServer[];
  /** The host's own UUID, "" until libvirt has told it. */
  hostUuid(): string;
  summary(): Summary | undefined;
}

export function createLibvirtCheck(options: {
  readonly hypervisor: Hypervisor;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}): LibvirtCheck {
  let finding: Finding<LibvirtState> | undefined;
  let servers: readonly WireServer[] = [];
  let hostUuid = "";
  let detail = "";
  return {
    latest: () => finding,
    servers: () => servers,
    hostUuid: () => hostUuid,
    summary() {
      if (finding === undefined) return undefined;
      const { state, atMs } = finding;
      const level = state === "up" ? "ok" : state === "down" ? "critical" : "unknown";
      const samples = [gauge("libvirt.state", "state", codeOf(libvirtStates, state))];
      return { state, level, atMs, text: detail, samples };
    },
    async round() {
      const look = await options.hypervisor.look(options.deadlineMs);
      const state = stateOfLook[look.kind];
      if (look.kind === "servers") {
        servers = look.servers;
        hostUuid = look.hostUuid === "" ? hostUuid : look.hostUuid;
      }
      detail = look.kind === "servers" ? `${servers.length} servers` : look.reason;
      if (state !== finding?.state) {
        const fields = { event: "libvirt-state", from: finding?.state, to: state, detail };
        options.log.info(fields, "libvirt changed");
      }
      finding = { state, atMs: options.clock.monoMs() };
    },
  };
}
