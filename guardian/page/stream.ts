/** Server-sent events, as they are cut into frames; `fetch` reads them, since it can send a token along. */
export interface StreamEvent {
  readonly id: string;
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The whole events of a text, and the beginning of the next. */
export function cutStream(text: string): {
  readonly events: readonly StreamEvent[];
  readonly rest: string;
} {
  const frames = text.split("\n\n");
  const rest = frames.pop() ?? "";
  return { events: frames.flatMap(eventOf), rest };
}

function eventOf(frame: string): readonly StreamEvent[] {
  const field = (name: string): string =>
    frame
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? "";
  const kind = field("event");
  if (kind === "") return [];
  let data: unknown;
  try {
    data = JSON.parse(field("data"));
  } catch {
    return [];
  }
  return [{ id: field("id"), kind, data: Object(data) as StreamEvent["data"] }];
}
