/** Parts of the page that are tables: incidents, maintenance, alerts, what is not as it should be, audit, settings. */
import {
  ackAlert,
  addSilence,
  changeSetting,
  endMaintenance,
  endSilence,
  incidentActions,
  resetSetting,
  testChannel,
} from "./actions.ts";
import { paths } from "./needs.ts";
import { h, type ViewNode } from "./node.ts";
import type { IncidentLine, Row } from "./records.ts";
import { hashOf, type ListName, type PageState } from "./state.ts";
import { known } from "./update.ts";
import { actionButton } from "./view-dialog.ts";
import { panel, table, type Column } from "./view-table.ts";
import { say, sayOr, type PageWord } from "./words.ts";

export function listView(state: PageState, list: ListName): ViewNode {
  return h("div.list", {}, h("h1", {}, say(`nav.${list}`, state.language)), sections[list](state));
}

const sections: Readonly<Record<ListName, (state: PageState) => ViewNode>> = {
  incidents,
  maintenance,
  alerts,
  checks,
  audit,
  settings,
};

function rowsOf(state: PageState, path: string): readonly Row[] {
  return known<readonly Row[]>(state, path) ?? [];
}

/** Columns that show a field as it came. */
function plain(...columns: readonly (readonly [PageWord, string])[]): readonly Column<Row>[] {
  return columns.map(([head, name]) => ({ head, cell: (row) => textOf(row, name) }));
}

function textOf(row: Row, name: string): string {
  return String(row[name] ?? "");
}

/** What was last known, with the reason where it could not be looked up. */
function section(
  state: PageState,
  path: string,
  label: PageWord,
  columns: readonly Column<Row>[],
  keyOf: (row: Row) => string,
): ViewNode {
  const { language } = state;
  const problem = state.known.get(path)?.problem ?? "";
  return h(
    "div",
    {},
    problem !== "" && h("p.problem", {}, problem),
    table({ label, language, rows: rowsOf(state, path), empty: "nothing", keyOf, columns }),
  );
}

function incidents(state: PageState): ViewNode {
  const { language } = state;
  const rows = known<readonly IncidentLine[]>(state, paths.incidents(state)) ?? [];
  return table<IncidentLine>({
    label: "nav.incidents",
    language,
    rows: rows.toReversed(),
    empty: "incidents.none",
    keyOf: ({ id }) => id,
    columns: [
      {
        head: "incident",
        cell: ({ id }) => h("a", { href: hashOf({ kind: "incident", id }), "data-row": true }, id),
      },
      {
        head: "host",
        cell: ({ host }) => h("a", { href: hashOf({ kind: "host", host }) }, host),
      },
      { head: "opened", cell: ({ opened }) => opened },
      { head: "phase", cell: ({ phase }) => sayOr("phase", phase, language) },
      { head: "answer", cell: ({ answer }) => answer },
      { head: "moves", cell: ({ moves }) => moves },
      {
        head: "verbs",
        cell: ({ id, host }) =>
          h(
            "span.verbs",
            {},
            // What is asked at three in the morning; the rest stands with the incident.
            incidentActions(id, host)
              .slice(0, 2)
              .map((action) => actionButton(action, language)),
          ),
      },
    ],
  });
}

function maintenance(state: PageState): ViewNode {
  const { language } = state;
  return section(
    state,
    paths.maintenance(state),
    "nav.maintenance",
    [
      {
        head: "host",
        cell: (row) => {
          const host = textOf(row, "host");
          return h("a", { href: hashOf({ kind: "host", host }), "data-row": true }, host);
        },
      },
      ...plain(["reason", "reason"], ["owner", "owner"], ["by", "by"], ["until", "until"]),
      { head: "overdue", cell: (row) => say(row["overdue"] === "yes" ? "yes" : "no", language) },
      { head: "verbs", cell: (row) => actionButton(endMaintenance(textOf(row, "host")), language) },
    ],
    (row) => textOf(row, "host"),
  );
}

