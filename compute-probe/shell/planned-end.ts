/** Asks systemd what ends with the probe, when it is told to stop. */
import type { NoticeKind } from "../../shared/telemetry.ts";
import { noticeOfJobs } from "../core/planned-end.ts";
import { startChild } from "./child.ts";

/** Short: the last word must leave before the network does. */
const deadlineMs = 700;

/** The notice to give; "stopping" when systemd does not answer or there is none. */
export async function readPlannedEnd(systemctl = "/usr/bin/systemctl"): Promise<NoticeKind> {
  const child = startChild(systemctl, ["list-jobs", "--no-legend", "--plain"], deadlineMs);
  const result = await child.settled;
  return result.kind === "exited" ? noticeOfJobs(result.stdout) : "stopping";
}
