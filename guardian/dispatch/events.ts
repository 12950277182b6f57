/** All that the dispatcher sees, and all that it can do. */
import type { HostName } from "../../shared/names.ts";
import type { AlertMessage, Delivery } from "../ports.ts";
import type { Place, Row, Silence, StormScope } from "./model.ts";

/** One alert of the core, with where its host is. */
export interface Sighting {
  readonly message: AlertMessage;
  readonly place: Place;
  /** Who has acknowledged it, by the core's memory. */
  readonly acknowledgedBy?: string | undefined;
}

interface Moment {
  readonly at: number;
  readonly wall: number;
}

export type DispatchEvent = Moment &
  (
    | { readonly kind: "tick"; readonly storms: readonly StormScope[] }
    /** What the core sent in one turn. */
    | {
        readonly kind: "alerts";
        readonly alerts: readonly Sighting[];
        readonly storms: readonly StormScope[];
      }
    /** All that fires by the core's memory: what is missing here or there was lost on the way. */
    | {
        readonly kind: "firing";
        readonly alerts: readonly Sighting[];
        readonly storms: readonly StormScope[];
      }
    | {
        readonly kind: "tried";
        readonly row: string;
        readonly delivery: Delivery;
        /** Uniform in [0, 1), for the pause after a failure. */
        readonly random: number;
      }
    /** A message was sent past the rows, to test a channel. */
    | { readonly kind: "tested"; readonly channel: string; readonly delivery: Delivery }
    | {
        readonly kind: "acknowledged";
        /** Undefined: alerts about the guardian itself. */
        readonly host: HostName | undefined;
        /** One alert; undefined: all that was told of the host. */
        readonly key?: string | undefined;
        /** The core was not told, and goes on repeating it. */
        readonly alone?: true | undefined;
        readonly by: string;
        readonly reason: string;
      }
    | { readonly kind: "silence-set"; readonly silence: Silence }
    | {
        readonly kind: "silence-ended";
        readonly id: string;
        readonly by: string;
        readonly reason: string;
      }
    /** Whether the file could be written; undefined: it could. */
    | { readonly kind: "kept"; readonly problem: string | undefined }
  );

export type DispatchEffect =
  /** Hand it to its channel now; the answer comes as `tried`. */
  | { readonly kind: "try"; readonly row: Row }
  | {
      readonly kind: "line";
      readonly level: "info" | "warn" | "error";
      readonly event: string;
      readonly text: string;
      readonly fields: Readonly<Record<string, string | number>>;
    };
