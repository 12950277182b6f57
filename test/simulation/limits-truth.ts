/** The limits that count: the configuration's, and what people said since. */
import { changeableLimits } from "../../guardian/core/changed-limits.ts";
import type { LimitsSet } from "../../guardian/core/events.ts";
import type { Limits } from "../../guardian/core/settings.ts";

export class LimitsTruth {
  now: Limits;
  readonly #configured: Limits;
  /** What counts whatever happens to the process. */
  #kept: Limits;

  constructor(configured: Limits) {
    this.#configured = configured;
    this.#kept = configured;
    this.now = configured;
  }

  /** A person's words were taken; without a journal nobody promises that they outlive the process. */
  heard({ wishes }: LimitsSet, journaled: boolean): void {
    for (const { name, value } of wishes) {
      const { limit } = changeableLimits[name];
      const given = { [limit]: value ?? this.#configured[limit] };
      this.now = { ...this.now, ...given };
      if (journaled || value === undefined) this.#kept = { ...this.#kept, ...given };
    }
  }

  restarted(): void {
    this.now = this.#kept;
  }
}
