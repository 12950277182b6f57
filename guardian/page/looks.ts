/** Looks at the API as they fall due, a few at once, and the stream of events, begun again wherever it was cut off. */
import { sleep } from "../../shared/loop.ts";
import { follow, read } from "./client.ts";
import { due, needs } from "./needs.ts";
import type { Tell } from "./screen.ts";
import type { PageState } from "./state.ts";

/** Browsers open six connections to a host, and the stream has one. */
const looksMax = 4;
const comeBackMs = 2000;

export interface Looks {
  /** Asks for what is due, as much of it at once as may be. */
  look(isUrgent: boolean): void;
  /** Nothing that was answered counts any more. */
  lookAnew(): void;
  /** What is not needed any more is looked up at once when it is again. */
  tidy(): void;
}

export function createLooks(state: () => PageState, tell: Tell, nowMs: () => number): Looks {
  const asked = new Map<string, number>();
  const underWay = new Set<string>();
  let token = "";

  function look(isUrgent: boolean): void {
    const now = state();
    if (now.token !== token) asked.clear();
    token = now.token;
    for (const need of due(now, asked, nowMs(), isUrgent)) {
      if (underWay.size >= looksMax) return;
      if (underWay.has(need.path)) continue;
      const { path } = need;
      const askedWith = token;
      underWay.add(path);
      asked.set(path, nowMs());
      void read(need, askedWith).then((answer) => {
        underWay.delete(path);
        if (askedWith !== state().token) return;
        if (answer.kind === "got") tell({ ...answer, path, nowMs: nowMs() });
        else tell({ ...answer, path });
        look(false);
      });
    }
  }

  return {
    look,
    lookAnew() {
      asked.clear();
      look(true);
    },
    tidy() {
      const needed = new Set(needs(state()).map(({ path }) => path));
      for (const path of asked.keys()) if (!needed.has(path)) asked.delete(path);
    },
  };
}

/** Follows with the token that is; another one ends the stream and begins a new one. */
export function createFollower(
  state: () => PageState,
  tell: Tell,
  nowMs: () => number,
): () => void {
  let current = { token: "", stopping: new AbortController() };

  async function keepFollowing(token: string, signal: AbortSignal): Promise<void> {
    let lastEventId = "";
    while (!signal.aborted) {
      await follow({
        token,
        lastEventId,
        signal,
        heard: () => tell({ kind: "linked", link: "live", nowMs: nowMs() }),
        events: (events) => {
          lastEventId = events.at(-1)?.id ?? lastEventId;
          tell({ kind: "heard", events, nowMs: nowMs() });
        },
      });
      if (signal.aborted) return;
      tell({ kind: "linked", link: "lost", nowMs: nowMs() });
      await sleep(comeBackMs, signal);
    }
  }

  return () => {
    const { token } = state();
    if (token === current.token) return;
    current.stopping.abort();
    current = { token, stopping: new AbortController() };
    if (token !== "") void keepFollowing(token, current.stopping.signal);
  };
}
