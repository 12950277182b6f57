/** The API as the page asks it: the token travels in a header, so no other site's page can ask in its name. */
import type { Action } from "./actions.ts";
import type { Fields } from "./messages.ts";
import type { Need } from "./needs.ts";
import { cutStream, type StreamEvent } from "./stream.ts";

const root = "/api/v1/";
const patienceMs = 10_000;
const sendPatienceMs = 30_000;
/** A list of so many thousands is cut off there. */
const pagesMax = 10;

export type Answer =
  | { readonly kind: "got"; readonly value: unknown }
  | { readonly kind: "missed"; readonly status: number; readonly problem: string };

/** One look, with all pages of a list. */
export async function read({ path, isList }: Need, token: string): Promise<Answer> {
  const rows: unknown[] = [];
  let next = root + path;
  for (let pages = 1; ; pages += 1) {
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(next, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(patienceMs),
      });
      body = await response.json();
    } catch (error) {
      return { kind: "missed", status: 0, problem: String(error) };
    }
    if (!response.ok) {
      return { kind: "missed", status: response.status, problem: detailOf(body) };
    }
    if (isList === undefined || !Array.isArray(body)) return { kind: "got", value: body };
    rows.push(...(body as readonly unknown[]));
    const link = /^<(\/api\/v1\/[^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "");
    if (link?.[1] === undefined || pages >= pagesMax) return { kind: "got", value: rows };
    next = link[1];
  }
}

/** One action, once: the key makes a repeated request harmless. */
export async function send(
  { path }: Action,
  body: Fields,
  token: string,
): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const response = await fetch(root + path, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "idempotency-key": keyOf(),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(sendPatienceMs),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 0, body: {} };
  }
}

/** Not `randomUUID`, which browsers offer over TLS alone. */
function keyOf(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("-");
}

function detailOf(body: unknown): string {
  const detail: unknown = Reflect.get(Object(body), "detail");
  return typeof detail === "string" ? detail : "";
}

export interface Following {
  readonly token: string;
  /** "" from now on. */
  readonly lastEventId: string;
  readonly signal: AbortSignal;
  /** The stream is open, or something came by it: it lives. */
  readonly heard: () => void;
  readonly events: (events: readonly StreamEvent[]) => void;
}

/** Follows the events until the stream ends; resolves whatever ended it. */
export async function follow({
  token,
  lastEventId,
  signal,
  heard,
  events,
}: Following): Promise<void> {
  const resumed: Readonly<Record<string, string>> =
    lastEventId === "" ? {} : { "last-event-id": lastEventId };
  try {
    const response = await fetch(`${root}events`, {
      headers: { authorization: `Bearer ${token}`, ...resumed },
      signal,
    });
    if (!response.ok || response.body === null) return;
    heard();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      const cut = cutStream(text + decoder.decode(value, { stream: true }));
      text = cut.rest;
      if (cut.events.length > 0) events(cut.events);
    }
  } catch {
    // Cut off: whoever follows begins again after the last event that came.
  }
}
