/** Many alerts as one message, so that none is dropped where a channel takes no more. */
import type { AlertMessage } from "../ports.ts";
import { isOver, type Due } from "./due.ts";
import type { DispatchState, DueWhy, TrackedAlert } from "./model.ts";
import { missedMessage } from "./overtaken.ts";
import { say } from "./words.ts";

const titlesMax = 5;
const linesMax = 50;

/** One message for all of them; a page when any of them is one. */
export function digestOf(state: DispatchState, dues: readonly Due[]): AlertMessage {
  const { settings, sequence, wall } = state;
  const firing = dues.filter(({ why }) => !isOver(why));
  const titles = (firing.length > 0 ? firing : dues).map(({ tracked }) => tracked.message.title);
  const page = dues.some((due) => due.page);
  const others = titles.length - titlesMax;
  const named = titles.slice(0, titlesMax).join("; ");
  const more = others > 0 ? say(settings, "digest.others", { count: others }) : "";
  const key = `guardian/${settings.cloud}/guardian/digest-${sequence}`;
  const lines = dues.map(({ tracked, why }) => lineOf(state, tracked, why));
  const cut = lines.length - linesMax;
  return {
    id: `${key}/${firing.length > 0 ? "firing" : "resolved"}`,
    dedupKey: key,
    class: page ? "page" : "notification",
    status: firing.length > 0 ? "firing" : "resolved",
    host: undefined,
    incident: undefined,
    kind: "digest",
    title: say(settings, "digest.title", { count: dues.length, titles: `${named}${more}` }),
    why: [
      ...lines.slice(0, linesMax),
      ...(cut > 0 ? [say(settings, "digest.others", { count: cut }).trim()] : []),
    ],
    impact: say(settings, "digest.impact", { count: dues.length }),
    next: say(settings, "digest.next"),
    wallMs: wall,
  };
}

function lineOf(state: DispatchState, tracked: TrackedAlert, why: DueWhy): string {
  const { title, impact, next } = tracked.message;
  if (why === "missed") return missedMessage(state, tracked).title;
  if (why === "resolved") return `${title}: ${say(state.settings, "digest.over")}`;
  return `${title} | ${impact} | ${next}`;
}
