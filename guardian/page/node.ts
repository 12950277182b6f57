/** What is shown, as data: elements with attributes, what a click means, and children. `patch.ts` makes it so. */
import type { Message } from "./messages.ts";

export interface Handlers {
  readonly click?: Message;
  /** The fields of the form come with it. */
  readonly submit?: Message;
  /** What was typed or chosen comes with it. */
  readonly input?: Message;
}

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ViewNode {
  readonly tag: string;
  /** Tells it from its siblings when they change places. */
  readonly key: string | undefined;
  readonly attributes: Attributes;
  readonly on: Handlers | undefined;
  readonly children: readonly (ViewNode | string)[];
}

export type Child = ViewNode | string | number | false | undefined | readonly Child[];

export interface Given extends Attributes {
  readonly key?: string;
}

/** `h("p.note", { id: "x" }, "text")`; what is false or undefined is left out. */
export function h(name: string, given: Given = {}, ...children: readonly Child[]): ViewNode {
  const [tag = "div", ...classes] = name.split(".");
  const { key, ...attributes } = given;
  const all = classes.length === 0 ? attributes : { class: classes.join(" "), ...attributes };
  return { tag, key, attributes: all, on: undefined, children: flat(children) };
}

/** The same node, and what doing something with it means. */
export function on(handlers: Handlers, node: ViewNode): ViewNode {
  return { ...node, on: handlers };
}

function flat(children: readonly Child[]): readonly (ViewNode | string)[] {
  return children.flatMap((child): readonly (ViewNode | string)[] => {
    if (child === false || child === undefined || child === "") return [];
    if (typeof child === "number") return [String(child)];
    if (isList(child)) return flat(child);
    return [child];
  });
}

function isList(child: Child): child is readonly Child[] {
  return Array.isArray(child);
}

/** Its text and that of all in it, as a reader would hear it; for tests and titles. */
export function textOf(node: ViewNode | string): string {
  if (typeof node === "string") return node;
  return node.children.map(textOf).join(" ").replace(/\s+/g, " ").trim();
}

/** Every node of a tree that fits, from the top. */
export function findAll(
  node: ViewNode | string,
  fits: (node: ViewNode) => boolean,
): readonly ViewNode[] {
  if (typeof node === "string") return [];
  const below = node.children.flatMap((child) => findAll(child, fits));
  return fits(node) ? [node, ...below] : below;
}
