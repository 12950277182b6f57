/** What the routes are made of: the daemon's parts, as the API needs them. */
import type { Clock } from "../../shared/clock.ts";
import type { Guardian } from "../app.ts";
import type { Recording } from "../ports.ts";
import type { AuditLog } from "../shell/audit-table.ts";
import type { CloudLook } from "../shell/cloud-look.ts";
import type { Heartbeat } from "../shell/heartbeat.ts";
import type { Outbox } from "../shell/outbox.ts";
import type { SampleReader } from "../shell/samples.ts";
import type { ServerControl } from "../shell/server-control.ts";
import type { EventFeed } from "./event-feed.ts";
import type { Route } from "./route.ts";
import type { SettingLine } from "./settings-shown.ts";

export interface PageFile {
  readonly type: string;
  readonly body: string | Uint8Array;
  /** What a browser may do with it (Content-Security-Policy). */
  readonly policy: string;
}

export interface ApiParts {
  readonly clock: Clock;
  readonly guardian: Guardian;
  readonly outbox: Outbox;
  readonly recording: Recording;
  readonly audit: AuditLog;
  readonly heartbeat?: Heartbeat | undefined;
  readonly feed?: EventFeed | undefined;
  readonly samples?: SampleReader | undefined;
  readonly servers?: ServerControl | undefined;
  readonly cloudLook?: CloudLook | undefined;
  readonly settings?: readonly SettingLine[] | undefined;
  /** The web page: its files by path, "/" first; read at the start, so that no request names a file. */
  readonly page?: ReadonlyMap<string, PageFile> | undefined;
  /** Routes of whoever runs the guardian: the demo's, to break things. The daemon has none. */
  readonly addedRoutes?: readonly Route[] | undefined;
  /** Answers given over the network and the socket, by status; for /metrics. */
  readonly answers?: ReadonlyMap<number, number>;
}
