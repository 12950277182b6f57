/** The real decision core in front of the real dispatcher: what people read of a story. */
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { DispatchSettings } from "../../guardian/dispatch/settings.ts";
import { firingSightings, sightingOf, stormScopes } from "../../guardian/dispatch/surroundings.ts";
import { DispatchFixture } from "./dispatch-fixture.ts";

export class CoreDispatch {
  readonly people: DispatchFixture;
  #memory: unknown;

  constructor(settings: DispatchSettings) {
    this.people = new DispatchFixture(settings);
  }

  /** What the core did since the last call, and the time that went by. */
  follow(state: GuardianState, effects: readonly Effect[], ms: number): void {
    const storms = stormScopes(state);
    this.people.storms = [...storms];
    const alerts = effects.flatMap((effect) =>
      effect.kind === "alert" ? [sightingOf(state, effect.message)] : [],
    );
    if (alerts.length > 0) this.people.take({ kind: "alerts", alerts, storms });
    if (state.memory.alerts !== this.#memory) {
      this.#memory = state.memory.alerts;
      this.people.take({ kind: "firing", alerts: firingSightings(state), storms });
    }
    this.people.run(ms);
  }
}
