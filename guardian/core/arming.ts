/**
 * Whether the guardian may act at all: armed; disarming, while moves that Nova accepted are followed
 * to their end; disarmed. A person decides it, the file `disarmed`, or the guardian of itself.
 */
import type { HostName } from "../../shared/names.ts";
import { withReason } from "./disarm.ts";
import type { Effect } from "./effects.ts";
import type { Arming } from "./events.ts";
import { say } from "./incidents.ts";
import type { Phase } from "./memory.ts";
import { isUnderWay } from "./moves-under-way.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { words, type Said, type Words } from "./words.ts";

export type ArmingState =
  | { readonly kind: "armed" }
  /** `waitsFor`: hosts whose moves, or whose off command, are under way. */
  | { readonly kind: "disarming"; readonly why: Said; readonly waitsFor: readonly HostName[] }
  | { readonly kind: "disarmed"; readonly why: Said };

export function armingOf(state: GuardianState): ArmingState {
  const why = state.disarmedFile ? words("arming.file") : state.memory.disarmed;
  if (why === undefined) return { kind: "armed" };
  const waitsFor = [...state.memory.incidents.values()]
    .filter((incident) => isInFlight(incident.phase))
    .map((incident) => incident.host);
  return waitsFor.length === 0
    ? { kind: "disarmed", why }
    : { kind: "disarming", why, waitsFor: waitsFor.sort() };
}

/** "armed", or why it is not. */
export function armingWords(arming: ArmingState): Words {
  if (arming.kind === "armed") return words("value.armed");
  return words(`value.${arming.kind}`, { why: arming.why });
}

/** An off command that was not answered yet, or a move that Nova has or may have accepted. */
function isInFlight(phase: Phase): boolean {
  if (phase.kind !== "fencing" && phase.kind !== "evacuating") return false;
  const waits = Object.values(phase.commands).some((command) => command.answer === undefined);
  return (
    waits || (phase.kind === "evacuating" && Object.values(phase.moves ?? {}).some(isUnderWay))
  );
}

/** A person arms or disarms. */
export function foldArming(state: GuardianState, event: Arming, out: Effect[]): GuardianState {
  const { by, reason } = event;
  const said = words("arming.by", { by, reason });
  const disarmed = event.armed ? undefined : withReason(state.memory.disarmed, said);
  const memory = { ...state.memory, disarmed };
  return say(stateWith(state, { memory }), out, {
    level: "warn",
    host: undefined,
    event: event.armed ? "armed" : "disarmed",
    text: words(event.armed ? "log.armed" : "log.disarmed-by", { by, reason }),
  });
}

/** Says what changed by itself: the file came or went, or the last work in flight has ended. */
export function foldArmingTold(
  state: GuardianState,
  before: GuardianState,
  out: Effect[],
): GuardianState {
  const now = armingOf(state);
  const was = state.memory.arming;
  if (now.kind === was) return state;
  const told = stateWith(state, { memory: { ...state.memory, arming: now.kind } });
  const text = toldWords(now, was, state.disarmedFile || before.disarmedFile);
  if (text === undefined) return told;
  return say(told, out, { level: "warn", host: undefined, event: now.kind, text });
}

/** Undefined when the person, or the guardian, has said it already. */
function toldWords(now: ArmingState, was: string, byFile: boolean): Words | undefined {
  switch (now.kind) {
    case "armed":
      return byFile ? words("log.armed-file-gone") : undefined;
    case "disarming":
      return words("log.disarming", { why: now.why, hosts: now.waitsFor });
    case "disarmed":
      if (was === "disarming") return words("log.disarmed-ended");
      return byFile ? words("log.disarmed", { why: now.why }) : undefined;
    default:
      return now satisfies never;
  }
}
