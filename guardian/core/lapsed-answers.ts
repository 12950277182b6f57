/**
 * When what people said of an incident ends: an approval with the life that its host shows, "not a failure" with the
 * silence that it was said of, or with less life than there was then.
 */
import { isFresh, withIncident } from "./approvals.ts";
import type { Effect } from "./effects.ts";
import { closeIncident, incidentOf, say } from "./incidents.ts";
import type { Answer, Incident } from "./memory.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words } from "./words.ts";

/** Rows of a silent host by what they show of it: life, half of it, or none. All others show nothing either way. */
const shows: Readonly<Record<string, "life" | "half" | "none">> = {
  "11": "life",
  "12": "life",
  "12a": "life",
  "16": "life",
  "11a": "half",
  "13": "half",
  "14": "none",
  "15": "none",
  "18": "none",
  "19": "none",
};

/** Rows of a host that does not report, of which nothing was concluded yet. */
const untoldRows: readonly string[] = ["1", "1a", "1b", "8a", "10"];

/** Once a round, before a host is acted on: answers lapse with what they were about. */
export function foldLapsed(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const incident = incidentOf(state, host.host);
  if (incident?.phase.kind !== "watching") return state;
  if (isWorse(incident, host)) return withoutDismissal(state, host, incident, out);
  const shown = shows[host.assessment?.row ?? ""];
  // A row by which it is fenced is what people are asked about.
  const half = shown === "half" && host.assessment?.action !== "fence";
  const lives = isFresh(host) || shown === "life" || half;
  const { answer, asked: question, ...rest } = incident;
  // Whoever is asked about its next silence has the whole time again.
  const over = lives && question?.covers === "fence";
  const ends = isFresh(host) || livesSince(incident, host);
  if (!ends) return over ? withIncident(state, { ...rest, answer }) : state;
  const asked = over ? withIncident(state, { ...rest, answer }) : state;
  if (answer?.covers !== "fence" || answer.kind === "held") return asked;
  if (answer.kind === "dismissed") {
    if (isOfFailedStorage(state, host, answer)) {
      return withIncident(asked, { ...rest, answer: { ...answer, covers: "disable" } });
    }
    const told = say(asked, out, {
      level: "info",
      host: host.host,
      event: "dismissal-ended",
      text: words("log.dismissal-ended"),
    });
    return closeIncident(told, host.host);
  }
  return say(withIncident(asked, { ...rest, answer: undefined }), out, {
    level: "info",
    host: host.host,
    event: "approval-lapsed",
    text: isFresh(host)
      ? words("log.approval-lapsed-reports", { by: answer.by })
      : words("log.approval-lapsed-lives", { by: answer.by }),
  });
}

/**
 * Said of a host whose storage had failed while a report of it was missing, of which nobody had been told: the word was
 * about its storage, too.
 */
function isOfFailedStorage(
  state: GuardianState,
  { host, checksSince }: HostState,
  { seen, bootId }: Answer,
): boolean {
  const fails = checksSince.storage !== undefined || checksSince.directory !== undefined;
  const isUntold = untoldRows.includes(seen?.row ?? "") && seen?.storage === true;
  return fails && isUntold && bootId === state.memory.known[host]?.bootId;
}

/** It lives after all, or answers pings that it did not answer when its fence was approved: nobody was asked about that. */
function livesSince({ answer }: Incident, { assessment, echoAt }: HostState): boolean {
  if (answer?.kind !== "approved") return false;
  if (["12", "16"].includes(assessment?.row ?? "")) return true;
  if (answer.covers !== "fence" || answer.seen === undefined) return false;
  return !answer.seen.echo && echoAt !== undefined && echoAt > answer.at;
}

/** It was called no failure while it showed life, and shows less of it now: of that nobody has said anything. */
function isWorse({ answer }: Incident, { assessment }: HostState): boolean {
  if (answer?.kind !== "dismissed" || answer.covers !== "fence") return false;
  if (answer.seen?.lasted !== true || assessment === undefined) return false;
  const before = shows[answer.seen.row];
  const now = shows[assessment.row];
  return before === "life" ? now === "half" || now === "none" : before === "half" && now === "none";
}

function withoutDismissal(
  state: GuardianState,
  { host, assessment }: HostState,
  incident: Incident,
  out: Effect[],
): GuardianState {
  const { answer, asked: _asked, ...rest } = incident;
  const rows = { before: answer?.seen?.row ?? "", row: assessment?.row ?? "" };
  return say(withIncident(state, { ...rest, answer: undefined }), out, {
    level: "warn",
    host,
    event: "dismissal-ended",
    text: words("log.dismissal-over", { by: answer?.by ?? "", ...rows }),
  });
}
