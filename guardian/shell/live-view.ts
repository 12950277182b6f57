/** Reads one collector's live view: the second eye, which sees when the store does not. */
import { describeError } from "../../shared/errors.ts";
import { decodeLiveView, liveViewPath } from "../../shared/live-view.ts";
import type { Secret } from "../../shared/secret.ts";
import type { TelemetryStore } from "../ports.ts";

/** 10,000 hosts on three paths; more is no live view of ours. */
const bodyCharsMax = 16_000_000;

export function createLiveView(options: {
  /** The collector's id; shown to people. */
  readonly name: string;
  readonly url: string;
  readonly token: Secret;
}): TelemetryStore {
  const url = new URL(liveViewPath, options.url);
  return {
    name: `live:${options.name}`,
    async read(deadlineMs) {
      try {
        const response = await fetch(url, {
          headers: { authorization: `Bearer ${options.token.reveal()}` },
          redirect: "error",
          signal: AbortSignal.timeout(deadlineMs),
        });
        const text = await response.text();
        if (!response.ok) throw new Error(`answered ${response.status}`);
        if (text.length > bodyCharsMax) throw new Error(`sent ${text.length} characters`);
        const snapshot = decodeLiveView(JSON.parse(text));
        if (snapshot === undefined) throw new Error("what it sent is not a live view");
        return { kind: "read", ...snapshot };
      } catch (error) {
        return { kind: "failed", reason: `live view ${options.url}: ${describeError(error)}` };
      }
    },
    close: () => Promise.resolve(),
  };
}
