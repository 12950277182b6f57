/** A mutant for each promise of the design by its number: the core with the part broken that keeps it. */
import { appending, core, replacing, type Change, type Mutant } from "./mutant.ts";

/** Promises that are kept outside the reducer, or that nothing in it could break. */
export const noMutant: Readonly<Record<number, string>> = {
  27: "secrets are in adapters: ipmi.test, redfish.test and notify.test",
  28: "a property of the process, not of the reducer",
};

const broken: Readonly<Record<number, readonly [string, ...Change[]]>> = {
  1: [
    "moves begin without a look at the proof",
    replacing(
      core("evacuation"),
      "if (!proofStands(proof, host.host, state.now))\n        return state;",
      "",
    ),
    replacing(
      core("evacuation"),
      "phase?.moves === undefined || incident === undefined || proof === undefined",
      "phase?.moves === undefined || incident === undefined",
    ),
    replacing(
      core("evacuation"),
      "assertMayMove(state, host, phase, proof.obtainedAt)",
      "assertMayMove(state, host, phase, Infinity)",
    ),
    replacing(
      core("evacuation"),
      "invariant(proofStands(phase.proof, host.host, state.now), `no live proof for ${host.host}`);",
      "",
    ),
  ],
  2: [
    "a device that does not answer is off",
    replacing(core("power"), 'return plainWords["no-answer"];', "return plainWords.off;"),
  ],
  3: [
    "two readings may be of one moment",
    replacing(core("fencing"), "const readingsApartMs = 1000;", "const readingsApartMs = 0;"),
  ],
  4: [
    "every device counts as verified",
    replacing(
      core("verification"),
      "function reasonFor({ pinned, vouchedBy, rehearsed, unverified }, known, twin) {",
      "function reasonFor({ pinned, vouchedBy, rehearsed, unverified }, known, twin) { if (pinned !== undefined) return undefined;",
    ),
  ],
  5: [
    "a proof lives two minutes",
    replacing(core("settings"), "proofMs: 30_000", "proofMs: 120_000"),
  ],
  6: [
    "no sign of life revokes a proof",
    replacing(
      core("proof-keeping"),
      "const life = signOfLife(state, host, phase);",
      "const life = undefined;",
    ),
  ],
  7: [
    "a host that is forced down counts as off",
    replacing(
      core("fencing"),
      'if (word.power !== "off")',
      'if (word.power !== "off" && host.service?.service.forcedDown !== true)',
    ),
  ],
  8: [
    "what reads off is not read once more",
    replacing(core("fencing"), " || last.askedAt < command.answeredAt", ""),
  ],
  9: [
    "nobody is told of a host that cannot be fenced",
    replacing(core("host-alerts"), 'case "15":', 'case "15": return undefined; case "never":'),
    replacing(core("host-alerts"), "if (unattended(state, host, phase))", "if (false)"),
    replacing(
      core("host-alerts"),
      'else if (phase?.kind === "fencing" && phase.lastFailure !== undefined) {',
      'else if (phase?.kind === "fencing") {\n    }\n    else if (false) {',
    ),
  ],
  10: [
    "a host that answers pings on one network counts as silent on all",
    replacing(
      core("reverse-ping"),
      'return { signal: isSilent ? "none" : "some", enough };',
      'return { signal: "none", enough };',
    ),
    replacing(
      core("witness-gates"),
      "export function reversePingGate(",
      'export function reversePingGate() { return { gate: "reverse ping", pass: true, value: "", operator: "=", limit: "" }; }\nfunction neverAsked(',
    ),
  ],
  11: [
    "our eyes are never in doubt",
    replacing(
      core("signals"),
      'eyes: sees && state.round.doubts.length === 0 ? "good" : "doubt"',
      'eyes: "good"',
    ),
    replacing(
      core("gates"),
      "return [...state.round.parts.map((part) => part.describe()), ...eyesOn(state, host)];",
      "return [];",
    ),
  ],
  12: [
    "ages are taken from the hosts' wall clocks",
    replacing(
      core("freshness"),
      "const vouchedMs = Math.max(0, track.watermark.monoMs - row.arrivalMs);\n    // Between",
      "const vouchedMs = Math.max(0, now - 50_000 - (row.sentWallMs - 1_780_000_000_000));\n    // Between",
    ),
  ],
  13: [
    "there is no grace after a start",
    replacing(core("gates"), "pass: seen || watched || resumed,", "pass: true,"),
  ],
  14: [
    "an older report counts as a new one",
    replacing(core("reports"), "if (sameEpoch && before.arrivalMs >= row.arrivalMs)", "if (false)"),
    replacing(
      core("reports"),
      "if (host.lifeAt !== undefined && arrivedAt < host.lifeAt)",
      "if (false)",
    ),
  ],
  15: [
    "a reading whose answer was lost is waited for, for ever",
    replacing(
      core("power"),
      "askedAt !== undefined && now - askedAt < deadlineMs + 1000",
      "askedAt !== undefined",
    ),
  ],
  16: [
    "a storm begins three hosts later",
    replacing(
      core("census"),
      "return Math.max(1, Math.floor(state.settings.limits.stormShare * scope));",
      "return 3 + Math.max(1, Math.floor(state.settings.limits.stormShare * scope));",
    ),
  ],
  17: [
    "any number of hosts an hour",
    replacing(core("storm-gates"), "pass: value < limit,", "pass: true,"),
  ],
  18: [
    "a living host is fenced whether its servers fit or not",
    replacing(core("destination-gates"), "pass: fits || !living,", "pass: true,"),
  ],
  19: [
    "nobody's hands are off: maintenance, others' marks, holds",
    replacing(core("policy-gates"), "pass: maintenance === undefined,", "pass: true,"),
    replacing(core("policy-gates"), "pass: !stopped,", "pass: true,"),
    replacing(core("gates"), 'pass: by.kind !== "others",', "pass: true,"),
  ],
  20: [
    "marks carry the first epoch for ever",
    replacing(core("marks"), "epoch ${state.epoch} incident", "epoch 1 incident"),
  ],
  21: [
    "what was ordered before a crash is ordered again",
    replacing(
      core("remembered"),
      "state: { ...state, at: now, inherited: state.unanswered !== true },",
      'state: { kind: "planned", latestRecord: state.latestRecord },',
    ),
  ],
  22: [
    "three starts in ten minutes change nothing",
    replacing(core("guardian"), "if (recent < restartsToDisarm)", "if (true)"),
  ],
  23: [
    "a call that Nova shows no record of is made again",
    replacing(
      core("moves"),
      'move.state.kind === "ordered" && move.state.inherited && untouched',
      "untouched",
    ),
  ],
  24: [
    "moves begin before the host is forced down",
    replacing(
      core("evacuation"),
      'if (phase.forcedDown.kind !== "done" && phase.undoneBy === undefined)\n        return state;\n    if (phase.lookedAt',
      "if (phase.lookedAt",
    ),
    replacing(
      core("evacuation"),
      'if (phase.forcedDown.kind !== "done")\n        return state;\n    if (phase.disabled.kind',
      "if (phase.disabled.kind",
    ),
    replacing(
      core("evacuation"),
      'invariant(phase.forcedDown.kind === "done", `${host.host} is not forced down`);',
      "",
    ),
  ],
  25: [
    "a host that we fenced is enabled again by us",
    replacing(
      core("degraded"),
      'if (phase === "evacuating" || phase === "ended") {',
      "if (false) {",
    ),
    replacing(core("degraded"), "assessment.row === healthyRow &&", ""),
  ],
  26: [
    "servers with local disks are moved too",
    replacing(
      core("move-plan"),
      "if (!server.volumeBacked && !state.settings.instancesShared) {",
      "if (false) {",
    ),
  ],
  29: [
    "one device is read at a time",
    replacing(
      core("guardian"),
      "const read = dueReadings(state, pinged, out, { everyMs, urgent: acting }, answeredAt);",
      "const read = isAnotherRead(state, host) ? pinged : dueReadings(state, pinged, out, { everyMs, urgent: acting }, answeredAt);",
    ),
    appending(
      core("guardian"),
      `function isAnotherRead(state, host) {
  for (const other of state.hosts.values()) {
    if (other.host === host.host) continue;
    for (const track of other.devices.values()) if (track.askedAt !== undefined) return true;
  }
  return false;
}`,
    ),
  ],
  30: [
    "a planned move breaks an assertion",
    replacing(core("evacuation"), "invariant(obtainedAt > life,", "invariant(obtainedAt < life,"),
  ],
};

export const invariantMutants: readonly Mutant[] = Object.entries(broken).map(
  ([number, [what, ...changes]]) => ({ name: `invariant ${number}: ${what}`, changes }),
);
