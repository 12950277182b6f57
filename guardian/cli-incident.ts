/** An incident as it goes on: what is new in its timeline and of its moves, until it has ended. */
import { sleep } from "../shared/loop.ts";
import { parseDuration } from "../shared/time.ts";

export interface Following {
  readonly shown: (path: string) => Promise<unknown>;
  readonly say: (text: string) => void;
  readonly everyMs?: number;
  /** Throws after it. */
  readonly patienceMs: number;
}

interface Shown {
  readonly phase: string;
  readonly timeline: readonly { readonly wall: number; readonly text: string }[];
  readonly moves: readonly Readonly<Record<string, string>>[];
}

/** Returns when its moves have ended, or it is closed. */
export async function followIncident(
  { shown, say, everyMs = 1000, patienceMs }: Following,
  id: string,
): Promise<void> {
  const said = new Set<string>();
  const tell = (key: string, text: string): void => {
    if (said.has(key)) return;
    said.add(key);
    say(text);
  };
  for (let waitedMs = 0; ; waitedMs += everyMs) {
    let incident: Shown;
    try {
      incident = (await shown(`/api/v1/incidents/${encodeURIComponent(id)}`)) as Shown;
    } catch (error) {
      if (waitedMs > 0 && /no incident .* is open/.test(String(error)))
        return say(`${id} is closed`);
      throw error;
    }
    for (const { wall, text } of incident.timeline) {
      const at = new Date(wall).toISOString().slice(11, 19);
      tell(`${wall} ${text}`, `${at} ${text}`);
    }
    for (const { server, name, stage, to, result } of incident.moves) {
      const text = `         ${name}: ${stage}${to === "" ? "" : ` on ${to}`} (${result})`;
      tell(`${server} ${stage} ${result}`, text);
    }
    if (incident.phase === "ended") return say(`${id} has ended`);
    if (waitedMs >= patienceMs) {
      throw new Error(
        `${id} is ${incident.phase} after ${patienceMs / 1000} s; it goes on without us`,
      );
    }
    await sleep(everyMs);
  }
}

export const timeout = {
  flags: "--timeout <duration>",
  description: "give up watching after it; 1h without it",
  required: false,
};

/** As the options have it. */
export function follow(
  actions: Pick<Following, "shown" | "say">,
  id: string,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const given = options["timeout"];
  const patienceMs = typeof given === "string" ? parseDuration(given) : 3_600_000;
  if (patienceMs === undefined) throw new Error(`--timeout ${String(given)}: such as 30m`);
  return followIncident({ ...actions, patienceMs }, id);
}
