/** The document follows the view by few changes, keeps the nodes that people are at, and reads no text as markup. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PageElement } from "../../guardian/page/browser.ts";
import { h, on, type ViewNode } from "../../guardian/page/node.ts";
import { Patcher } from "../../guardian/page/patch.ts";
import { fakeDocument } from "../support/fake-dom.ts";
import { fc } from "../support/properties.ts";

const leaf = fc.record({
  tag: fc.constantFrom("p", "span", "rect"),
  title: fc.option(fc.constantFrom("a", "<b>"), { nil: undefined }),
  text: fc.constantFrom("", "x", "<i>"),
});

const keyed = fc
  .uniqueArray(fc.constantFrom("k1", "k2", "k3", "k4", "k5"), { maxLength: 5 })
  .chain((keys) => fc.tuple(fc.constant(keys), fc.array(leaf, { minLength: 5, maxLength: 5 })))
  .map(([keys, leaves]) =>
    keys.map((key, at) => h(leaves[at]?.tag ?? "p", { key, title: leaves[at]?.title }, key)),
  );

const plain = fc
  .array(fc.oneof(leaf, fc.constant("text")), { maxLength: 4 })
  .map((list) =>
    list.map((one) => (typeof one === "string" ? one : h(one.tag, { title: one.title }, one.text))),
  );

const views = fc
  .tuple(keyed, plain)
  .map(([first, second]) => h("div", {}, h("ul", {}, first), h("section", {}, second)));

function shownAnew(view: ViewNode): string {
  const { document, root, node } = fakeDocument();
  new Patcher(document, root).show(view);
  return node.html();
}

test("whatever was shown before, what is shown in the end is the view", () => {
  fc.assert(
    fc.property(fc.array(views, { minLength: 1, maxLength: 6 }), (sequence) => {
      const { document, root, node } = fakeDocument();
      const patcher = new Patcher(document, root);
      for (const view of sequence) {
        patcher.show(view);
        assert.equal(node.html(), shownAnew(view));
      }
    }),
    { numRuns: 300 },
  );
});

test("what has not changed is not touched; what moved keeps its node", () => {
  const { document, root, node, changes } = fakeDocument();
  const patcher = new Patcher(document, root);
  const rows = Array.from({ length: 1000 }, (_, at) => h("li", { key: `${at}` }, `host ${at}`));
  patcher.show(h("ul", {}, rows));
  changes();
  patcher.show(h("ul", {}, rows));
  assert.equal(changes(), 0);
  patcher.show(h("ul", {}, rows.with(500, h("li", { key: "500" }, "dead"))));
  assert.equal(changes(), 1);
  const list = node.children[0];
  const last = list?.children.at(-1);
  patcher.show(h("ul", {}, [h("li", { key: "999" }, "host 999"), ...rows.slice(0, 500)]));
  assert.equal(list?.children[0], last);
  assert.equal(list?.children.length, 501);
});

test("a text is never markup", () => {
  const shown = shownAnew(h("p", { title: "<script>" }, "<script>alert(1)</script>"));
  assert.equal(shown, '<root><p title="<script>">&lt;script>alert(1)&lt;/script></p></root>');
});

test("what a click means is that of the nearest element that has a meaning, and of the newest view", () => {
  const { document, root, node } = fakeDocument();
  const patcher = new Patcher(document, root);
  const button = (kind: "cancel" | "read" | undefined): ViewNode => {
    const inner = h("button", {}, h("b", {}, "x"));
    return h("div", {}, kind === undefined ? inner : on({ click: { kind } }, inner));
  };
  const meaning = (): unknown => {
    const inner = node.children[0]?.children[0]?.children[0];
    return patcher.handlersOf(inner as unknown as PageElement)?.click;
  };
  patcher.show(button("cancel"));
  assert.deepEqual(meaning(), { kind: "cancel" });
  patcher.show(button("read"));
  assert.deepEqual(meaning(), { kind: "read" });
  patcher.show(button(undefined));
  assert.equal(meaning(), undefined);
});

test("what was typed stays when the view says nothing new of it", () => {
  const { document, root, node } = fakeDocument();
  const patcher = new Patcher(document, root);
  const field = (label: string): ViewNode => h("p", {}, label, h("input", { value: "2h" }));
  patcher.show(field("until"));
  const input = node.children[0]?.children[1];
  assert.ok(input !== undefined);
  input.value = "3h";
  patcher.show(field("until when"));
  assert.equal(input.value, "3h");
});
