import { waitFor } from "../../support/wait-for.ts";
import type { Lab, Scenario } from "../lab.ts";

/** Kills it once `reached`, starts it again on the same journal, expects the job ended once. */
async function killOnce(lab: Lab, reached: () => Promise<unknown>): Promise<void> {
  const { victim, servers, observer } = lab;
  await lab.fault("power_loss", victim);
  await reached();
  await lab.guardian.end("SIGKILL");
  lab.say(`killed; ${observer.calls()} evacuate calls seen so far`);
  await lab.startGuardianAgain();
  await lab.guardian.line(victim, "evacuation-ended", 150_000);
  await lab.expectEvacuated(victim, servers);
}

export const guardianKilledBeforeMoves: Scenario = {
  name: "guardian-killed-before-moves",
  shows: "the guardian killed between fence and evacuation and started again ends the job once",
  tier: "ci",
  victim: "compute-1",
  servers: 3,
  run: (lab) => killOnce(lab, () => lab.guardian.line(lab.victim, "fenced", 30_000)),
};

export const guardianKilledDuringMoves: Scenario = {
  name: "guardian-killed-during-moves",
  shows: "the guardian killed while Nova moves the servers follows them, and calls none again",
  tier: "ci",
  victim: "compute-1",
  servers: 5,
  run: (lab) =>
    killOnce(lab, () =>
      waitFor("the first evacuate call", () => lab.observer.firstCall(lab.victim), 40_000),
    ),
};

export const guardianKilledAtTheCalls: Scenario = {
  name: "guardian-killed-at-the-calls",
  shows:
    "killed as its calls leave it cannot know whether they were made: it looks for a minute first",
  tier: "all",
  victim: "compute-1",
  servers: 2,
  run: (lab) => killOnce(lab, () => lab.guardian.line(lab.victim, "moves-ordered", 30_000)),
};
