/** What people do in scenarios: verbs of the guardian, and what they set in Nova by themselves. */
import { isLimitName, limitProblems } from "../../guardian/core/changed-limits.ts";
import { confirmProblem } from "../../guardian/core/confirmations.ts";
import { describeGate } from "../../guardian/core/assessment.ts";
import { rehearsalProblem } from "../../guardian/core/rehearsal-gates.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { vouchProblem } from "../../guardian/core/power.ts";
import { undoProblem } from "../../guardian/core/undo.ts";
import { hostName, type HostName } from "../../shared/names.ts";
import { parseDuration, wallMs } from "../../shared/time.ts";
import type { World } from "./world.ts";

const by = "alice (uid 1000)";
const answers = { approve: "approved", hold: "held", dismiss: "dismissed" } as const;

/** Runs one command of a person; throws for a word that is none. */
export function people(world: World, words: readonly string[]): void {
  const [verb = "", first = "", ...rest] = words;
  const host = hostName(first);
  const { now: at, wall } = world.state;
  switch (verb) {
    case "release":
      return world.tell({ kind: "released", at, wall, host, by: "alice", reason: "repaired" });
    case "undo":
      return undo(world, host, rest.join(" "));
    case "vouch":
      return vouch(world, host);
    case "rehearse": {
      const [level = "1", ...reason] = rest;
      return rehearse(world, host, Number(level) - 1, reason.join(" "));
    }
    case "confirm": {
      const [uid = "", ...reason] = rest;
      return confirm(world, host, Number(uid), reason.join(" "));
    }
    case "arm":
      return world.tell({ kind: "arming", at, wall, armed: true, by: "alice", reason: "looked" });
    case "disarm":
      return world.tell({
        kind: "arming",
        at,
        wall,
        armed: false,
        by,
        reason: words.slice(1).join(" "),
      });
    case "approve":
    case "hold":
    case "dismiss":
      return world.tell(answer(world, host, answers[verb], rest.join(" ")));
    case "approve-all":
      for (const { host: named, phase } of world.state.memory.incidents.values()) {
        if (phase.kind === "watching") world.tell(answer(world, named, "approved", "looked"));
      }
      return;
    case "ack": {
      const reason = rest.join(" ");
      return world.tell({ kind: "acknowledged", at, wall, host, by, reason });
    }
    case "maintenance-set": {
      const [until = "", ...reason] = rest;
      const ms = parseDuration(until);
      const untilWall = ms === undefined ? undefined : wallMs(wall + ms);
      const text = reason.join(" ");
      const owner = "bob";
      return world.tell({
        kind: "maintenance-set",
        at,
        wall,
        host,
        reason: text,
        owner,
        untilWall,
        by,
      });
    }
    case "maintenance-clear": {
      const reason = rest.join(" ");
      return world.tell({ kind: "maintenance-cleared", at, wall, host, by, reason });
    }
    case "limit":
      return setLimit(world, first, rest);
    case "disable":
      world.nova.disable(`service-${first}`, rest.length === 0 ? undefined : rest.join(" "));
      return;
    case "enable":
      world.nova.enable(`service-${first}`);
      return;
    case "set-up":
      world.nova.setUp(`service-${first}`);
      return;
    case "force-down":
      world.nova.forceDown(`service-${first}`);
      return;
    default:
      throw new Error(`unknown command: ${words.join(" ")}`);
  }
}

/** limit NAME VALUE REASON…; "configured" gives it back. As the daemon does it. */
function setLimit(world: World, name: string, [value = "", ...why]: readonly string[]): void {
  const { now: at, wall } = world.state;
  if (!isLimitName(name)) throw new Error(`no limit that people change: ${name}`);
  const number = parseDuration(value) ?? Number(value);
  const wishes = [{ name, value: value === "configured" ? undefined : number }];
  const problems = limitProblems(world.state, wishes);
  if (problems.length > 0) {
    const texts = problems.map((problem) => `${problem.name}: ${problem.message}`);
    return world.say("alice", `refused: ${texts.join("; ")}`);
  }
  world.tell({ kind: "limits-set", at, wall, wishes, by, reason: why.join(" ") });
}

/** As the daemon does it: what speaks against it is the answer, and nothing happens. */
function vouch(world: World, host: HostName): void {
  const { now: at, wall } = world.state;
  const problem = vouchProblem(world.state, host);
  if (problem !== undefined) return world.say("alice", `refused: ${problem}`);
  world.tell({ kind: "vouched", at, wall, host, by: "alice", reason: "compared" });
}

/** As the daemon does it: what speaks against it is the answer, and nothing happens. */
function undo(world: World, host: HostName, reason: string): void {
  const { now: at, wall } = world.state;
  const problem = undoProblem(world.state, host);
  if (problem !== undefined) return world.say("alice", `refused: ${problem}`);
  world.tell({ kind: "undo-asked", at, wall, host, by, reason });
}

/** As the daemon does it: what holds it is the answer, and nothing happens. */
export function rehearse(world: World, host: HostName, level: number, reason: string): void {
  const { now: at, wall } = world.state;
  const held = rehearsalProblem(world.state, host, level);
  if (held.length > 0) {
    return world.say("alice", `refused: ${held.map((gate) => describeGate(gate)).join("; ")}`);
  }
  world.tell({ kind: "rehearsal-asked", at, wall, host, level, by, reason });
}

/** As the daemon does it: what speaks against it is the answer, and nothing happens. */
export function confirm(world: World, host: HostName, uid: number, reason: string): void {
  const { now: at, wall, memory } = world.state;
  const problem = confirmProblem(world.state, host);
  if (problem !== undefined) return world.say(`uid ${uid}`, `refused: ${problem}`);
  const incident = memory.incidents.get(host)?.id ?? "none";
  const who = `uid ${uid}`;
  world.tell({ kind: "confirmed", at, wall, host, incident, uid, by: who, reason });
}

function answer(
  world: World,
  host: HostName,
  said: "approved" | "held" | "dismissed",
  reason: string,
): GuardianEvent {
  const { now: at, wall, memory } = world.state;
  const incident = memory.incidents.get(host)?.id ?? "none";
  return { kind: "incident-answered", at, wall, host, incident, answer: said, by, reason };
}
