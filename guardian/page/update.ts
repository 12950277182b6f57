/** One message after the other changes the state and orders what has to be done outside: no clock, no network here. */
import type { Action } from "./actions.ts";
import type { Fields, Message } from "./messages.ts";
import { paths } from "./needs.ts";
import type { HostLine } from "./records.ts";
import { drawnAtFirst, readRoute, type PageState } from "./state.ts";
import type { StreamEvent } from "./stream.ts";
import { say } from "./words.ts";

/** What the page has its shell do. */
export type Order =
  /** Keeps a value over a reload; "" forgets it. */
  | {
      readonly kind: "keep";
      readonly where: "session" | "local";
      readonly name: string;
      readonly value: string;
    }
  | { readonly kind: "send"; readonly action: Action; readonly body: Fields }
  /** Everything is looked at now; with `anew` also what is looked at seldom. */
  | { readonly kind: "look"; readonly anew: boolean };

export interface Updated {
  readonly state: PageState;
  readonly orders: readonly Order[];
}

const eventsMax = 60;
const drawnMore = 40;

export function update(state: PageState, message: Message): Updated {
  switch (message.kind) {
    case "tick":
      return only({ ...state, nowMs: message.nowMs });
    case "went":
      return went(state, message.hash);
    case "got":
      return only(got(state, message));
    case "missed":
      return missed(state, message);
    case "linked":
      return only(linked(state, message));
    case "heard":
      return heard(state, message);
    case "draw-more":
      return only({ ...state, drawn: state.drawn + drawnMore });
    case "log-in":
      return loggedIn(state, message.fields?.["token"]?.trim() ?? "");
    case "log-out":
      return loggedOut(state, "");
    case "speak": {
      const { language } = message;
      return { state: { ...state, language }, orders: [kept("language", language), look] };
    }
    case "paint": {
      const { theme } = message;
      return { state: { ...state, theme }, orders: [kept("theme", theme)] };
    }
    case "group":
      return only({ ...state, grouping: message.by, drawn: drawnAtFirst });
    case "search":
      return only({ ...state, search: message.text ?? "", drawn: drawnAtFirst });
    case "ask":
      return asked(state, message.action);
    case "answer":
      return answered(state, message.fields ?? {});
    case "cancel":
      return only({ ...state, asking: undefined });
    case "done":
      return done(state, message);
    case "read":
      return only({ ...state, notice: undefined });
    default:
      return message satisfies never;
  }
}

const look: Order = { kind: "look", anew: false };

/** Kept for the next time, in this browser. */
function kept(name: string, value: string): Order {
  return { kind: "keep", where: "local", name, value };
}

function linked(
  state: PageState,
  { link, nowMs }: Extract<Message, { kind: "linked" }>,
): PageState {
  return { ...state, link, heardMs: link === "live" ? nowMs : state.heardMs };
}

function heard(state: PageState, { events, nowMs }: Extract<Message, { kind: "heard" }>): Updated {
  const isMissed = events.some(({ kind }) => kind === "gap");
  const doubtful = events.some((event) => isNews(state, event));
  const order: Order = { kind: "look", anew: isMissed };
  const told = events.filter(({ kind }) => !["host", "guardian", "hello"].includes(kind));
  const next = { ...state, heardMs: nowMs, events: [...state.events, ...told].slice(-eventsMax) };
  const changed = events.flatMap(({ kind, data }) => (kind === "host" ? [data] : []));
  return { state: withHosts(next, changed), orders: isMissed || doubtful ? [order] : [] };
}

/** Whether what was looked up may be otherwise since; a host's line comes with its event. */
function isNews({ route }: PageState, { kind, data }: StreamEvent): boolean {
  if (kind === "host") return route.kind === "host" && route.host === data["host"];
  return kind !== "hello";
}

/** The lines of hosts that have changed, all others as they were. */
function withHosts(state: PageState, changed: readonly StreamEvent["data"][]): PageState {
  const lines = state.known.get(paths.hosts);
  if (changed.length === 0 || lines === undefined || !Array.isArray(lines.value)) return state;
  const news = new Map(changed.map((data) => [data["host"], data as unknown as HostLine]));
  const before = lines.value as readonly HostLine[];
  const kept = before.map((line) => news.get(line.host) ?? line);
  const seen = new Set<unknown>(before.map(({ host }) => host));
  const added = [...news.values()].filter(({ host }) => !seen.has(host));
  const value = [...kept, ...added].filter(({ verdict }) => verdict !== "gone");
  return { ...state, known: new Map(state.known).set(paths.hosts, { ...lines, value }) };
}

