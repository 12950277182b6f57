/** The screen: the view put into the document, and what people do there turned into messages. */
import type { Browser, PageElement, PageEvent } from "./browser.ts";
import { intentOf } from "./keys.ts";
import type { Fields, Message } from "./messages.ts";
import { Patcher } from "./patch.ts";
import type { PageState } from "./state.ts";
import { titleOf, view } from "./view.ts";
import { drawnMax } from "./view-hosts.ts";

export type Tell = (message: Message) => void;

export interface Screen {
  /** Shows the state that is by the next frame. */
  draw(): void;
  /** Another part is looked at: whoever hears the page is led to its beginning. */
  turned(): void;
}

export function createScreen(
  browser: Browser,
  root: PageElement,
  state: () => PageState,
  tell: Tell,
): Screen {
  const { document } = browser;
  const patcher = new Patcher(document, root);
  const modals = createModals(browser);
  let isDrawing = false;
  let isTurned = false;

  function show(now: PageState): void {
    const page = document.documentElement;
    patcher.show(view(now));
    document.title = titleOf(now);
    page.setAttribute("lang", now.language === "zh" ? "zh-CN" : "en");
    page.setAttribute("data-theme", now.theme);
    if (isTurned) {
      document.getElementById("main")?.focus({ preventScroll: true });
      browser.scrollTo(0, 0);
    }
    isTurned = false;
    modals();
  }

  listen(browser, root, patcher, tell);
  return {
    draw() {
      if (isDrawing) return;
      isDrawing = true;
      browser.requestAnimationFrame(() => {
        isDrawing = false;
        const now = state();
        show(now);
        if (now.route.kind === "hosts" && now.drawn < drawnMax(now)) tell({ kind: "draw-more" });
      });
    },
    turned: () => {
      isTurned = true;
    },
  };
}

/** Opens a question over the page, and leads the focus back to where it came from. */
function createModals({ document }: Browser): () => void {
  let opener: PageElement | null = null;
  return () => {
    const modal = document.querySelector("dialog[data-modal]");
    if (modal === null) {
      opener?.focus();
      opener = null;
    } else if (modal.open !== true) {
      opener = document.activeElement;
      modal.showModal?.();
    }
  };
}

/** One listener of each kind for the whole page: what a click means stands in the view. */
function listen(browser: Browser, root: PageElement, patcher: Patcher, tell: Tell): void {
  const { document } = browser;
  root.addEventListener("click", (event) => {
    if (event.target?.closest("[data-skip]") != null) {
      event.preventDefault();
      document.getElementById("main")?.focus();
    }
    const message = patcher.handlersOf(event.target)?.click;
    if (message !== undefined) tell(message);
  });
  root.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    const message = patcher.handlersOf(form)?.submit;
    if (form === null || message === undefined) return;
    const given = [...new browser.FormData(form)].map(([name, value]) => [name, String(value)]);
    tell({ ...message, fields: Object.fromEntries(given) as Fields } as Message);
  });
  root.addEventListener("input", (event) => {
    const message = patcher.handlersOf(event.target)?.input;
    if (message !== undefined) tell({ ...message, text: event.target?.value ?? "" } as Message);
  });
  // It does not bubble: Esc in a question.
  const cancelled = (event: PageEvent): void => {
    event.preventDefault();
    tell({ kind: "cancel" });
  };
  root.addEventListener("cancel", cancelled, true);
  document.addEventListener("keydown", (event) => pressed(browser, event, tell));
}

function pressed({ document }: Browser, event: PageEvent, tell: Tell): void {
  const { key, ctrlKey, metaKey, altKey, target } = event;
  const intent = intentOf({
    key,
    isChord: ctrlKey || metaKey || altKey,
    isTyping: target?.closest("input, textarea, select") != null,
    isAsking: document.querySelector("dialog[data-modal]") !== null,
  });
  switch (intent) {
    case "none":
      return;
    case "search": {
      const search = document.getElementById("search");
      if (search === null) return;
      event.preventDefault();
      return search.focus();
    }
    case "back":
      document.getElementById("main")?.focus();
      return tell({ kind: "search", text: "" });
    case "next":
    case "previous":
      return step(document, event, intent);
    default:
      return intent satisfies never;
  }
}

/** From row to row, host or incident. */
function step(document: Browser["document"], event: PageEvent, intent: "next" | "previous"): void {
  const rows = Array.from(document.querySelectorAll("[data-row]"));
  const at = document.activeElement === null ? -1 : rows.indexOf(document.activeElement);
  // Arrows scroll, unless the focus is on a row.
  if (rows.length === 0 || (event.key.startsWith("Arrow") && at < 0)) return;
  event.preventDefault();
  const to = intent === "next" ? at + 1 : Math.max(0, at - 1);
  const row = rows[Math.min(rows.length - 1, to)];
  row?.focus();
  row?.scrollIntoView({ block: "nearest" });
}
