/** From a request's line to a route. A path is taken as it was written: nothing in it is resolved. */
import { problem, type Reply, type Route } from "./route.ts";

const targetCharsMax = 4096;

export interface Target {
  readonly kind: "target";
  /** Decoded, without empty ones. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

/** Splits and decodes; refuses what is written to mean another path than it shows. */
export function readTarget(url: string): Target | Reply {
  if (url.length > targetCharsMax) {
    return problem(414, `a path of ${url.length} characters, at most ${targetCharsMax} are read`);
  }
  const [path = "", ...query] = url.split("?");
  if (!path.startsWith("/")) return problem(400, "the path must begin with /");
  let parts: readonly string[];
  try {
    parts = path.replace(/\/$/, "").split("/").slice(1).map(decodeURIComponent);
  } catch {
    return problem(400, "the path is not percent-encoded UTF-8");
  }
  // oxlint-disable-next-line no-control-regex
  if (parts.some((part) => part === "" || /^\.+$|[\u0000-\u001f\u007f\\]/.test(part))) {
    return problem(400, "the path has an empty part, dots alone, or characters that no name has");
  }
  return { kind: "target", parts, query: new URLSearchParams(query.join("?")) };
}

export type Found =
  | { readonly kind: "route"; readonly route: Route; readonly params: ReadonlyMap<string, string> }
  | { readonly kind: "none"; readonly reply: Reply };

/** The route of a method and a path; the refusal says what is known there. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  parts: readonly string[],
): Found {
  const matching = routes.flatMap((route) => {
    const params = match(route.path, parts);
    return params === undefined ? [] : [{ kind: "route" as const, route, params }];
  });
  // A name that is written out goes before one that stands for any.
  matching.sort((left, right) => left.params.size - right.params.size);
  const found = matching.find(({ route }) => route.method === method);
  if (found !== undefined) return found;
  if (matching.length === 0) return { kind: "none", reply: unknownPath(routes, parts) };
  const allow = [...new Set(matching.map(({ route }) => route.method))].join(", ");
  const reply = problem(405, `${shownText(method)} is not known here, only ${allow}`, undefined, {
    allow,
  });
  return { kind: "none", reply };
}

function match(path: string, parts: readonly string[]): ReadonlyMap<string, string> | undefined {
  const wanted = path
    .split("/")
    .slice(1)
    .filter((part) => part !== "");
  if (wanted.length !== parts.length) return undefined;
  const params = new Map<string, string>();
  for (const [at, part] of wanted.entries()) {
    const given = parts[at] ?? "";
    if (part.startsWith("{")) params.set(part.slice(1, -1), given);
    else if (part !== given) return undefined;
  }
  return params;
}

function unknownPath(routes: readonly Route[], parts: readonly string[]): Reply {
  const siblings = routes.flatMap(({ path }) => {
    const cut = path.lastIndexOf("/");
    const last = path.slice(cut + 1);
    return match(path.slice(0, cut), parts.slice(0, -1)) === undefined || last.startsWith("{")
      ? []
      : [last];
  });
  const path = shownText(`/${parts.join("/")}`);
  if (parts.length < 4 || siblings.length === 0) return problem(404, `no such path: ${path}`);
  const known = [...new Set(siblings)].join(", ");
  return problem(404, `no such verb: ${shownText(parts.at(-1) ?? "")}; known: ${known}`);
}

function shownText(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
