/**
 * The parts of a browser that the page uses. They are written down here so that the daemons' code, compiled in the
 * same run, sees no DOM: `document` there is a fault that the compiler finds.
 */
export interface PageNode {
  readonly childNodes: ArrayLike<PageNode>;
  readonly firstChild: PageNode | null;
  readonly nextSibling: PageNode | null;
  readonly parentNode: PageNode | null;
  textContent: string | null;
  insertBefore(node: PageNode, before: PageNode | null): PageNode;
  removeChild(node: PageNode): PageNode;
}

export interface PageElement extends PageNode {
  readonly tagName: string;
  value?: string;
  open?: boolean;
  isContentEditable?: boolean;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  getAttribute(name: string): string | null;
  hasAttribute(name: string): boolean;
  focus(options?: { readonly preventScroll?: boolean }): void;
  scrollIntoView(options?: { readonly block: "nearest" }): void;
  showModal?(): void;
  closest(selector: string): PageElement | null;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): ArrayLike<PageElement>;
  addEventListener(name: string, listener: (event: PageEvent) => void, capture?: boolean): void;
}

export interface PageEvent {
  readonly target: PageElement | null;
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  preventDefault(): void;
}

export interface PageDocument {
  title: string;
  readonly documentElement: PageElement;
  readonly activeElement: PageElement | null;
  readonly visibilityState: string;
  getElementById(id: string): PageElement | null;
  createElement(tag: string): PageElement;
  createElementNS(space: string, tag: string): PageElement;
  createTextNode(text: string): PageNode;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): ArrayLike<PageElement>;
  addEventListener(name: string, listener: (event: PageEvent) => void): void;
}

export interface PageStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export interface Browser {
  readonly document: PageDocument;
  readonly location: { readonly hash: string; readonly pathname: string };
  readonly history: { replaceState(state: null, title: string, url: string): void };
  readonly navigator: { readonly language: string };
  readonly sessionStorage: PageStorage;
  readonly localStorage: PageStorage;
  /** The names and texts of a form's fields. */
  readonly FormData: new (form: PageElement) => Iterable<readonly [string, unknown]>;
  addEventListener(name: string, listener: () => void): void;
  scrollTo(x: number, y: number): void;
  requestAnimationFrame(draw: () => void): number;
}
