/** The page as a function of its state: the permanent bar, the way around, the part that is looked at, and what is asked. */
import { arm, disarm } from "./actions.ts";
import { compactDialog } from "./view-dialog.ts";
import { hostView } from "./view-host.ts";
import { hostsView } from "./view-hosts.ts";
import { incidentView } from "./view-incident.ts";
import { listView } from "./view-lists.ts";
import { loginView } from "./view-login.ts";
import { eventText } from "./view-log.ts";
import { paths } from "./needs.ts";
import { h, on, type ViewNode } from "./node.ts";
import type { IncidentLine, Status } from "./records.ts";
import { hashOf, lists, type PageState, type Route } from "./state.ts";
import { known } from "./update.ts";
import { say, sinceWords } from "./words.ts";

/** Everything below the body. */
export function view(state: PageState): ViewNode {
  const { language, token } = state;
  if (token === "") return h("div.page", {}, loginBar(state), loginView(state));
  return h(
    "div.page",
    {},
    h("a.skip", { href: "#main", "data-skip": true }, say("skip", language)),
    bar(state),
    ways(state),
    h("main", { id: "main", tabindex: -1 }, notice(state), part(state)),
    h("div.unseen", { role: "status", "aria-live": "polite" }, announcement(state)),
    compactDialog(state),
  );
}

function part(state: PageState): ViewNode {
  const { route } = state;
  switch (route.kind) {
    case "hosts":
      return hostsView(state);
    case "host":
      return hostView(state, route.host);
    case "incident":
      return incidentView(state, route.id);
    case "list":
      return listView(state, route.list);
    default:
      return route satisfies never;
  }
}

/** What stands in the window's title: the part, and first of all whether it may act. */
export function titleOf(state: PageState): string {
  const { language, route, token } = state;
  const name = say("product", language);
  if (token === "") return name;
  const where =
    route.kind === "host"
      ? route.host
      : route.kind === "incident"
        ? route.id
        : say(`nav.${route.kind === "list" ? route.list : "hosts"}`, language);
  return `${where} · ${name}`;
}

export interface Standing {
  readonly tone: "observe" | "ask" | "act" | "disarmed" | "unread";
  readonly text: string;
}

/** Mode and arming in one sentence: the one thing that nobody may overlook. */
export function standingOf(status: Status | undefined, language: PageState["language"]): Standing {
  if (status === undefined) return { tone: "unread", text: say("bar.unread", language) };
  if (status.arming === "disarmed")
    return { tone: "disarmed", text: say("bar.disarmed", language) };
  if (status.arming === "disarming") {
    const hosts = status.underWay.join(", ");
    return { tone: "disarmed", text: say("bar.disarming", language, { hosts }) };
  }
  return { tone: status.mode, text: say(`bar.${status.mode}`, language) };
}

function bar(state: PageState): ViewNode {
  const { language } = state;
  const status = known<Status>(state, paths.status(state));
  const { tone, text } = standingOf(status, language);
  const open = known<readonly IncidentLine[]>(state, paths.incidents(state)) ?? [];
  const cloud = status?.cloud ?? "";
  return h(
    "header",
    { class: `bar ${tone}` },
    h("strong.standing", { key: "standing" }, text),
    status?.disarmed ? h("span.why", { key: "why" }, status.disarmed) : false,
    (status?.storm.length ?? 0) > 0 &&
      h(
        "strong.storm",
        { key: "storm" },
        say("bar.storm", language, { domains: status?.storm.join(", ") ?? "" }),
      ),
    h("span.cloud", { key: "cloud" }, cloud),
    h(
      "a.open",
      { key: "open", href: "#/incidents", class: open.length > 0 ? "open some" : "open" },
      say("bar.incidents", language, { n: open.length }),
    ),
    linkView(state),
    status !== undefined &&
      on(
        { click: { kind: "ask", action: status.arming === "armed" ? disarm(cloud) : arm(cloud) } },
        h(
          "button",
          { key: "arm", type: "button" },
          say(status.arming === "armed" ? "disarm" : "arm", language),
        ),
      ),
    switches(state),
  );
}

