/**
 * Makes the document show a view, by the fewest changes: a node that is the same object as before is passed over, so
 * that a thousand hosts of which one has changed cost one. Texts become text nodes and attributes alone: nothing that
 * comes from elsewhere is ever read as markup.
 */
import type { PageDocument, PageElement, PageNode } from "./browser.ts";
import type { Handlers, ViewNode } from "./node.ts";

type Shown = ViewNode | string;

const drawing = "http://www.w3.org/2000/svg";
const drawingTags: ReadonlySet<string> = new Set([
  "svg",
  "g",
  "path",
  "polyline",
  "rect",
  "line",
  "text",
  "circle",
]);

export class Patcher {
  readonly #document: PageDocument;
  readonly #root: PageElement;
  readonly #handlers = new WeakMap<PageElement, Handlers>();
  #shown: ViewNode | undefined;

  constructor(document: PageDocument, root: PageElement) {
    this.#document = document;
    this.#root = root;
  }

  /** Shows the view in the root. */
  show(view: ViewNode): void {
    const at = this.#root.firstChild;
    if (this.#shown === undefined || at === null) {
      this.#root.insertBefore(this.#create(view), null);
    } else this.#change(at, this.#shown, view);
    this.#shown = view;
  }

  /** What doing something with this element means; the nearest one around it that has a meaning. */
  handlersOf(element: PageElement | null): Handlers | undefined {
    for (let at = element; at !== null; at = at.parentNode as PageElement | null) {
      const found = this.#handlers.get(at);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #create(node: Shown): PageNode {
    const document = this.#document;
    if (typeof node === "string") return document.createTextNode(node);
    const element = drawingTags.has(node.tag)
      ? document.createElementNS(drawing, node.tag)
      : document.createElement(node.tag);
    setAttributes(element, {}, node.attributes);
    if (node.on !== undefined) this.#handlers.set(element, node.on);
    for (const child of node.children) element.insertBefore(this.#create(child), null);
    return element;
  }

  #change(at: PageNode, before: Shown, now: Shown): void {
    if (before === now) return;
    if (typeof now === "string" || typeof before === "string") {
      if (typeof now === "string" && typeof before === "string") at.textContent = now;
      else this.#replace(at, now);
      return;
    }
    if (before.tag !== now.tag || before.key !== now.key) return this.#replace(at, now);
    const element = at as PageElement;
    setAttributes(element, before.attributes, now.attributes);
    if (now.on === undefined) this.#handlers.delete(element);
    else this.#handlers.set(element, now.on);
    this.#changeChildren(element, before.children, now.children);
  }

  #replace(at: PageNode, now: Shown): void {
    const parent = at.parentNode;
    if (parent === null) return;
    parent.insertBefore(this.#create(now), at);
    parent.removeChild(at);
  }

  #changeChildren(parent: PageElement, before: readonly Shown[], now: readonly Shown[]): void {
    if (isKeyed(before) && isKeyed(now)) return this.#changeKeyed(parent, before, now);
    const nodes = Array.from(parent.childNodes);
    for (const [index, child] of now.entries()) {
      const [at, old] = [nodes[index], before[index]];
      if (at === undefined || old === undefined) parent.insertBefore(this.#create(child), null);
      else this.#change(at, old, child);
    }
    for (const extra of nodes.slice(now.length)) parent.removeChild(extra);
  }

  /** Nodes are found again by their keys, and moved only where their order has changed. */
  #changeKeyed(parent: PageElement, before: readonly ViewNode[], now: readonly ViewNode[]): void {
    const nodes = Array.from(parent.childNodes);
    const old = new Map(before.map((node, index) => [node.key, { node, at: nodes[index] }]));
    const kept = new Set(now.map(({ key }) => key));
    for (const [key, { at }] of old) {
      if (!kept.has(key) && at !== undefined) parent.removeChild(at);
    }
    let place: PageNode | null = parent.firstChild;
    for (const child of now) {
      const found = old.get(child.key);
      if (found?.at === undefined) {
        parent.insertBefore(this.#create(child), place);
        continue;
      }
      if (found.at === place) place = place.nextSibling;
      else parent.insertBefore(found.at, place);
      this.#change(found.at, found.node, child);
    }
  }
}

function isKeyed(children: readonly Shown[]): children is readonly ViewNode[] {
  return (
    children.length > 0 &&
    children.every((child) => typeof child !== "string" && child.key !== undefined)
  );
}

function setAttributes(
  element: PageElement,
  before: ViewNode["attributes"],
  now: ViewNode["attributes"],
): void {
  for (const name of Object.keys(before)) {
    if (now[name] === undefined || now[name] === false) element.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(now)) {
    if (value === undefined || value === false || before[name] === value) continue;
    const text = value === true ? "" : String(value);
    element.setAttribute(name, text);
    // What a person has typed since stands in the property, not in the attribute.
    if (name === "value") element.value = text;
  }
}
