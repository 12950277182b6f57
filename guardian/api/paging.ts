/**
 * Lists a page at a time. A cursor names the last row that was seen, not a position: rows that come or go
 * in between make nobody skip or repeat another row. Where to go on stands in the header `link` (RFC 8288).
 */
import { limitMax } from "./fields.ts";
import { problem, type Call, type Reply } from "./route.ts";

/** One page of `items`, in the order of their keys. */
export function page<T>(call: Call, items: readonly T[], keyOf: (item: T) => string): Reply {
  const limit = Number(call.query("limit") || limitMax);
  const after = readCursor(call.query("cursor"));
  if (after === undefined) return badCursor();
  const keyed = items.map((item) => ({ key: keyOf(item), item }));
  keyed.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  const rest = after === "" ? keyed : keyed.filter(({ key }) => key > after);
  const shown = rest.slice(0, limit);
  const body = shown.map(({ item }) => item);
  const last = shown.at(-1);
  if (last === undefined || rest.length <= limit) return { status: 200, body };
  return { status: 200, body, headers: nextPage(call, last.key) };
}

/** The header that leads to the rows after `key`. */
export function nextPage(call: Call, key: string): Readonly<Record<string, string>> {
  const query = new URLSearchParams();
  for (const name of [
    "limit",
    "language",
    "format",
    "target",
    "resource",
    "meter",
    "from",
    "to",
    "host",
  ]) {
    const value = call.query(name);
    if (value !== "") query.set(name, value);
  }
  query.set("cursor", Buffer.from(key).toString("base64url"));
  const path = call.parts.map(encodeURIComponent).join("/");
  return { link: `</api/v1/${path}?${query.toString()}>; rel="next"` };
}

/** The key in a cursor; "" without one, undefined when it is none of ours. */
export function readCursor(cursor: string): string | undefined {
  const key = Buffer.from(cursor, "base64url");
  return key.toString("base64url") === cursor ? key.toString("utf8") : undefined;
}

export function badCursor(): Reply {
  return problem(400, "cursor: is none of ours; leave it out to begin anew");
}