/** Older than this, what is shown may be wrong. */
const staleAfterMs = 8000;

/** As /healthz has it: a guardian that answers and does not decide shows what was. */
const decidedWithinMs = 3000;

export function isStale(state: PageState): boolean {
  const { heardMs, nowMs, link } = state;
  const status = known<Status>(state, paths.status(state));
  if ((status?.decidedMsAgo ?? 0) > decidedWithinMs) return true;
  return link === "lost" || heardMs === undefined || nowMs - heardMs > staleAfterMs;
}

function linkView(state: PageState): ViewNode {
  const { language, heardMs, nowMs } = state;
  const stale = isStale(state);
  const age = heardMs === undefined ? "" : sinceWords(nowMs - heardMs, language);
  const word = heardMs === undefined ? "bar.never-heard" : stale ? "bar.stale" : "bar.heard";
  return h(
    "span",
    {
      key: "link",
      class: stale ? "link stale" : "link",
      "data-link": stale ? "stale" : state.link,
    },
    `${stale ? "▲" : "●"} ${say(word, language, { age })}`,
  );
}

function switches(state: PageState): ViewNode {
  const { language, theme } = state;
  const other = language === "en" ? "zh" : "en";
  const themes = ["auto", "light", "dark"] as const;
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "auto";
  return h(
    "span.switches",
    { key: "switches" },
    on(
      { click: { kind: "speak", language: other } },
      h(
        "button",
        { type: "button", lang: other === "zh" ? "zh-CN" : "en", "data-switch": "language" },
        other === "zh" ? "中文" : "English",
      ),
    ),
    on(
      { click: { kind: "paint", theme: next } },
      h(
        "button",
        { type: "button", "data-switch": "theme" },
        say("theme", language, { theme: say(`theme.${theme}`, language) }),
      ),
    ),
    state.token !== "" &&
      on({ click: { kind: "log-out" } }, h("button", { type: "button" }, say("log-out", language))),
  );
}

function loginBar(state: PageState): ViewNode {
  return h(
    "header.bar",
    {},
    h("strong.standing", {}, say("product", state.language)),
    switches(state),
  );
}

function ways({ language, route }: PageState): ViewNode {
  const routes: readonly Route[] = [
    { kind: "hosts" },
    ...lists.map((list) => ({ kind: "list", list }) as const),
  ];
  const here = (one: Route): boolean =>
    one.kind === "list"
      ? (route.kind === "list" && route.list === one.list) ||
        (route.kind === "incident" && one.list === "incidents")
      : route.kind === "hosts" || route.kind === "host";
  return h(
    "nav",
    { "aria-label": say("nav", language) },
    routes.map((one) =>
      h(
        "a",
        { href: hashOf(one), "aria-current": here(one) ? "page" : undefined },
        say(`nav.${one.kind === "list" ? one.list : "hosts"}`, language),
      ),
    ),
  );
}

function notice({ notice: said, language }: PageState): ViewNode {
  if (said === undefined) return h("div.no-notice");
  return h(
    "div",
    { class: `notice ${said.tone}`, role: "alert" },
    h("span", {}, said.text),
    said.link !== "" &&
      h(
        "a",
        { href: said.link, target: "_blank", rel: "noreferrer noopener" },
        say("open-console", language),
      ),
    on({ click: { kind: "read" } }, h("button", { type: "button" }, say("close", language))),
  );
}

/** What a screen reader is told without looking: a doubt about what is shown, else the newest that matters. */
export function announcement(state: PageState): string {
  if (state.heardMs !== undefined && isStale(state)) return say("bar.stale-said", state.language);
  const newest = state.events.findLast(
    ({ kind, data }) =>
      (kind === "line" && data["level"] !== "info" && data["level"] !== "debug") ||
      (kind === "alert" && data["class"] === "page"),
  );
  return newest === undefined ? "" : eventText(newest, state.language);
}
