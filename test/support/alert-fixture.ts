/** An alert as the guardian sends it, and how it should look. */
import type { Look } from "../../guardian/channels/alert-text.ts";
import type { AlertMessage } from "../../guardian/ports.ts";
import { hostName } from "../../shared/names.ts";

export const look: Look = {
  language: "en",
  timeZone: "Asia/Shanghai",
  runbookBase: "https://runbooks.example.org/guardian",
};

export function alertOf(extra: Partial<AlertMessage> = {}): AlertMessage {
  return {
    id: "guardian/lab/compute-1/unproven/firing/1-1000",
    dedupKey: "guardian/lab/compute-1/unproven",
    class: "page",
    status: "firing",
    host: hostName("compute-1"),
    incident: "i1-compute-1",
    kind: "unproven",
    title: "compute-1 is dead: its power cannot be proven",
    why: ["reports: last 8.2 s ago", "power: unknown"],
    impact: "3 servers on it",
    next: "make sure that it is off, then guardian fence confirm compute-1",
    wallMs: Date.UTC(2026, 10, 22, 3, 4, 5),
    ...extra,
  };
}
