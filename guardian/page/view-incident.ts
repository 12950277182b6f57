/** One incident: what may be answered, its timeline, and each server's move on a common axis of time. */
import { incidentActions } from "./actions.ts";
import { barChart, waterfallOf, type Bar } from "./charts.ts";
import { paths } from "./needs.ts";
import { h, type ViewNode } from "./node.ts";
import type { Incident } from "./records.ts";
import { hashOf, type PageState } from "./state.ts";
import { known } from "./update.ts";
import { actionButton } from "./view-dialog.ts";
import { panel, table } from "./view-table.ts";
import { say, sayOr } from "./words.ts";

export function incidentView(state: PageState, id: string): ViewNode {
  const { language } = state;
  const path = paths.incident(state, id);
  const found = known<Incident>(state, path);
  if (found === undefined) {
    const problem = state.known.get(path)?.problem ?? "";
    return h("p.faint", {}, problem === "" ? say("loading", language) : problem);
  }
  return h(
    "div.incident",
    {},
    h("h1", {}, id),
    h(
      "dl.facts",
      {},
      h(
        "div",
        {},
        h("dt", {}, say("host", language)),
        h("dd", {}, h("a", { href: hashOf({ kind: "host", host: found.host }) }, found.host)),
      ),
      h(
        "div",
        {},
        h("dt", {}, say("phase", language)),
        h("dd", { "data-phase": found.phase }, sayOr("phase", found.phase, language)),
      ),
      h("div", {}, h("dt", {}, say("answer", language)), h("dd", {}, found.answer)),
    ),
    h(
      "div.buttons",
      {},
      incidentActions(id, found.host).map((action) => actionButton(action, language)),
    ),
    movesPanel(state, found),
    timeline(state, found),
  );
}

function movesPanel({ language, nowMs }: PageState, { moves }: Incident): ViewNode {
  const { bars, spanMs } = waterfallOf(moves, nowMs);
  const all = { done: moves.filter(({ result }) => result === "finished").length, n: moves.length };
  const seconds = (spanMs / 1000).toFixed(1);
  return panel(
    "moves-title",
    moves.length === 0 ? say("moves", language) : say("moves.n", language, { ...all, seconds }),
    table<Bar>({
      label: "moves",
      language,
      rows: bars,
      empty: "moves.none",
      keyOf: ({ move }) => move.server,
      columns: [
        { head: "server", cell: ({ move }) => h("span", { title: move.server }, move.name) },
        { head: "from", cell: ({ move }) => move.from },
        { head: "to", cell: ({ move }) => move.to || "–" },
        { head: "stage", cell: ({ move }) => sayOr("stage", move.stage, language) },
        {
          head: "course",
          cell: (bar) =>
            barChart(
              bar,
              `${bar.move.name}: ${sayOr("stage", bar.move.stage, language)} ${bar.move.seconds}`,
            ),
        },
        { head: "seconds-head", cell: ({ move }) => move.seconds || "–" },
        { head: "attempts", cell: ({ move }) => move.attempts },
        { head: "request", cell: ({ move }) => h("code", {}, move.requestId) },
        { head: "why", cell: ({ move }) => move.reason },
      ],
    }),
  );
}

function timeline({ language }: PageState, { timeline: entries }: Incident): ViewNode {
  const first = entries[0]?.wall ?? 0;
  return panel(
    "timeline-title",
    say("timeline", language),
    h(
      "ol.timeline",
      {},
      entries.map(({ wall, text }) =>
        h(
          "li",
          {},
          h(
            "time",
            { datetime: new Date(wall).toISOString() },
            `${new Date(wall).toISOString().slice(11, 19)} +${((wall - first) / 1000).toFixed(1)} s`,
          ),
          h("span", {}, text),
        ),
      ),
    ),
  );
}
