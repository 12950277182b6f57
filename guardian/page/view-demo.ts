/** "Break something": in the demo alone, where nothing is real but the guardian. */
import { breakIt, mendIt } from "./actions.ts";
import { paths } from "./needs.ts";
import { h, on, type ViewNode } from "./node.ts";
import type { DemoLine } from "./records.ts";
import type { PageState } from "./state.ts";
import { known } from "./update.ts";
import { say, sayOr } from "./words.ts";

/** Nothing at all where it is no demo. */
export function demoView(state: PageState): ViewNode {
  const { language, isDemo } = state;
  const demo = isDemo ? known<DemoLine>(state, paths.demo) : undefined;
  if (demo === undefined) return h("div.no-demo");
  const hosts = demo.faults.find(({ fault }) => fault === "power-loss")?.targets ?? [];
  return h(
    "section.panel.demo",
    { "aria-labelledby": "demo-title" },
    h("h2", { id: "demo-title" }, say("demo", language)),
    h("p", {}, say("demo.how", language)),
    h(
      "ul.breakable",
      {},
      demo.faults.map(({ fault, targets }) =>
        h(
          "li",
          { key: fault },
          h("span.fault", {}, sayOr("fault", fault, language)),
          h("span.faint", {}, sayOr("fault-says", fault, language)),
          h(
            "span.targets",
            {},
            targets.map((target) =>
              on(
                { click: { kind: "ask", action: breakIt(fault, target) } },
                h(
                  "button",
                  {
                    type: "button",
                    "data-fault": fault,
                    "data-target": target,
                    "aria-label": `${sayOr("fault", fault, language)}: ${target}`,
                  },
                  shortName(target, hosts),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
    demo.broken.length > 0 &&
      h(
        "ul.broken",
        {},
        demo.broken.map(({ fault, target, since }) =>
          h(
            "li",
            { key: `${fault} ${target}` },
            h("span", {}, `${sayOr("fault", fault, language)}: ${target} (${since})`),
            on(
              { click: { kind: "ask", action: mendIt(fault, target) } },
              h("button", { type: "button", "data-mend": target }, say("demo.mend", language)),
            ),
          ),
        ),
      ),
  );
}

/** "3" of compute-3: what hosts have in common need not stand on each button. */
function shortName(target: string, hosts: readonly string[]): string {
  return hosts.includes(target) ? target.replace(/^.*-/, "") : target;
}
