/** What happens, as it happens, the newest first. */
import { h, type ViewNode } from "./node.ts";
import { hashOf, type Language, type PageState } from "./state.ts";
import type { StreamEvent } from "./stream.ts";
import { say } from "./words.ts";

function field({ data }: StreamEvent, name: string): string {
  const value = data[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** One sentence for a line, an alert or an action. */
export function eventText(event: StreamEvent, language: Language): string {
  switch (event.kind) {
    case "line":
      return field(event, "text");
    case "alert": {
      const isOver = field(event, "status") === "resolved";
      const next = field(event, "next");
      return [
        field(event, "class").toUpperCase(),
        isOver ? say("log.resolved", language) : "",
        field(event, "title"),
        isOver || next === "" ? "" : `→ ${next}`,
      ]
        .filter((part) => part !== "")
        .join(" ");
    }
    case "action":
      return say("log.action", language, {
        by: field(event, "by"),
        action: field(event, "action"),
        target: field(event, "target"),
        reason: field(event, "reason"),
      });
    case "gap":
      return say("log.gap", language);
    default:
      return "";
  }
}

/** `host`: of this host alone. */
export function logView(state: PageState, host?: string): ViewNode {
  const { events, language } = state;
  const shown = events.filter(
    (event) => event.kind !== "hello" && (host === undefined || field(event, "host") === host),
  );
  return h(
    "section.panel",
    { "aria-labelledby": "log-title" },
    h("h2", { id: "log-title" }, say("log", language)),
    shown.length === 0
      ? h("p.faint", {}, say("log.empty", language))
      : h(
          "ol.log",
          {},
          shown.toReversed().map((event) => logLine(event, language)),
        ),
  );
}

function logLine(event: StreamEvent, language: Language): ViewNode {
  const host = field(event, "host");
  const level = event.kind === "line" ? field(event, "level") : event.kind;
  const time = field(event, "at");
  return h(
    "li",
    { key: event.id + event.kind, class: `level-${/^[a-z]+$/.test(level) ? level : "info"}` },
    h("time", { datetime: time }, time.slice(11, 19)),
    host !== "" && h("a", { href: hashOf({ kind: "host", host }) }, host),
    h("span", {}, eventText(event, language)),
  );
}
