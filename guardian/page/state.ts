/** What the page knows. It is changed in `update.ts` alone, and shown by `view.ts`. */
import type { Action } from "./actions.ts";
import type { StreamEvent } from "./stream.ts";

export type Language = "en" | "zh";
/** "auto": as the device has it. */
export type Theme = "auto" | "light" | "dark";
export type Grouping = "zone" | "rack" | "verdict";

export const lists = ["incidents", "maintenance", "alerts", "checks", "audit", "settings"] as const;
export type ListName = (typeof lists)[number];

export type Route =
  | { readonly kind: "hosts" }
  | { readonly kind: "host"; readonly host: string }
  | { readonly kind: "incident"; readonly id: string }
  | { readonly kind: "list"; readonly list: ListName };

/** Whether what is shown is what is. */
export type LinkState = "connecting" | "live" | "lost";

export interface Known {
  readonly value: unknown;
  readonly atMs: number;
  /** Why the last look failed; "" when it did not. */
  readonly problem: string;
}

export interface PageState {
  readonly nowMs: number;
  readonly language: Language;
  readonly theme: Theme;
  /** "" until somebody has logged in. */
  readonly token: string;
  readonly loginProblem: string;
  readonly isDemo: boolean;
  readonly route: Route;
  readonly grouping: Grouping;
  readonly search: string;
  /** Cards of a long grid are drawn some at a time. */
  readonly drawn: number;
  readonly link: LinkState;
  /** When the guardian was heard last, by an answer or the stream. */
  readonly heardMs: number | undefined;
  /** What the API answered, by path. */
  readonly known: ReadonlyMap<string, Known>;
  /** What happened, the newest last. */
  readonly events: readonly StreamEvent[];
  readonly asking: Asking | undefined;
  readonly notice: Notice | undefined;
}

/** An action before which a person is asked. */
export interface Asking {
  readonly action: Action;
  readonly problem: string;
  readonly isSent: boolean;
}

export interface Notice {
  readonly tone: "good" | "bad";
  readonly text: string;
  /** A console's; http or https. */
  readonly link: string;
}

export const drawnAtFirst = 60;

export function initialState(given: Partial<PageState>): PageState {
  return {
    nowMs: 0,
    language: "en",
    theme: "auto",
    token: "",
    loginProblem: "",
    isDemo: false,
    route: { kind: "hosts" },
    grouping: "rack",
    search: "",
    drawn: drawnAtFirst,
    link: "connecting",
    heardMs: undefined,
    known: new Map(),
    events: [],
    asking: undefined,
    notice: undefined,
    ...given,
  };
}

/** "#/host/compute-1": the address of a part of the page. Anything else is the hosts. */
export function readRoute(hash: string): Route {
  const [, kind = "", name = ""] = /^#\/([a-z]+)(?:\/([^/]+))?$/.exec(hash) ?? [];
  let decoded: string;
  try {
    decoded = decodeURIComponent(name);
  } catch {
    return { kind: "hosts" };
  }
  if (kind === "host" && decoded !== "") return { kind: "host", host: decoded };
  if (kind === "incident" && decoded !== "") return { kind: "incident", id: decoded };
  const list = lists.find((known) => known === kind);
  return list === undefined ? { kind: "hosts" } : { kind: "list", list };
}

export function hashOf(route: Route): string {
  switch (route.kind) {
    case "hosts":
      return "#/hosts";
    case "host":
      return `#/host/${encodeURIComponent(route.host)}`;
    case "incident":
      return `#/incident/${encodeURIComponent(route.id)}`;
    case "list":
      return `#/${route.list}`;
    default:
      return route satisfies never;
  }
}