function alerts(state: PageState): ViewNode {
  const { language } = state;
  return h(
    "div",
    {},
    panel(
      "firing-title",
      say("firing", language),
      section(
        state,
        paths.alerts,
        "firing",
        [
          ...plain(["class", "class"], ["title", "title"], ["since", "since"], ["told", "told"]),
          ...plain(["held-back", "heldBack"], ["acknowledged", "acknowledged"]),
          { head: "verbs", cell: (row) => actionButton(ackAlert(textOf(row, "key")), language) },
        ],
        (row) => textOf(row, "key"),
      ),
    ),
    panel(
      "silences-title",
      say("silences", language),
      h("div.buttons", {}, actionButton(addSilence(""), language)),
      section(
        state,
        paths.silences,
        "silences",
        [
          ...plain(["matches", "matches"], ["until", "until"], ["reason", "reason"], ["by", "by"]),
          { head: "verbs", cell: (row) => actionButton(endSilence(textOf(row, "id")), language) },
        ],
        (row) => textOf(row, "id"),
      ),
    ),
    panel(
      "channels-title",
      say("channels", language),
      section(
        state,
        paths.channels,
        "channels",
        [
          ...plain(["channel", "notifier"], ["health", "health"], ["delivered", "lastDelivered"]),
          ...plain(["waiting", "waiting"], ["problem", "problem"]),
          {
            head: "verbs",
            cell: (row) => actionButton(testChannel(textOf(row, "notifier")), language),
          },
        ],
        (row) => textOf(row, "notifier"),
      ),
    ),
  );
}

interface Checked {
  readonly share: string;
  readonly findings: readonly Row[];
  readonly devices: readonly Row[];
}

function checks(state: PageState): ViewNode {
  const { language } = state;
  const found = known<Checked>(state, paths.checks(state));
  if (found === undefined) return h("p.faint", {}, say("loading", language));
  return h(
    "div",
    {},
    panel(
      "findings-title",
      say("findings", language),
      table<Row>({
        label: "findings",
        language,
        rows: found.findings,
        empty: "findings.none",
        keyOf: (row) => `${textOf(row, "about")} ${textOf(row, "finding")}`,
        columns: plain(
          ["level", "level"],
          ["about", "about"],
          ["finding", "finding"],
          ["next", "next"],
        ),
      }),
    ),
    panel(
      "devices-title",
      say("devices", language),
      h("p", {}, found.share),
      table<Row>({
        label: "devices",
        language,
        rows: found.devices,
        empty: "devices.none",
        keyOf: (row) => `${textOf(row, "host")} ${textOf(row, "device")}`,
        columns: plain(
          ["host", "host"],
          ["device", "device"],
          ["verified", "verified"],
          ["because", "because"],
          ["next", "next"],
        ),
      }),
    ),
  );
}

function audit(state: PageState): ViewNode {
  return section(
    state,
    paths.audit,
    "nav.audit",
    plain(
      ["time", "time"],
      ["by", "by"],
      ["action", "action"],
      ["target", "target"],
      ["reason", "reason"],
      ["result", "result"],
    ),
    (row) => textOf(row, "id"),
  );
}

function settingVerbs(row: Row, language: PageState["language"]): ViewNode | false {
  if (row["changeable"] === "no") return false;
  const key = textOf(row, "key");
  return h(
    "span.verbs",
    {},
    actionButton(changeSetting(key, textOf(row, "value")), language),
    textOf(row, "origin").startsWith("changed ") && actionButton(resetSetting(key), language),
  );
}

function settings(state: PageState): ViewNode {
  return section(
    state,
    paths.settings,
    "nav.settings",
    [
      ...plain(["key", "key"], ["value", "value"], ["origin", "origin"]),
      ...plain(["changeable", "changeable"]),
      { head: "verbs", cell: (row) => settingVerbs(row, state.language) },
    ],
    (row) => textOf(row, "key"),
  );
}
