/** A table that scrolls by itself on a narrow screen, and says what it is. */
import { h, type Child, type ViewNode } from "./node.ts";
import { say, type PageWord } from "./words.ts";
import type { Language } from "./state.ts";

export interface Column<T> {
  readonly head: PageWord;
  readonly cell: (row: T) => Child;
}

export interface TableOptions<T> {
  readonly label: PageWord;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly language: Language;
  /** Said when there are no rows. */
  readonly empty: PageWord;
}

export function table<T>(options: TableOptions<T>): ViewNode {
  const { label, columns, rows, keyOf, language, empty } = options;
  if (rows.length === 0) return h("p.faint", {}, say(empty, language));
  return h(
    "div.scroll",
    { role: "region", "aria-label": say(label, language), tabindex: 0 },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map(({ head }) => h("th", { scope: "col" }, say(head, language))),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            { key: keyOf(row) },
            columns.map(({ cell }) => h("td", {}, cell(row))),
          ),
        ),
      ),
    ),
  );
}

/** A section with a heading. */
export function panel(id: string, title: string, ...content: readonly Child[]): ViewNode {
  return h("section.panel", { "aria-labelledby": id }, h("h2", { id }, title), content);
}

/** Lines of text, as a list. */
export function lines(texts: readonly string[]): ViewNode {
  return h(
    "ul.lines",
    {},
    texts.map((text) => h("li", {}, text)),
  );
}
