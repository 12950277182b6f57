/** The grid: every host a card with five lights, by rack, zone or verdict. */
import { groupHosts, tally, type HostGroup } from "./grid.ts";
import { lightNames, lightsOf, sayLight, signs, verdictTone } from "./lights.ts";
import { paths } from "./needs.ts";
import { h, on, type ViewNode } from "./node.ts";
import type { HostLine } from "./records.ts";
import { hashOf, type Grouping, type Language, type PageState } from "./state.ts";
import { known } from "./update.ts";
import { demoView } from "./view-demo.ts";
import { logView } from "./view-log.ts";
import { say, sayOr, verdictWord } from "./words.ts";

const groupings: readonly Grouping[] = ["rack", "zone", "verdict"];

export function hostsView(state: PageState): ViewNode {
  const { language, grouping, search, drawn } = state;
  const hosts = known<readonly HostLine[]>(state, paths.hosts);
  if (hosts === undefined) {
    const problem = state.known.get(paths.hosts)?.problem ?? "";
    return h("p.faint", {}, problem === "" ? say("loading", language) : problem);
  }
  const groups = groupedOnce(hosts, grouping, search);
  const found = groups.reduce((sum, group) => sum + group.hosts.length, 0);
  return h(
    "div.hosts",
    {},
    h("h1", {}, say("nav.hosts", language)),
    tallyView(hosts, language),
    tools(state, found),
    h(
      "div.split",
      {},
      h(
        "div",
        {},
        h(
          "div.groups",
          { "aria-busy": drawn < found ? "true" : "false" },
          cut(groups, drawn).map((group) => groupView(group, state)),
          found === 0 && h("p.faint", {}, say("hosts.none", language)),
        ),
        legend(language),
        state.isDemo && logView(state),
      ),
      state.isDemo ? demoView(state) : logView(state),
    ),
  );
}

/** A grid is drawn over many frames: as long as nothing has changed, it is grouped and sorted once. */
let grouped:
  { readonly by: Parameters<typeof groupHosts>; readonly groups: readonly HostGroup[] } | undefined;

function groupedOnce(...by: Parameters<typeof groupHosts>): readonly HostGroup[] {
  if (grouped?.by.every((one, at) => one === by[at])) return grouped.groups;
  grouped = { by, groups: groupHosts(...by) };
  return grouped.groups;
}

/** The first so many hosts of all groups: a long grid is drawn over several frames, so that none of them is long. */
function cut(groups: readonly HostGroup[], drawn: number): readonly HostGroup[] {
  let left = drawn;
  return groups.flatMap((group) => {
    const hosts = group.hosts.slice(0, Math.max(0, left));
    left -= hosts.length;
    return hosts.length === 0 ? [] : [{ name: group.name, hosts }];
  });
}

/** How many hosts the grid has to draw in all. */
export function drawnMax(state: PageState): number {
  return known<readonly HostLine[]>(state, paths.hosts)?.length ?? 0;
}

function tallyView(hosts: readonly HostLine[], language: Language): ViewNode {
  return h(
    "p.tally",
    {},
    tally(hosts).map(([verdict, count]) =>
      h(
        "span",
        { key: verdict, class: `tone-${verdictTone(verdict)}` },
        `${signs[verdictTone(verdict)]} ${count} ${verdictWord(verdict, language)}`,
      ),
    ),
  );
}

function tools({ language, grouping, search }: PageState, found: number): ViewNode {
  return h(
    "div.tools",
    { role: "search" },
    h("label.unseen", { for: "search" }, say("search", language)),
    on(
      { input: { kind: "search" } },
      h("input", {
        id: "search",
        type: "search",
        value: search,
        placeholder: say("search.hint", language),
        autocomplete: "off",
      }),
    ),
    search !== "" && h("span", { role: "status" }, say("search.found", language, { n: found })),
    h(
      "span.choices",
      { role: "group", "aria-label": say("group", language) },
      groupings.map((by) =>
        on(
          { click: { kind: "group", by } },
          h(
            "button",
            { type: "button", "aria-pressed": by === grouping ? "true" : "false" },
            say(`group.${by}`, language),
          ),
        ),
      ),
    ),
  );
}

function groupView({ name, hosts }: HostGroup, { language, grouping }: PageState): ViewNode {
  const shown = grouping === "verdict" ? verdictWord(name, language) : name;
  const title =
    name === ""
      ? say("group.nowhere", language)
      : grouping === "verdict"
        ? shown
        : `${say(`group.${grouping}`, language)} ${shown}`;
  return h(
    "section.group",
    { key: `${grouping} ${name}` },
    h("h2", {}, `${title} (${hosts.length})`),
    h(
      "ul.cards",
      {},
      hosts.map((line) => card(line, language)),
    ),
  );
}

/** Cards as they were made last: a host of which nothing shown has changed is the same object, and costs nothing. */
const made = new Map<string, MadeCard>();
const madeMax = 5000;

interface MadeCard {
  readonly line: HostLine;
  readonly language: Language;
  readonly said: string;
  readonly node: ViewNode;
}

function card(line: HostLine, language: Language): ViewNode {
  const { host, verdict, servers } = line;
  const before = made.get(host);
  if (before?.line === line && before.language === language) return before.node;
  const lights = lightsOf(line);
  const heard = lights.map((light) => sayLight(light, language)).join(", ");
  const count = say("servers.n", language, { n: servers });
  const held = standingOf(line, language);
  const word = verdictWord(verdict, language);
  const said = [host, word, count, held, heard].filter((part) => part !== "").join(", ");
  if (before?.said === said) {
    made.set(host, { ...before, line, language });
    return before.node;
  }
  const tone = verdictTone(verdict);
  const node = h(
    "li",
    { key: host },
    h(
      "a",
      {
        class: `card tone-${tone}`,
        href: hashOf({ kind: "host", host }),
        "data-row": true,
        "data-host": host,
        "data-verdict": verdict,
      },
      h("span.name", {}, host),
      h("span.verdict", {}, h("i", { "aria-hidden": "true" }, signs[tone]), ` ${word}`),
      h("span.servers", {}, held === "" ? count : `${held} · ${count}`),
      h(
        "span.lights",
        // The words after it say it.
        { "aria-hidden": "true" },
        lights.map(({ name, tone: light, value }) =>
          h(
            "span",
            {
              class: `tone-${light}`,
              "data-light": name,
              title: `${say(`light.${name}`, language)}: ${value}`,
            },
            `${say(`letter.${name}`, language)}${signs[light]}`,
          ),
        ),
      ),
      h("span.unseen", {}, heard),
    ),
  );
  if (made.size >= madeMax) made.clear();
  made.set(host, { line, language, said, node });
  return node;
}

/** What is done about it, or what keeps it from being done; "" for most. */
function standingOf({ verdict, maintenance, phase, held }: HostLine, language: Language): string {
  if (maintenance !== "") return say("maintenance.short", language);
  if (phase === "fencing" || phase === "evacuating") return sayOr("phase", phase, language);
  return held === "" || verdict === "healthy" ? "" : say("held.by", language, { gates: held });
}

function legend(language: Language): ViewNode {
  const tones = ["good", "warn", "bad", "none"] as const;
  return h(
    "p.legend",
    {},
    lightNames.map((name) =>
      h(
        "span",
        { key: name },
        `${say(`letter.${name}`, language)} = ${say(`light.${name}`, language)}`,
      ),
    ),
    tones.map((tone) =>
      h(
        "span",
        { key: tone, class: `tone-${tone}` },
        `${signs[tone]} ${say(`tone.${tone}`, language)}`,
      ),
    ),
  );
}
