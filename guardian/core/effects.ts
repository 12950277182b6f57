/**
 * Everything the guardian can do. An effect is data until the shell runs it. The shell journals
 * an *order* (it changes the world) before it gives it; a *look* changes nothing.
 */
import type { HostName, ServerId } from "../../shared/names.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import type { AlertMessage, DeviceIdentity } from "../ports.ts";
import type { FenceProof } from "./proof.ts";

export type Look =
  | {
      readonly kind: "ping";
      readonly host: HostName;
      readonly network: NetworkName;
      readonly address: string;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: "ping-anchor";
      readonly network: NetworkName;
      readonly address: string;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: "read-power";
      readonly host: HostName;
      readonly device: string;
      readonly deadlineMs: number;
      /** Of a host that is acted on: read before all that are only suspected. */
      readonly urgent?: true;
    }
  | { readonly kind: "read-services" }
  | { readonly kind: "read-inventory" }
  | { readonly kind: "list-servers"; readonly host: HostName }
  | { readonly kind: "read-moves"; readonly host: HostName; readonly servers: readonly ServerId[] }
  | {
      /** Live migrations, and these servers. */
      readonly kind: "read-migrations";
      readonly host: HostName;
      readonly servers: readonly ServerId[];
    };

export type Order =
  | {
      readonly kind: "power-off";
      /** incident/host/step: running it twice is recognised. */
      readonly id: string;
      readonly host: HostName;
      readonly device: string;
      readonly expected: DeviceIdentity;
      readonly deadlineMs: number;
      /** Only while Nova lists no server on the host: the shell looks before it gives it. */
      readonly ifEmpty?: boolean;
    }
  | {
      /** Never of a host that is being fenced or evacuated. */
      readonly kind: "power-on";
      readonly id: string;
      readonly host: HostName;
      readonly device: string;
      readonly expected: DeviceIdentity | undefined;
      readonly deadlineMs: number;
    }
  | {
      readonly kind: "force-down";
      readonly id: string;
      readonly host: HostName;
      readonly serviceId: string;
    }
  | {
      /** Not forced down any more: only of a host that comes home. */
      readonly kind: "force-up";
      readonly id: string;
      readonly host: HostName;
      readonly serviceId: string;
      /** Only while Nova shows exactly this reason: the shell looks before it gives it. */
      readonly mark: string;
    }
  | {
      readonly kind: "disable";
      readonly id: string;
      readonly host: HostName;
      readonly serviceId: string;
      readonly reason: string;
      /** Not over the reason of a person who was faster: the shell looks before it gives it. */
      readonly onlyIfEnabled: boolean;
    }
  | {
      readonly kind: "enable";
      readonly id: string;
      readonly host: HostName;
      readonly serviceId: string;
      /** Only while Nova shows exactly this reason: the shell looks before it gives it. */
      readonly mark: string;
    }
  | {
      readonly kind: "evacuate";
      readonly id: string;
      readonly host: HostName;
      readonly server: ServerId;
      /** Checked again by the shell when the call is made. */
      readonly proof: FenceProof;
    }
  | {
      /** Of a living host: the shell looks whether the server is there, runs, and nothing is done with it. */
      readonly kind: "live-migrate";
      readonly id: string;
      readonly host: HostName;
      readonly server: ServerId;
    }
  | {
      /** Puts a server in error, so that Nova evacuates it. */
      readonly kind: "reset";
      readonly id: string;
      readonly host: HostName;
      readonly server: ServerId;
      /** Only while Nova shows this state: the shell looks before it gives it. */
      readonly from: string;
      readonly proof: FenceProof;
    };

export type Notify = { readonly kind: "alert"; readonly message: AlertMessage };

/** One line for the log and for the golden scenarios: a transition or a refusal, with its reason. */
export interface Line {
  readonly kind: "line";
  readonly level: "info" | "warn" | "error";
  readonly host: HostName | undefined;
  readonly event: string;
  readonly text: string;
}

export type Effect = Look | Order | Notify | Line;

/** Whether an effect only looks at the world. */
export function isLook(effect: Effect): effect is Look {
  switch (effect.kind) {
    case "ping":
    case "ping-anchor":
    case "read-power":
    case "read-services":
    case "read-inventory":
    case "list-servers":
    case "read-moves":
    case "read-migrations":
      return true;
    case "line":
    case "alert":
    case "power-off":
    case "power-on":
    case "force-down":
    case "force-up":
    case "disable":
    case "enable":
    case "evacuate":
    case "reset":
    case "live-migrate":
      return false;
    default:
      return effect satisfies never;
  }
}

/** Whether an effect changes the world: it is journaled before it is run. */
export function isOrder(effect: Effect): effect is Order {
  return effect.kind !== "alert" && effect.kind !== "line" && !isLook(effect);
}
