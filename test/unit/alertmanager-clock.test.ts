/** An Alertmanager takes what ends in its past for over, and says 200: its clock is compared with ours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeAlertmanager } from "../../guardian/channels/alertmanager.ts";

const hourMs = 3_600_000;
const wallMs = Date.UTC(2026, 10, 24);

function judged(theirs: number | undefined) {
  const date = theirs === undefined ? undefined : new Date(theirs).toUTCString();
  return judgeAlertmanager({ status: 200, headers: { date }, body: "" }, wallMs, hourMs);
}

test("one whose clock is ahead by more than alerts last has not been told", () => {
  const late = judged(wallMs + hourMs);
  assert.ok(late.kind === "undelivered" && late.retryable);
  assert.match(
    late.reason,
    /our clock is 60 min behind its own, endAfter is 60 min.*set the clock/,
  );
});

test("one a little ahead, behind, or without a date has", () => {
  for (const theirs of [wallMs + hourMs - 1000, wallMs, wallMs - 10 * hourMs, undefined]) {
    assert.equal(judged(theirs).kind, "delivered");
  }
});
