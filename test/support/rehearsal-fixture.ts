/** A host that is ready to be rehearsed, the verb, and why it failed. */
import { render } from "../../guardian/core/words.ts";
import { wallMs } from "../../shared/time.ts";
import { alice, CoreFixture, host1 } from "./core-fixture.ts";

/** What no host is known by. */
export const foreign = "77777777777777777777777777777701";

/** A host in maintenance, with a device that shows what nobody knows. */
export function ready(): CoreFixture {
  const core = new CoreFixture().run(15_000);
  core.guids.set(`${host1}/bmc`, foreign);
  core.takeOut(host1);
  return core.run(310_000);
}

export function rehearse(core: CoreFixture, host = host1): void {
  const { now: at } = core;
  const wall = wallMs(core.wall);
  const said = { host, level: 0, by: alice, reason: "whose is it" };
  core.take({ kind: "rehearsal-asked", at, wall, ...said });
}

export function failure(core: CoreFixture): string {
  const step = core.state.memory.rehearsals.get(host1)?.step;
  return step?.kind === "failed" ? render(step.reason) : `not failed: ${step?.kind ?? "none"}`;
}
