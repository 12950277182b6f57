/** Nova's word on single servers, and the orders that move one: each looks at its server first. */
import type { HostName, ServerId } from "../../shared/names.ts";
import { openRecords } from "../core/move-plan.ts";
import type {
  ApiAnswer,
  ComputeApi,
  ComputeServer,
  Failure,
  MoveAnswer,
  Objection,
} from "../ports.ts";
import {
  bodyOf,
  failed,
  orderAnswer,
  type NovaAnswer,
  type NovaCalls,
  type NovaSilence,
} from "./nova-call.ts";
import { asRecord } from "./json.ts";
import { collect, readMigration, readServer } from "./nova-records.ts";

export interface MoveDeadlines {
  readonly orderDeadlineMs: number;
  readonly evacuateDeadlineMs: number;
}

/** What may be done with a server; refused (409) where it is not as the caller takes it to be. */
export function moveOrders(
  calls: NovaCalls,
  { orderDeadlineMs, evacuateDeadlineMs }: MoveDeadlines,
): Pick<ComputeApi, "server" | "evacuate" | "liveMigrate" | "resetToError"> {
  return {
    server: (server) => showServer(calls, server),
    async evacuate(host, server, objection) {
      const [seen, open] = await Promise.all([
        showServer(calls, server),
        openEvacuation(calls, host, server),
      ]);
      if (seen.kind === "failed") return { kind: "not-made", reason: seen.reason };
      if (open?.kind === "failed") return { kind: "not-made", reason: open.reason };
      const refused = seen.kind === "gone" ? goneAnswer : evacuateRefusal(seen.server, host);
      if (refused !== undefined) return refused;
      if (open !== undefined) return open;
      const order = { evacuate: {} };
      const answer = await act(calls, server, order, evacuateDeadlineMs, objection);
      return moveAnswer(answer);
    },
    async liveMigrate(host, server) {
      const seen = await showServer(calls, server);
      if (seen.kind === "failed") return { kind: "not-made", reason: seen.reason };
      const refused = seen.kind === "gone" ? goneAnswer : migrateRefusal(seen.server, host);
      if (refused !== undefined) return refused;
      const wanted = { host: null, block_migration: "auto" };
      return moveAnswer(await act(calls, server, { "os-migrateLive": wanted }, evacuateDeadlineMs));
    },
    async resetToError(host, server, from, objection) {
      const seen = await showServer(calls, server);
      if (seen.kind === "failed") return { kind: "unknown", reason: `not sent: ${seen.reason}` };
      const refused = seen.kind === "gone" ? goneAnswer : resetRefusal(seen.server, host, from);
      if (refused !== undefined) return refused;
      const order = { "os-resetState": { state: "error" } };
      return moveAnswer(await act(calls, server, order, orderDeadlineMs, objection));
    },
  };
}

async function showServer(calls: NovaCalls, server: ServerId): ReturnType<ComputeApi["server"]> {
  const answer = await calls.read(`/servers/${encodeURIComponent(server)}`);
  // Nova's own word; a gateway's 404 is none.
  const isGone = answer.kind === "answer" && answer.status === 404;
  if (isGone && "itemNotFound" in asRecord(answer.body)) return { kind: "gone" };
  const body = bodyOf(answer, `server ${server}`);
  if (body.kind === "failed") return body;
  const read = readServer(body.body["server"]);
  if (read === undefined) return failed(`Nova: the record of server ${server} cannot be read`);
  // Of a cell that is down Nova shows an id and little more: that it has no host is no word.
  if (read.host === undefined && read.vmState === "unknown") {
    return failed(`Nova shows only a part of server ${server}: its cell is down`);
  }
  return { kind: "server", server: read };
}

/**
 * Somebody else's evacuation that is under way: between its guest's start and its end Nova shows the server where it
 * was, and would take a second one.
 */
async function openEvacuation(
  calls: NovaCalls,
  host: HostName,
  server: ServerId,
): Promise<(ApiAnswer & { kind: "refused" }) | Failure | undefined> {
  const of = { migration_type: "evacuation", source_compute: host, instance_uuid: server };
  const answer = await calls.read(`/os-migrations?${new URLSearchParams(of).toString()}`);
  const body = bodyOf(answer, `the evacuations of server ${server}`);
  if (body.kind === "failed") return body;
  const own = collect(body.body["migrations"], readMigration);
  const open = openRecords(own.filter((record) => record.server === server))[0];
  if (open === undefined) return undefined;
  const reason = `its evacuation ${open.id} is under way (${open.status})`;
  return { kind: "refused", status: 409, reason };
}

function act(
  calls: NovaCalls,
  server: ServerId,
  action: object,
  deadlineMs: number,
  objection?: Objection,
): ReturnType<NovaCalls["order"]> {
  const path = `/servers/${encodeURIComponent(server)}/action`;
  return calls.order("POST", path, action, deadlineMs, objection);
}

/** What was never sent has begun nothing. */
function moveAnswer(answer: NovaAnswer | NovaSilence): MoveAnswer {
  return answer.kind === "silence" && !answer.sent
    ? { kind: "not-made", reason: answer.reason }
    : orderAnswer(answer);
}

const goneAnswer: ApiAnswer = { kind: "refused", status: 404, reason: "there is no such server" };

/** Somebody was faster: it is elsewhere already, or on its way. */
function evacuateRefusal(
  { host, taskState }: ComputeServer,
  source: HostName,
): ApiAnswer | undefined {
  if (host === source && taskState?.startsWith("rebuild") !== true) return undefined;
  const shown = taskState === undefined ? "" : ` (${taskState})`;
  return { kind: "refused", status: 409, reason: `it is on ${host ?? "no host"}${shown}` };
}

/** Only what runs there, and is left in peace. */
function migrateRefusal(
  { host, status, taskState }: ComputeServer,
  source: HostName,
): ApiAnswer | undefined {
  if (host === source && status === "ACTIVE" && taskState === undefined) return undefined;
  const shown = taskState === undefined ? status : `${status}, ${taskState}`;
  return { kind: "refused", status: 409, reason: `it is ${shown} on ${host ?? "no host"}` };
}

/** What a look at a server says instead of the reset: it is done, or it would be wrong. */
function resetRefusal(
  { host, vmState, taskState }: ComputeServer,
  source: HostName,
  from: string,
): ApiAnswer | undefined {
  const shown = taskState === undefined ? vmState : `${vmState}, ${taskState}`;
  if (host === source && shown === "error") return { kind: "accepted", requestId: "" };
  if (host === source && shown === from) return undefined;
  const reason = `it is ${shown} on ${host ?? "no host"}`;
  return { kind: "refused", status: 409, reason };
}
