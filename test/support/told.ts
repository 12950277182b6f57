/**
 * What people read of a story beside its log: every message whole, and why each host was judged as it
 * was, whenever the answer became another one.
 */
import { describeGate } from "../../guardian/core/assessment.ts";
import { explain, type Explanation } from "../../guardian/core/explain.ts";
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { incidentOf } from "../../guardian/core/incidents.ts";
import { render } from "../../guardian/core/words.ts";
import type { AlertMessage } from "../../guardian/ports.ts";
import type { WorldWatcher } from "./world-guardian.ts";
import type { World } from "./world.ts";

export class Told implements WorldWatcher {
  readonly messages: string[] = [];
  readonly explanations: string[] = [];
  readonly #world: World;
  readonly #seen = new Set<string>();
  readonly #troubled = new Set<string>();
  /** The row that each host was explained with last. */
  readonly #rows = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  ordered(): void {
    // Orders are in the log.
  }

  took(event: GuardianEvent, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === "alert" && effect.message.status === "firing") this.#sent(effect.message);
    }
    if (event.kind === "tick") this.#round();
  }

  #at(): string {
    const { queue, logFrom } = this.#world;
    return ((queue.now - logFrom) / 1000).toFixed(2).padStart(8);
  }

  #sent(message: AlertMessage): void {
    const { class: kind, title, why, impact, next, host } = message;
    // A page that is repeated, or one more host of a storm, tells nothing new.
    const same = [kind, message.kind, ...[title, ...why, impact, next].map(withoutNumbers)].join();
    if (!this.#isNew(same)) return;
    const head = `${this.#at()}  ${kind.toUpperCase()} ${message.kind} of ${host ?? "guardian"}`;
    const lines = [title, ...why.map((one) => `why: ${one}`), `down: ${impact}`, `next: ${next}`];
    this.messages.push(head, ...lines.map((text) => `${margin}${text}`));
  }

  #round(): void {
    const { state } = this.#world;
    for (const host of state.hosts.values()) {
      const { assessment } = host;
      if (assessment === undefined) continue;
      if (assessment.row !== "8") this.#troubled.add(host.host);
      else if (!this.#troubled.delete(host.host)) continue;
      const found = explain(state, host);
      if (found === undefined) continue;
      const held = found.gates.filter(({ pass }) => !pass);
      const phase = incidentOf(state, host.host)?.phase.kind ?? "";
      const keys = found.next.map(({ words }) => words.key);
      if (this.#isNew([found.row, phase, ...keys, ...held.map(({ gate }) => gate)].join())) {
        this.#explained(found);
      }
    }
  }

  #explained({ host, verdict, row, says, evidence, gates, next }: Explanation): void {
    const held = gates.filter(({ pass }) => !pass);
    // The evidence stands where a row began; later only what holds and what comes next has changed.
    const begun = this.#rows.get(host) !== row;
    this.#rows.set(host, row);
    const lines = [
      ...(begun ? evidence.map((one) => render(one.words)) : []),
      ...held.map((gate) => `HOLD ${describeGate(gate)}`),
      `${gates.length - held.length} of ${gates.length} gates pass`,
      ...next.map((one) => `next: ${render(one.words)}`),
    ];
    const head = `${this.#at()}  ${host} is ${verdict} (row ${row}): ${render(says)}`;
    this.explanations.push(head, ...lines.map((text) => `${margin}${text}`));
  }

  #isNew(what: string): boolean {
    if (this.#seen.has(what)) return false;
    this.#seen.add(what);
    return true;
  }
}

const margin = " ".repeat(10);

function withoutNumbers(text: string): string {
  return text.replace(/compute-[\d-]+|vm-[\d-]+|\d+(?:\.\d+)?/g, "#");
}
