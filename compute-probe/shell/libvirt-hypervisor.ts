/** The hypervisor port over libvirt: one connection, opened again with growing pauses. */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import { serverId, type ServerId } from "../../shared/names.ts";
import { serverStates, stateOf } from "../../shared/telemetry.ts";
import type { Hypervisor, HypervisorLook, StatsLook } from "../ports.ts";
import { LibvirtConnection, LibvirtDeniedError, type DomainState } from "./libvirt-rpc.ts";
import { createLibvirtStats } from "./libvirt-stats.ts";

const pauseMsMin = 500;
const pauseMsMax = 5000;

export function createLibvirtHypervisor(options: {
  readonly socket: string;
  readonly uri: string;
  readonly clock: Clock;
}): Hypervisor {
  let connection: LibvirtConnection | undefined;
  let failure: { readonly look: HypervisorLook; readonly nextTryMs: number } | undefined;
  let pauseMs = pauseMsMin;
  let hostUuid = "";
  let listener: () => void = () => undefined;
  const statistics = createLibvirtStats(options);

  async function ask(deadlineMs: number): Promise<readonly DomainState[]> {
    if (connection?.isOpen !== true) {
      connection = await LibvirtConnection.open(options.socket, options.uri, deadlineMs / 2);
      hostUuid = await connection.hostUuid(deadlineMs / 4);
      await connection.watchLifecycle(() => listener(), deadlineMs / 4);
    }
    return await connection.domainStates(deadlineMs / 4);
  }

  return {
    async look(deadlineMs) {
      const nowMs = options.clock.monoMs();
      if (failure !== undefined && nowMs < failure.nextTryMs) return failure.look;
      try {
        const domains = await ask(deadlineMs);
        failure = undefined;
        pauseMs = pauseMsMin;
        return { kind: "servers", servers: domains.map(toServer), hostUuid };
      } catch (error) {
        connection?.close();
        const look = explain(error, options.socket);
        failure = { look, nextTryMs: options.clock.monoMs() + pauseMs };
        pauseMs = Math.min(pauseMsMax, 2 * pauseMs);
        return look;
      }
    },
    async stats(deadlineMs): Promise<StatsLook> {
      try {
        const domains = await statistics.look(deadlineMs);
        const unanswered = statistics.unanswered();
        if (domains !== undefined) {
          const servers = domains.map(({ uuid, fields }) => ({ server: idOf(uuid), fields }));
          return { kind: "stats", servers };
        }
        return { kind: "none", reason: `${unanswered} questions are unanswered`, unanswered };
      } catch (error) {
        const reason = `${options.socket}: ${describeError(error)}`;
        return { kind: "none", reason, unanswered: statistics.unanswered() };
      }
    },
    onChange: (given) => void (listener = given),
    close() {
      connection?.close();
      statistics.close();
    },
  };
}

function toServer({ uuid, state }: DomainState) {
  return { server: idOf(uuid), state: stateOf(serverStates, state) };
}

function idOf(uuid: string): ServerId {
  const parts = [uuid.slice(0, 8), uuid.slice(8, 12), uuid.slice(12, 16), uuid.slice(16, 20)];
  return serverId([...parts, uuid.slice(20)].join("-"));
}

function explain(error: unknown, socket: string): HypervisorLook {
  const reason = `${socket}: ${describeError(error)}`;
  const denied =
    error instanceof LibvirtDeniedError || (error instanceof Error && /EACCES|EPERM/.test(reason));
  return { kind: denied ? "denied" : "down", reason };
}
