/** Live migrations in the simulated Nova: the guest leaves its host when it arrives elsewhere, never before. */
import type { ApiAnswer, EvacuationRecord, ServerSize } from "../../guardian/ports.ts";
import type { HostName, ServerId } from "../../shared/names.ts";
import type { NovaServer } from "./world-nova-records.ts";

export type LiveMode = "normal" | "stalls" | "fails" | "refuses" | "loses-answer" | "loses-call";

interface LiveMigration {
  readonly id: number;
  readonly server: ServerId;
  readonly source: HostName;
  destination: HostName | undefined;
  status: "running" | "completed" | "error";
}

/** What it needs of the world around it. */
export interface LiveWorld {
  readonly later: (ms: number, run: () => void) => void;
  /** Where Nova would send it; undefined: nowhere. */
  readonly destination: (source: HostName, size: ServerSize) => HostName | undefined;
  readonly isUp: (host: HostName) => boolean;
  /** The guest goes from one host to the other in one moment; false when either cannot. */
  readonly carry: (server: ServerId, from: HostName, to: HostName) => boolean;
}

const accepted: ApiAnswer = { kind: "accepted", requestId: "req-live" };
const noAnswer: ApiAnswer = { kind: "unknown", reason: "no answer within 30 s" };

/** Nova answers before its scheduler has looked for a place. */
const scheduledMs = 2000;

export class WorldLiveMigrations {
  readonly all: LiveMigration[] = [];
  mode: LiveMode = "normal";
  lastsMs = 6000;
  readonly #world: LiveWorld;
  readonly #stalled: (() => void)[] = [];

  constructor(world: LiveWorld) {
    this.#world = world;
  }

  isUnderWay(server: ServerId): boolean {
    return this.all.some((one) => one.server === server && one.status === "running");
  }

  records(host: HostName): readonly EvacuationRecord[] {
    return this.all
      .filter(({ source }) => source === host)
      .map((one) => ({ ...one, createdAt: "" }))
      .reverse();
  }

  /** As the adapter and Nova do it: what does not run there, or is worked on, is refused. */
  begin(server: NovaServer | undefined, host: HostName): ApiAnswer {
    if (server === undefined) return { kind: "refused", status: 404, reason: "no such server" };
    const { status, taskState } = server;
    if (this.mode === "refuses" || server.host !== host || status !== "ACTIVE" || taskState) {
      const reason = `it is ${taskState ?? status} on ${server.host}`;
      return { kind: "refused", status: 409, reason };
    }
    if (!this.#world.isUp(host)) {
      return { kind: "refused", status: 400, reason: `Compute service of ${host} is unavailable` };
    }
    if (this.mode === "loses-call") return noAnswer;
    const id = 1000 + this.all.length + 1;
    const one: LiveMigration = {
      id,
      server: server.id,
      source: host,
      destination: undefined,
      status: "running",
    };
    this.all.push(one);
    server.taskState = "migrating";
    this.#world.later(Math.min(scheduledMs, this.lastsMs / 2), () => this.#schedule(one, server));
    const fails = this.mode === "fails";
    const end = (): void => this.#end(one, server, fails);
    if (this.mode === "stalls") this.#stalled.push(end);
    else this.#world.later(this.lastsMs, end);
    return this.mode === "loses-answer" ? noAnswer : accepted;
  }

  mend(): void {
    this.mode = "normal";
    for (const end of this.#stalled.splice(0)) this.#world.later(this.lastsMs, end);
  }

  /** Its place is its own from here on, long before the guest arrives. */
  #schedule(one: LiveMigration, server: NovaServer): void {
    if (one.status === "running")
      one.destination = this.#world.destination(one.source, server.size);
  }

  #end(one: LiveMigration, server: NovaServer, fails: boolean): void {
    const to = fails ? undefined : one.destination;
    server.taskState = undefined;
    if (to === undefined || !this.#world.carry(one.server, one.source, to)) {
      one.status = "error";
      return;
    }
    one.status = "completed";
    server.host = to;
  }
}
