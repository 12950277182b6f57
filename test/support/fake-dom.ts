/** As much of a document as the page's patcher touches, with every change counted. */
import type { PageDocument, PageElement, PageNode } from "../../guardian/page/browser.ts";

export class FakeNode {
  readonly tagName: string;
  readonly attributes = new Map<string, string>();
  readonly children: FakeNode[] = [];
  parentNode: FakeNode | null = null;
  value = "";
  #text: string;
  readonly #changed: () => void;

  constructor(tagName: string, text: string, changed: () => void) {
    this.tagName = tagName;
    this.#text = text;
    this.#changed = changed;
  }

  get childNodes(): readonly FakeNode[] {
    return this.children;
  }

  get firstChild(): FakeNode | null {
    return this.children[0] ?? null;
  }

  get nextSibling(): FakeNode | null {
    const siblings = this.parentNode?.children ?? [];
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }

  get textContent(): string {
    return this.tagName === "#text"
      ? this.#text
      : this.children.map(({ textContent }) => textContent).join("");
  }

  set textContent(text: string) {
    this.#changed();
    this.#text = text;
  }

  insertBefore(node: FakeNode, before: FakeNode | null): FakeNode {
    this.#changed();
    node.parentNode?.removeChild(node);
    const at = before === null ? this.children.length : this.children.indexOf(before);
    if (at < 0) throw new Error("it is to stand before a node that is not here");
    this.children.splice(at, 0, node);
    node.parentNode = this;
    return node;
  }

  removeChild(node: FakeNode): FakeNode {
    this.#changed();
    const at = this.children.indexOf(node);
    if (at < 0) throw new Error("it is not here");
    this.children.splice(at, 1);
    node.parentNode = null;
    return node;
  }

  setAttribute(name: string, value: string): void {
    this.#changed();
    this.attributes.set(name, value);
  }

  removeAttribute(name: string): void {
    this.#changed();
    this.attributes.delete(name);
  }

  /** As it would be written down. */
  html(): string {
    if (this.tagName === "#text") return this.textContent.replaceAll("<", "&lt;");
    const given = [...this.attributes].map(([name, value]) => ` ${name}="${value}"`);
    const inner = this.children.map((child) => child.html()).join("");
    return `<${this.tagName}${given.join("")}>${inner}</${this.tagName}>`;
  }
}

export interface FakeDocument {
  readonly document: PageDocument;
  readonly root: PageElement;
  readonly node: FakeNode;
  /** Changes made since the last time it was asked. */
  readonly changes: () => number;
}

export function fakeDocument(): FakeDocument {
  let changes = 0;
  const make = (tag: string, text = ""): FakeNode => new FakeNode(tag, text, () => (changes += 1));
  const document = {
    createElement: (tag: string) => make(tag),
    createElementNS: (_space: string, tag: string) => make(tag),
    createTextNode: (text: string) => make("#text", text) as unknown as PageNode,
  };
  const node = make("root");
  return {
    document: document as unknown as PageDocument,
    root: node as unknown as PageElement,
    node,
    changes() {
      const seen = changes;
      changes = 0;
      return seen;
    },
  };
}
