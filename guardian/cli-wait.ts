/** Until what was asked for is so: looks again and again, says what is so meanwhile, and gives up after a while. */
import { describeError } from "../shared/errors.ts";
import { sleep } from "../shared/loop.ts";
import { parseDuration } from "../shared/time.ts";
import { textIn as text } from "./shell/json.ts";

/** What one look comes to; `now`: not yet. */
export interface Look {
  readonly kind: "now" | "done" | "failed";
  readonly text: string;
}

export interface Waiting {
  readonly shown: (path: string) => Promise<unknown>;
  readonly note: (text: string) => void;
  readonly everyMs?: number;
}

type Shown = Readonly<Record<string, unknown>>;

export const waitOption = {
  flags: "--wait",
  description: "until it is so",
  required: false,
} as const;

export const timeoutOption = {
  flags: "--timeout <duration>",
  description: "with --wait: give up after it; 20m without it",
  required: false,
} as const;

const patienceByDefaultMs = 1_200_000;

/** Throws when it fails, or is not so in time: then it goes on without us. */
export async function waitUntil(
  { shown, note, everyMs = 1000 }: Waiting,
  path: string,
  options: Readonly<Record<string, unknown>>,
  judge: (record: Shown) => Look,
): Promise<void> {
  const given = options["timeout"];
  const patienceMs = typeof given === "string" ? parseDuration(given) : patienceByDefaultMs;
  if (patienceMs === undefined) throw new Error(`--timeout ${String(given)}: such as 5m`);
  let said = "";
  for (let waitedMs = 0; ; waitedMs += everyMs) {
    const look = judge(await recordAt(shown, path));
    if (look.kind === "failed") throw new Error(look.text);
    if (look.text !== said) note(look.text);
    said = look.text;
    if (look.kind === "done") return;
    if (waitedMs >= patienceMs) {
      throw new Error(`${look.text}, after ${patienceMs / 1000} s; it goes on without us`);
    }
    await sleep(everyMs);
  }
}

/** What is not there any more is an empty record with that sentence. */
async function recordAt(shown: Waiting["shown"], path: string): Promise<Shown> {
  try {
    return Object(await shown(path)) as Shown;
  } catch (error) {
    const text = describeError(error);
    if (/knows no server/.test(text)) return { gone: text };
    throw error;
  }
}

const statusAfter: Readonly<Record<string, string>> = {
  start: "ACTIVE",
  stop: "SHUTOFF",
  pause: "PAUSED",
  unpause: "ACTIVE",
  suspend: "SUSPENDED",
  resume: "ACTIVE",
  reboot: "ACTIVE",
  "live-migrate": "ACTIVE",
};

/** Judges a server's record after an order; `from` is where it was before. */
export function serverAfter(order: string, from: string): (server: Shown) => Look {
  return (server) => {
    const [name, status, host] = [
      text(server["name"]),
      text(server["status"]),
      text(server["host"]),
    ];
    const task = text(server["task"]);
    if (server["gone"] !== undefined) {
      const kind = order === "delete" ? "done" : "failed";
      return { kind, text: text(server["gone"]) };
    }
    const doing = task === "" ? "" : `, ${task}`;
    const now = `${name} is ${status} on ${host}${doing}`;
    if (status === "ERROR") return { kind: "failed", text: `${now}: see what Nova says of it` };
    if (task !== "" || order === "delete") return { kind: "now", text: now };
    if (order === "lock" || order === "unlock") {
      const isSo = server["locked"] === (order === "lock" ? "yes" : "no");
      return {
        kind: isSo ? "done" : "now",
        text: `${name} is ${isSo ? "" : "not yet "}${order}ed`,
      };
    }
    if (order === "live-migrate" && host === from) {
      return { kind: "failed", text: `${now}: it was not moved; see Nova's migrations` };
    }
    return { kind: status === statusAfter[order] ? "done" : "now", text: now };
  };
}

/** Judges the guardian's status after `disarm`. */
export function disarmed(status: Shown): Look {
  const under = status["underWay"];
  const hosts =
    Array.isArray(under) && under.length > 0 ? `: under way on ${under.join(", ")}` : "";
  const arming = text(status["arming"]);
  return { kind: arming === "disarmed" ? "done" : "now", text: `${arming}${hosts}` };
}

/** Judges a host's record while its power devices are rehearsed. */
export function rehearsed(host: Shown): Look {
  const [name, step] = [text(host["host"]), text(host["rehearsal"])];
  if (step.startsWith("failed")) return { kind: "failed", text: `${name}: rehearsal ${step}` };
  if (step !== "") return { kind: "now", text: `${name}: rehearsal, ${step}` };
  return { kind: "done", text: `${name}: rehearsed; see: guardian doctor` };
}

/** Judges a host's record on its way home: its incident is closed when it is there. */
export function cameHome(host: Shown): Look {
  const [name, home] = [text(host["host"]), text(host["home"])];
  if (text(host["incident"]) === "")
    return { kind: "done", text: `${name} is home: ${text(host["verdict"])}` };
  if (home.startsWith("stopped")) return { kind: "failed", text: `${name}: ${home}` };
  return { kind: "now", text: `${name}: ${home === "" ? "its moves go on" : home}` };
}
