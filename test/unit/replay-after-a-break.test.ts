/** A replay goes on after a restart, also when what went before it was a broken promise. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { step } from "../../guardian/core/guardian.ts";
import { outputOf, outputOfError } from "../../guardian/core/recorded-output.ts";
import { replay } from "../../guardian/core/replay.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { CoreFixture } from "../support/core-fixture.ts";

test("what follows a broken promise and a restart is replayed as it was recorded", () => {
  const core = new CoreFixture().run(5000);
  const [at, wall] = [monoMs(core.now + 1000), wallMs(core.wall + 1000)];
  const event = { kind: "tick", at, wall, disarmed: false } as const;
  const whole = core.state;
  const broken = { ...whole, hosts: undefined } as unknown as GuardianState;
  let thrown: unknown;
  try {
    step(broken, event);
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown instanceof Error);
  const { effects } = step(whole, event);
  const told = replay([
    { kind: "snapshot", epoch: 1, state: () => broken },
    { kind: "input", event, output: outputOfError(thrown) },
    { kind: "gap", restart: true, what: "a restart" },
    { kind: "snapshot", epoch: 1, state: () => whole },
    { kind: "input", event, output: outputOf(effects) },
  ]);
  assert.deepEqual([told.difference, told.inputs, told.gaps], [undefined, 2, []]);
  assert.ok(effects.length > 0, "the last input has an output to compare");
});
