import type { Lab, Scenario } from "../lab.ts";

/** Kills it at this log line, starts it again on the same journal, expects the job ended once. */
async function killAt(lab: Lab, event: string): Promise<void> {
  const { victim, servers } = lab;
  await lab.fault("power_loss", victim);
  await lab.guardian.line(victim, event, 30_000);
  await lab.guardian.end("SIGKILL");
  lab.say(`killed at "${event}"; ${lab.observer.calls()} evacuate calls seen so far`);
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
  run: (lab) => killAt(lab, "fenced"),
};

export const guardianKilledDuringMoves: Scenario = {
  name: "guardian-killed-during-moves",
  shows: "the guardian killed as its evacuate calls leave moves no server a second time",
  tier: "ci",
  victim: "compute-1",
  servers: 5,
  run: (lab) => killAt(lab, "moves-ordered"),
};
