/** What was recorded, over the control socket: the daemon hands out, the command line replays. */
import type { ServerResponse } from "node:http";
import { sleep } from "../../shared/loop.ts";
import type { Recording } from "../ports.ts";
import { recordingLines } from "./recording-file.ts";

/** Least and most of an incident that is handed out. */
const forMsLimits = { least: 60_000, most: 86_400_000 } as const;

/** False when the incident is not recorded: then nothing was sent. */
export async function sendRecording(
  recording: Recording,
  incident: string,
  forMs: number,
  response: ServerResponse,
): Promise<boolean> {
  const bounded = Math.min(forMsLimits.most, Math.max(forMsLimits.least, forMs || 0));
  let begun = false;
  for (const text of recordingLines(recording, incident, bounded)) {
    if (!begun) response.writeHead(200, { "content-type": "application/x-ndjson" });
    begun = true;
    if (!response.write(text)) await drained(response);
    if (response.destroyed) return true;
    // A turn for the decision loop between any two reads.
    await sleep(0);
  }
  if (begun) response.end();
  return begun;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}
