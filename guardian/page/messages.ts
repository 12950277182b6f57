/** Everything that can happen to the page. */
import type { Action } from "./actions.ts";
import type { Grouping, Language, LinkState, Theme } from "./state.ts";
import type { StreamEvent } from "./stream.ts";

export type Fields = Readonly<Record<string, string>>;

export type Message =
  /** Once a second: ages are shown. */
  | { readonly kind: "tick"; readonly nowMs: number }
  /** The part of the address after #. */
  | { readonly kind: "went"; readonly hash: string }
  | {
      readonly kind: "got";
      readonly path: string;
      readonly value: unknown;
      readonly nowMs: number;
    }
  /** Status 0: no answer at all. */
  | {
      readonly kind: "missed";
      readonly path: string;
      readonly status: number;
      readonly problem: string;
    }
  | { readonly kind: "linked"; readonly link: LinkState; readonly nowMs: number }
  /** What came at once. */
  | { readonly kind: "heard"; readonly events: readonly StreamEvent[]; readonly nowMs: number }
  /** More of a long grid may be drawn. */
  | { readonly kind: "draw-more" }
  /** What people do. */
  | { readonly kind: "log-in"; readonly fields?: Fields }
  | { readonly kind: "log-out" }
  | { readonly kind: "speak"; readonly language: Language }
  | { readonly kind: "paint"; readonly theme: Theme }
  | { readonly kind: "group"; readonly by: Grouping }
  | { readonly kind: "search"; readonly text?: string }
  | { readonly kind: "ask"; readonly action: Action }
  | { readonly kind: "answer"; readonly fields?: Fields }
  | { readonly kind: "cancel" }
  | {
      readonly kind: "done";
      readonly action: Action;
      readonly status: number;
      readonly body: unknown;
    }
  | { readonly kind: "read" };
