/**
 * Why a host is judged as it is and what would change that: one structure for the command line, the
 * API, alerts and the page, made when somebody asks.
 */
import type { HostName } from "../../shared/names.ts";
import { describeGate, type Assessment, type GateResult, type Verdict } from "./assessment.ts";
import { evidenceOf, type Evidence } from "./evidence.ts";
import { gateOutlook } from "./gate-outlook.ts";
import { gatesToBegin } from "./gates.ts";
import { incidentOf } from "./incidents.ts";
import { outlookOf, type Outlook } from "./outlook.ts";
import type { GuardianState, HostState } from "./state.ts";
import { render, words, type Language, type Words } from "./words.ts";

export interface Explanation {
  readonly host: HostName;
  readonly verdict: Verdict;
  /** The row of the verdict table that matched, and its sentence. */
  readonly row: string;
  readonly says: Words;
  readonly action: Assessment["action"];
  /** For how long this row has matched. */
  readonly sinceMs: number;
  readonly evidence: readonly Evidence[];
  /** Every gate between this host and an action, whether its verdict asks for one or not. */
  readonly gates: readonly GateResult[];
  /** What would change the answer. */
  readonly next: readonly Outlook[];
  readonly incident: string | undefined;
}

/** Undefined for a host that was never judged. */
export function explain(state: GuardianState, host: HostState): Explanation | undefined {
  const { assessment } = host;
  if (assessment === undefined) return undefined;
  const { verdict, row, says, action, since } = assessment;
  const gates = gatesToBegin(state, host, assessment);
  return {
    host: host.host,
    verdict,
    row,
    says,
    action,
    sinceMs: state.now - since,
    evidence: evidenceOf(state, host, assessment),
    gates,
    next: nextOf(state, host, assessment, gates),
    incident: incidentOf(state, host.host)?.id,
  };
}

function nextOf(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  gates: readonly GateResult[],
): readonly Outlook[] {
  const phase = incidentOf(state, host.host)?.phase.kind;
  if (phase === "fencing") return [{ words: words("next.fencing"), inMs: undefined }];
  if (phase === "evacuating") return [{ words: words("next.evacuating"), inMs: undefined }];
  if (phase === "ended") {
    return [{ words: words("next.release", { host: host.host }), inMs: undefined }];
  }
  if (assessment.action !== "fence") {
    // A degraded host's gates are those between it and its disabling in Nova.
    const holding = assessment.verdict === "degraded" ? assessment.gates : [];
    const held = holding.filter((gate) => !gate.pass);
    return [
      ...outlookOf(state, host, assessment),
      ...held.map((gate) => gateOutlook(state, host, gate)),
    ];
  }
  const held = gates.filter((gate) => !gate.pass);
  if (held.length === 0) return [{ words: words("next.fence"), inMs: 0 }];
  return held.map((gate) => gateOutlook(state, host, gate));
}

/** What an alert gives as its reasons: the evidence, and what would change the answer. */
export function reasonLines(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): readonly Words[] {
  const found = explain(state, { ...host, assessment });
  if (found === undefined) return [];
  return [...found.evidence, ...found.next].map((one) => one.words);
}

/** The explanation in a language, as texts: what the command line and the API show. */
export function explanationText(
  { says, evidence, gates, next, ...rest }: Explanation,
  language: Language,
): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    says: render(says, language),
    evidence: evidence.map((one) => render(one.words, language)),
    gates: gates.map((gate) => `${gate.pass ? "pass" : "HOLD"} ${describeGate(gate, language)}`),
    next: next.map((one) => render(one.words, language)),
  };
}