function loggedIn(state: PageState, token: string): Updated {
  if (token === "") return only({ ...state, loginProblem: say("login.needed", state.language) });
  const keep = { kind: "keep", where: "session", name: "token", value: token } as const;
  return { state: { ...state, token, loginProblem: "" }, orders: [keep, look] };
}

function only(state: PageState): Updated {
  return { state, orders: [] };
}

function went(state: PageState, hash: string): Updated {
  const route = readRoute(hash);
  const next = { ...state, route, drawn: drawnAtFirst, asking: undefined, notice: undefined };
  return { state: next, orders: [look] };
}

function got(
  state: PageState,
  { path, value, nowMs }: Extract<Message, { kind: "got" }>,
): PageState {
  const known = new Map(state.known);
  // Set anew, it stands last: the first is what was answered longest ago.
  known.delete(path);
  known.set(path, { value, atMs: nowMs, problem: "" });
  // What nobody looks at any more is forgotten: a page may be open for months.
  const oldest = known.keys().next().value;
  if (known.size > 60 && oldest !== undefined) known.delete(oldest);
  return { ...state, known, nowMs, heardMs: nowMs };
}

function missed(
  state: PageState,
  { path, status, problem }: Extract<Message, { kind: "missed" }>,
): Updated {
  if (status === 401) return loggedOut(state, problem);
  const known = new Map(state.known);
  const before = known.get(path);
  // An incident that was closed, a host that has gone: what was known of it is not true any more.
  const value = status === 404 ? undefined : before?.value;
  known.set(path, { value, atMs: before?.atMs ?? 0, problem });
  return only({ ...state, known });
}

function loggedOut(state: PageState, loginProblem: string): Updated {
  const forget = { kind: "keep", where: "session", name: "token", value: "" } as const;
  const next: PageState = {
    ...state,
    token: "",
    loginProblem,
    link: "connecting",
    known: new Map(),
    events: [],
    asking: undefined,
    notice: undefined,
  };
  return { state: next, orders: [forget] };
}

function asked(state: PageState, action: Action): Updated {
  if (action.fixed["reason"] === undefined) {
    return only({ ...state, asking: { action, problem: "", isSent: false }, notice: undefined });
  }
  return { state, orders: [{ kind: "send", action, body: action.fixed }] };
}

/** What was typed is looked at before it is sent. */
function answered(state: PageState, fields: Fields): Updated {
  const { asking, language } = state;
  if (asking === undefined || asking.isSent) return only(state);
  const { action } = asking;
  const refuse = (problem: string): Updated => only({ ...state, asking: { ...asking, problem } });
  if ((fields["reason"] ?? "").trim() === "") return refuse(say("ask.reason-needed", language));
  if (action.again !== "" && (fields["again"] ?? "").trim() !== action.again) {
    return refuse(say("ask.again-wrong", language, { again: action.again }));
  }
  const body: Record<string, string> = { ...action.fixed };
  for (const [name, value] of Object.entries(fields)) {
    const text = value.trim();
    if (text !== "" && (name !== "again" || action.sendsAgain)) body[name] = text;
  }
  const next = { ...state, asking: { ...asking, problem: "", isSent: true } };
  return { state: next, orders: [{ kind: "send", action, body }] };
}

function done(
  state: PageState,
  { action, status, body }: Extract<Message, { kind: "done" }>,
): Updated {
  const { language, asking } = state;
  const field = (name: string): string => {
    const value: unknown = Reflect.get(Object(body), name);
    return typeof value === "string" ? value : "";
  };
  const what = `${say(action.verb, language)} ${action.about}`.trim();
  if (status < 200 || status >= 300) {
    const text = `${what}: ${field("detail") || say("ask.no-answer", language)}`;
    if (status === 401) return loggedOut(state, text);
    if (asking?.action === action) {
      return only({ ...state, asking: { ...asking, problem: text, isSent: false } });
    }
    return only({ ...state, notice: { tone: "bad", text, link: "" } });
  }
  const url = field("url");
  const link = /^https?:\/\//.test(url) ? url : "";
  const text = say("ask.done", language, { what });
  // What needed no question needs no answer: what came of it is seen.
  const notice =
    action.fixed["reason"] === undefined ? ({ tone: "good", text, link } as const) : undefined;
  const next: PageState = { ...state, asking: undefined, notice };
  return { state: next, orders: [look] };
}

/** A typed look at what the API answered. */
export function known<T>(state: PageState, path: string): T | undefined {
  return state.known.get(path)?.value as T | undefined;
}
