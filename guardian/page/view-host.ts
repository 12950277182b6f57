/** One host: why it is judged so and what would change that, its evidence over time, its servers, and what may be done. */
import { hostActions, serverActions } from "./actions.ts";
import { lineChart } from "./charts.ts";
import { lightsOf, sayLight, signs, verdictTone } from "./lights.ts";
import { chartMeters, paths } from "./needs.ts";
import { h, type ViewNode } from "./node.ts";
import type { Explained, HostHistory, HostLine, Row, SampleLine, ServerLine } from "./records.ts";
import { hashOf, type PageState } from "./state.ts";
import { known } from "./update.ts";
import { actionButton } from "./view-dialog.ts";
import { logView } from "./view-log.ts";
import { lines, panel, table, type Column } from "./view-table.ts";
import { say, sayOr, verdictWord, type PageWord } from "./words.ts";

export function hostView(state: PageState, host: string): ViewNode {
  const { language } = state;
  const path = paths.host(state, host);
  const found = known<Explained>(state, path);
  if (found === undefined) {
    const problem = state.known.get(path)?.problem ?? "";
    return h("p.faint", {}, problem === "" ? say("loading", language) : problem);
  }
  const tone = verdictTone(found.verdict);
  return h(
    "div.host",
    { "data-host": host },
    h("h1", {}, host),
    h(
      "p",
      { class: `headline tone-${tone}`, "data-verdict": found.verdict },
      `${signs[tone]} ${verdictWord(found.verdict, language)}: ${found.says ?? ""}`,
    ),
    facts(found, state),
    h(
      "div.buttons",
      {},
      hostActions(host, found.maintenance !== "").map((action) => actionButton(action, language)),
    ),
    h(
      "div.columns",
      {},
      h(
        "div",
        {},
        panel("next-title", say("next", language), lines(found.next ?? [])),
        panel("evidence-title", say("evidence", language), lines(found.evidence ?? [])),
      ),
      h("div", {}, gates(found, state), lightList(state, host)),
    ),
    charts(state, host),
    servers(state, host),
    devices(found, state),
    history(state, host),
    logView(state, host),
  );
}

function facts(found: Explained, { language }: PageState): ViewNode {
  const entries: readonly (readonly [PageWord, string])[] = [
    ["mode", found.mode],
    ["nova", found.nova],
    ["power", found.power],
    ["row", found.row ?? ""],
    ["maintenance", found.maintenance],
    ["rehearsal", found.rehearsal],
    ["home", found.home],
  ];
  return h(
    "dl.facts",
    {},
    entries
      .filter(([, value]) => value !== "")
      .map(([name, value]) => h("div", {}, h("dt", {}, say(name, language)), h("dd", {}, value))),
    found.incident !== "" &&
      h(
        "div",
        {},
        h("dt", {}, say("incident", language)),
        h(
          "dd",
          {},
          h("a", { href: hashOf({ kind: "incident", id: found.incident }) }, found.incident),
        ),
      ),
  );
}

/** "HOLD storm: 2 > 1": the ones that hold first. */
function gates({ gates: given = [] }: Explained, { language }: PageState): ViewNode {
  const held = given.filter((gate) => gate.startsWith("HOLD "));
  const open = given.filter((gate) => !gate.startsWith("HOLD "));
  const line = (gate: string, tone: "bad" | "good", word: PageWord): ViewNode =>
    h(
      "li",
      { class: `tone-${tone}`, "data-gate": tone === "bad" ? "hold" : "pass" },
      h("strong", {}, `${signs[tone]} ${say(word, language)} `),
      gate.replace(/^\w+ /, ""),
    );
  return panel(
    "gates-title",
    say("gates", language, { held: held.length, all: given.length }),
    h(
      "ul.lines",
      {},
      held.map((gate) => line(gate, "bad", "gate.holds")),
    ),
    h(
      "details",
      {},
      h("summary", {}, say("gates.open", language, { n: open.length })),
      h(
        "ul.lines",
        {},
        open.map((gate) => line(gate, "good", "gate.open")),
      ),
    ),
  );
}

