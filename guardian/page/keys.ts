/** What a key means to the page, where it means anything. */
export type KeyIntent = "search" | "next" | "previous" | "back" | "none";

export interface KeyPress {
  readonly key: string;
  /** Ctrl, Alt or the command key: the browser's business. */
  readonly isChord: boolean;
  /** The focus is where text is typed. */
  readonly isTyping: boolean;
  /** A question is open: it has its own keys. */
  readonly isAsking: boolean;
}

export function intentOf({ key, isChord, isTyping, isAsking }: KeyPress): KeyIntent {
  if (isChord || isAsking) return "none";
  if (key === "Escape") return "back";
  if (isTyping) return "none";
  if (key === "/") return "search";
  if (key === "j" || key === "ArrowDown" || key === "ArrowRight") return "next";
  if (key === "k" || key === "ArrowUp" || key === "ArrowLeft") return "previous";
  return "none";
}
