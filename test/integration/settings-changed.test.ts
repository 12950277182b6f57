/** Limits that are changed while the guardian runs, over the API and by the command line. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { settingLines } from "../../guardian/api/settings-shown.ts";
import { readGuardianConfig } from "../../guardian/config.ts";
import { apiFixture } from "../support/api-fixture.ts";
import { cli } from "../support/run-cli.ts";

const path = "/api/v1/settings";

async function fixture(t: TestContext) {
  const given = { collectors: [{ id: "c1" }], networks: { management: {} } };
  const loaded = readGuardianConfig(JSON.stringify(given), {});
  assert.ok(loaded.kind === "config");
  const made = await apiFixture(t, { parts: { settings: settingLines(loaded.config, given, {}) } });
  const line = async (key: string) => {
    const { body } = await made.ask("GET", path, "viewer");
    return (body as readonly Record<string, string>[]).find((one) => one["key"] === key);
  };
  return { ...made, line };
}

test("a limit is set, shown with who, when and why, kept in the audit log, and given back", async (t) => {
  const { ask, line, core } = await fixture(t);
  const words = { reason: "switches are upgraded", "limits.silentAfter": "15s" };
  const set = await ask("POST", path, "admin", words);
  assert.equal(set.status, 200, set.text);
  const changed = { key: "limits.silentAfter", value: "15s", before: "5s", configured: "5s" };
  assert.deepEqual((set.body as { changed: unknown }).changed, [changed]);
  assert.equal(core.state.settings.limits.silentAfterMs, 15_000);
  const shown = await line("limits.silentAfter");
  assert.equal(shown?.["value"], "15s");
  assert.match(
    shown["origin"] ?? "",
    /^changed while running by token admin \(admin\) at \d{4}-.* UTC: switches are upgraded; default: 5s$/,
  );
  assert.match((await ask("GET", "/metrics", "viewer")).text, /^guardian_limits_changed 1$/m);
  const { body } = await ask("GET", "/api/v1/audit", "viewer");
  const [row] = body as readonly Record<string, string>[];
  assert.equal(row?.["action"], "setting set");
  assert.match(row["result"] ?? "", /"before":"5s"/);
  const back = { reason: "done", "limits.silentAfter": "configured" };
  assert.equal((await ask("POST", path, "admin", back)).status, 200);
  assert.equal((await line("limits.silentAfter"))?.["origin"], "default");
});

test("what cannot be changed is named, and nothing of what was asked together counts", async (t) => {
  const { ask, line, core } = await fixture(t);
  const words = {
    reason: "x",
    "limits.silentAfter": "1s",
    "limits.movesAtOnce": "many",
    "limits.moveAttempts": "11",
    "limits.stormShare": "0.2",
    "limits.moveSlow": "2s",
  };
  const refused = await ask("POST", path, "admin", words);
  assert.equal(refused.status, 400);
  const named = (refused.body as { errors: readonly { at: string }[] }).errors.map(({ at }) => at);
  assert.deepEqual(named.sort(), [
    "limits.moveAttempts",
    "limits.movesAtOnce",
    "limits.silentAfter",
    "limits.stormShare",
  ]);
  assert.match(refused.detail, /limits.silentAfter: "1s" is less than 4s/);
  assert.match(refused.detail, /limits.stormShare: 0.2 is more than 0.1/);
  assert.deepEqual(core.state.settings, core.settings);
  const brake = await ask("POST", path, "admin", { reason: "x", "limits.fencesPerHour": "9" });
  assert.equal(brake.status, 409);
  for (const key of ["mode", "confirmBy", "limits.repeatPage", "__proto__"]) {
    const answer = await ask("POST", path, "admin", `{"reason":"x","${key}":"1s"}`);
    assert.equal(answer.status, 400, key);
  }
  assert.equal((await ask("POST", path, "admin", { reason: "x" })).status, 400, "nothing named");
  assert.equal((await ask("POST", path, "operator", words)).status, 403);
  assert.equal((await line("mode"))?.["changeable"], "no");
  assert.equal((await line("limits.stormShare"))?.["changeable"], "stricter");
  assert.equal((await line("limits.silentAfter"))?.["changeable"], "yes");
});

test("the command line sets several together, and resets them", async (t) => {
  const { port, core, token, tokensFile } = await fixture(t);
  const tokenFile = `${tokensFile}.admin`;
  writeFileSync(tokenFile, token("admin"), { mode: 0o600 });
  const way = ["--api", `http://127.0.0.1:${port}`, "--token-file", tokenFile, "setting"];
  const [suspect, silent] = ["limits.suspectAfter", "limits.silentAfter"];
  const because = ["--reason", "upgrade"];
  const alone = await cli(...way, "set", suspect, "8s", ...because);
  assert.match(String(alone.code), /limits.silentAfter: must be more than limits.suspectAfter/);
  const both = await cli(...way, "set", suspect, "8s", silent, "12s", ...because);
  assert.equal(both.code, 0);
  assert.deepEqual(
    [core.state.settings.limits.suspectAfterMs, core.state.settings.limits.silentAfterMs],
    [8000, 12_000],
  );
  const odd = await cli(...way, "set", suspect, "8s", silent, ...because);
  assert.match(String(odd.code), /limits.silentAfter has no value/);
  assert.equal((await cli(...way, "reset", suspect, silent, ...because)).code, 0);
  assert.deepEqual(core.state.settings, core.settings);
});
