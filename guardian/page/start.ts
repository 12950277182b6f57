/** The page at work in a browser: what happens goes through `update`, and the state that comes of it is shown. */
import { runLoop } from "../../shared/loop.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import type { Browser, PageElement } from "./browser.ts";
import { send } from "./client.ts";
import { createFollower, createLooks } from "./looks.ts";
import type { Message } from "./messages.ts";
import { createScreen } from "./screen.ts";
import { initialState, readRoute, type Language, type PageState } from "./state.ts";
import { update, type Order } from "./update.ts";

const clock = {
  monoMs: () => monoMs(performance.now()),
  wallMs: () => wallMs(Date.now()),
};
const nowMs = (): number => clock.wallMs();
const tickMs = 1000;

/** Runs for as long as the page is open. */
export function start(browser: Browser, root: PageElement): void {
  let state = firstState(browser);
  const screen = createScreen(browser, root, () => state, tell);
  const looks = createLooks(() => state, tell, nowMs);
  const followEvents = createFollower(() => state, tell, nowMs);

  function tell(message: Message): void {
    const { route } = state;
    const updated = update(state, message);
    state = updated.state;
    for (const order of updated.orders) perform(order);
    followEvents();
    if (route !== state.route) screen.turned();
    screen.draw();
  }

  function perform(order: Order): void {
    switch (order.kind) {
      case "keep": {
        const { where, name, value } = order;
        const storage = where === "session" ? "sessionStorage" : "localStorage";
        attempt(() => browser[storage].setItem(name, value));
        return;
      }
      case "send": {
        const { action, body } = order;
        void send(action, body, state.token).then((answer) =>
          tell({ kind: "done", action, ...answer }),
        );
        return;
      }
      case "look":
        return order.anew ? looks.lookAnew() : looks.look(true);
      default:
        return order satisfies never;
    }
  }

  browser.addEventListener("hashchange", () => {
    const token = takeToken(browser);
    if (token !== "") tell({ kind: "log-in", fields: { token } });
    tell({ kind: "went", hash: browser.location.hash });
  });
  tell({ kind: "tick", nowMs: nowMs() });
  void runLoop(clock, tickMs, new AbortController().signal, () => {
    // What nobody looks at is not kept fresh; it is when somebody does.
    if (browser.document.visibilityState === "hidden") return;
    looks.tidy();
    tell({ kind: "tick", nowMs: nowMs() });
    looks.look(false);
  });
}

function firstState(browser: Browser): PageState {
  const { document, navigator, location } = browser;
  const kept = (name: string): string => attempt(() => browser.localStorage.getItem(name)) ?? "";
  const spoken = kept("language") || navigator.language;
  const language: Language = spoken.startsWith("zh") ? "zh" : "en";
  const theme = (["light", "dark"] as const).find((known) => known === kept("theme"));
  const given = takeToken(browser);
  if (given !== "") attempt(() => browser.sessionStorage.setItem("token", given));
  return initialState({
    nowMs: nowMs(),
    language,
    theme: theme ?? "auto",
    token: given || (attempt(() => browser.sessionStorage.getItem("token")) ?? ""),
    isDemo: document.documentElement.hasAttribute("data-demo"),
    route: readRoute(location.hash),
  });
}

/** "#token=…", as the demo prints it: taken out of the address, so that nobody copies it along with that. */
function takeToken({ location, history }: Browser): string {
  const token = /^#token=(\S+)$/.exec(location.hash)?.[1] ?? "";
  if (token !== "") history.replaceState(null, "", `${location.pathname}#/hosts`);
  return token;
}

/** A browser may forbid storage: then nothing is kept over a reload. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
