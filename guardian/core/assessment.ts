/** One round's opinion of one host: what was seen, what it adds up to, and what holds us back. */

import type { MonoMs } from "../../shared/time.ts";
import { render, words, type Language, type Words } from "./words.ts";

/** Each kind of evidence, reduced to the few values that the verdict table asks for. */
export interface Signals {
  /**
   * `unseen`: no collector can vouch for anything. `partial`: silent on some of its paths.
   * `overdue`: neither fresh, nor silent as a watermark vouches for it. `unconfirmed`: not fresh, and what
   * came may be a recording of an earlier life.
   */
  readonly reports: "fresh" | "partial" | "overdue" | "silent" | "unconfirmed" | "unseen";
  readonly eyes: "good" | "doubt";
  /** In Nova and seen by a probe at least once. */
  readonly known: "yes" | "no";
  /** Fenced by us, all its moves ended, not released. */
  readonly recovered: "yes" | "no";
  /** A reboot is `overdue` after its time; who announced a power-off is not waited for. */
  readonly notice: "none" | "in-force" | "overdue" | "powering-off";
  /** Enough pings sent and the first power reading in (or past its deadline). */
  readonly measured: "yes" | "no";
  readonly ping: "none" | "some" | "all" | "unseen";
  readonly checks: "ok" | "settling" | "storage" | "business" | "libvirt";
  readonly power: "on" | "off" | "unknown" | "contradicted";
  readonly nova: "alive" | "unsure" | "quiet" | "quiet-long" | "unseen";
  readonly networks: "one" | "many";
}

export const signalValues: { readonly [K in keyof Signals]: readonly Signals[K][] } = {
  reports: ["fresh", "partial", "overdue", "silent", "unconfirmed", "unseen"],
  eyes: ["good", "doubt"],
  known: ["yes", "no"],
  recovered: ["yes", "no"],
  notice: ["none", "in-force", "overdue", "powering-off"],
  measured: ["yes", "no"],
  ping: ["none", "some", "all", "unseen"],
  checks: ["ok", "settling", "storage", "business", "libvirt"],
  power: ["on", "off", "unknown", "contradicted"],
  nova: ["alive", "unsure", "quiet", "quiet-long", "unseen"],
  networks: ["one", "many"],
};

export const signalNames = Object.keys(signalValues) as (keyof Signals)[];

export type Verdict = "healthy" | "degraded" | "isolated" | "hung" | "silent" | "dead" | "unknown";

/**
 * What a row of the table asks for. Only `fence` leads to an evacuation, and only through a proof.
 */
export type RowAction = "none" | "watch" | "ticket" | "alert" | "page" | "fence";

/** A safety question that must be answered yes before an action. */
export interface GateResult {
  /** Its name in docs/gates.md, the same in every language. */
  readonly gate: string;
  readonly pass: boolean;
  /** "3 silent", "armed", "2.4 s ago" … */
  readonly value: Words;
  readonly operator: Operator;
  readonly limit: Words;
}

/** The last two: nothing has happened for as long as the limit. */
export type Operator = "=" | "<" | "<=" | ">=" | "steady for" | "no loss for";

export interface Assessment {
  readonly signals: Signals;
  /** Number of the row that matched, as docs/verdicts.md has it. */
  readonly row: string;
  /** Since when this row has matched without a break. */
  readonly since: MonoMs;
  readonly verdict: Verdict;
  readonly action: RowAction;
  /** The row's sentence. */
  readonly says: Words;
  /** Every gate between this verdict and an action, or the doubts about our eyes on a silent host. */
  readonly gates: readonly GateResult[];
}

/** A verdict within a sentence. */
export function verdictWords(verdict: Verdict): Words {
  return words(`verdict.${verdict}`);
}

/** "storm: 2 hosts in trouble <= 1" for people and logs. */
export function describeGate(gate: GateResult, language: Language = "en"): string {
  return render(gateWords(gate), language);
}

/** The same, to be rendered later or within other words. */
export function gateWords({ gate, value, operator, limit }: GateResult): Words {
  return words("gate-line", { gate, value, operator: operatorWords(operator), limit });
}

function operatorWords(operator: Operator): string | Words {
  if (operator === "steady for") return words("operator.steady");
  return operator === "no loss for" ? words("operator.no-loss") : operator;
}

/** Whether the policy would have a host fenced that reports: in mode act alone, since no approval covers that. */
export function isLivingFence(assessment: Assessment | undefined): boolean {
  return assessment?.row === "4" && assessment.action === "fence";
}
