/** Somebody who follows the events: a plain connection, its frames as they come. */
import { get, type IncomingMessage } from "node:http";

export interface Seen {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventWatcher {
  readonly status: number;
  readonly seen: readonly Seen[];
  readonly response: IncomingMessage;
  readonly ended: () => boolean;
  close(): void;
}

/** Resolves when the answer begins. */
export function watchEvents(
  port: number,
  headers: Readonly<Record<string, string>>,
): Promise<EventWatcher> {
  return new Promise((resolve, reject) => {
    const seen: Seen[] = [];
    let ended = false;
    const path = "/api/v1/events";
    const call = get({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const frame = readFrame(text.slice(0, end));
          if (frame !== undefined) seen.push(frame);
          text = text.slice(end + 2);
        }
      });
      response.on("close", () => (ended = true));
      response.on("error", () => undefined);
      const status = response.statusCode ?? 0;
      const close = (): void => void call.destroy();
      resolve({ status, seen, response, ended: () => ended, close });
    });
    call.on("error", reject);
  });
}

function readFrame(text: string): Seen | undefined {
  const fields = new Map(
    text.split("\n").map((line) => {
      const cut = line.indexOf(": ");
      return [line.slice(0, cut), line.slice(cut + 2)] as const;
    }),
  );
  const [id, event, data] = [fields.get("id"), fields.get("event"), fields.get("data")];
  if (id === undefined || event === undefined || data === undefined) return undefined;
  return { id, event, data: JSON.parse(data) as Seen["data"] };
}