function lightList(state: PageState, host: string): ViewNode {
  const { language } = state;
  const all = known<readonly HostLine[]>(state, paths.hosts) ?? [];
  const line = all.find((one) => one.host === host);
  return panel(
    "lights-title",
    say("lights", language),
    h(
      "ul.lines",
      {},
      (line === undefined ? [] : lightsOf(line)).map((light) =>
        h(
          "li",
          { class: `tone-${light.tone}` },
          `${signs[light.tone]} ${sayLight(light, language)}`,
        ),
      ),
    ),
  );
}

function charts(state: PageState, host: string): ViewNode {
  const { language } = state;
  const drawn = chartMeters.flatMap((meter) => {
    const samples = known<readonly SampleLine[]>(state, paths.samples(host, meter)) ?? [];
    if (samples.length < 2) return [];
    const last = samples.at(-1);
    const name = sayOr("meter", meter, language);
    const value = last === undefined ? "" : valueOf(last, language);
    const label = say("chart", language, { name, n: samples.length, value });
    const [from, to] = [samples[0]?.time ?? "", last?.time ?? ""];
    return [
      h(
        "figure",
        { key: meter },
        h("figcaption", {}, `${name}: ${value}`),
        lineChart(samples, label),
        h("p.faint", {}, `${from.slice(11, 19)} – ${to.slice(11, 19)}`),
      ),
    ];
  });
  return panel(
    "charts-title",
    say("over-time", language),
    drawn.length === 0
      ? h("p.faint", {}, say("charts.none", language))
      : h("div.charts", {}, drawn),
  );
}

/** Yes and no are numbers in a store. */
function valueOf({ volume, unit }: SampleLine, language: PageState["language"]): string {
  return unit === "bool" ? say(volume === 1 ? "yes" : "no", language) : `${volume} ${unit}`;
}

function servers(state: PageState, host: string): ViewNode {
  const { language } = state;
  const path = paths.servers(host);
  const rows = known<readonly ServerLine[]>(state, path) ?? [];
  const problem = state.known.get(path)?.problem ?? "";
  return panel(
    "servers-title",
    say("servers", language),
    problem !== "" && h("p.problem", {}, problem),
    table({
      label: "servers",
      language,
      rows,
      empty: "servers.none",
      keyOf: ({ server }) => server,
      columns: [
        { head: "server", cell: ({ name, server }) => h("span", { title: server }, name) },
        {
          head: "state",
          cell: ({ status, power, task, locked }) =>
            [status, power, task, locked === "yes" ? say("locked", language) : ""]
              .filter((part) => part !== "")
              .join(" · "),
        },
        { head: "address", cell: ({ address }) => address || "–" },
        { head: "cpu", cell: ({ vcpus }) => vcpus || "–" },
        { head: "memory", cell: ({ memoryMb }) => (memoryMb > 0 ? `${memoryMb} MB` : "–") },
        { head: "disk", cell: ({ diskGb }) => (diskGb > 0 ? `${diskGb} GB` : "–") },
        {
          head: "verbs",
          cell: ({ server, name, status }) =>
            h(
              "span.verbs",
              {},
              serverActions(server, name, status).map((action) => actionButton(action, language)),
            ),
        },
      ],
    }),
  );
}

function history(state: PageState, host: string): ViewNode {
  const { language } = state;
  const actions = known<HostHistory>(state, paths.history(host))?.actions ?? [];
  const column = (head: PageWord, name: string): Column<Row> => {
    return { head, cell: (row) => String(row[name] ?? "") };
  };
  return panel(
    "history-title",
    say("history", language),
    table<Row>({
      label: "history",
      language,
      rows: actions,
      empty: "nothing",
      keyOf: (row) => String(row["id"]),
      columns: [
        column("time", "time"),
        column("by", "by"),
        column("action", "action"),
        column("reason", "reason"),
        column("result", "result"),
      ],
    }),
  );
}

function devices({ devices: rows }: Explained, { language }: PageState): ViewNode {
  return panel(
    "devices-title",
    say("devices", language),
    table({
      label: "devices",
      language,
      rows,
      empty: "devices.none",
      keyOf: ({ device }) => device,
      columns: [
        { head: "device", cell: ({ device }) => device },
        {
          head: "verified",
          cell: ({ unverified }) => (unverified === "" ? say("yes", language) : unverified),
        },
        { head: "after-outage", cell: ({ afterOutage }) => afterOutage },
      ],
    }),
  );
}
