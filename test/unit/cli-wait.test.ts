/** Waiting for what was asked for: what is said meanwhile, when it has come, when it will not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cameHome,
  disarmed,
  rehearsed,
  serverAfter,
  waitUntil,
  type Look,
} from "../../guardian/cli-wait.ts";

type Shown = Readonly<Record<string, unknown>>;

async function waited(
  judge: (record: Shown) => Look,
  records: readonly (Shown | Error)[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly said: readonly string[]; readonly failed: string }> {
  const said: string[] = [];
  let at = 0;
  const shown = (): Promise<unknown> => {
    const record = records[Math.min(at, records.length - 1)];
    at += 1;
    return record instanceof Error ? Promise.reject(record) : Promise.resolve(record);
  };
  const note = (text: string): void => void said.push(text);
  const failed = await waitUntil({ shown, note, everyMs: 1 }, "/x", options, judge).then(
    () => "",
    (error: unknown) => String(error),
  );
  return { said, failed };
}

const vm = { name: "vm", status: "ACTIVE", host: "c1", task: "", locked: "no" };

test("each order is waited for by what Nova shows of the server", async () => {
  for (const [order, before, after] of [
    ["stop", { task: "powering-off" }, { status: "SHUTOFF" }],
    ["start", { status: "SHUTOFF" }, {}],
    ["pause", {}, { status: "PAUSED" }],
    ["unpause", { status: "PAUSED" }, {}],
    ["suspend", { task: "suspending" }, { status: "SUSPENDED" }],
    ["resume", { status: "SUSPENDED", task: "resuming" }, {}],
    ["reboot", { status: "REBOOT", task: "rebooting" }, {}],
    ["lock", {}, { locked: "yes" }],
    ["unlock", { locked: "yes" }, {}],
    ["live-migrate", { status: "MIGRATING", task: "migrating" }, { host: "c2" }],
  ] as const) {
    const { said, failed } = await waited(serverAfter(order, "c1"), [
      { ...vm, ...before },
      { ...vm, ...before },
      { ...vm, ...after },
    ]);
    assert.equal(failed, "", order);
    assert.equal(said.length, 2, `${order}: ${said.join("; ")}`);
  }
  const gone = new Error("Nova knows no server 1111");
  assert.deepEqual(await waited(serverAfter("delete", ""), [vm, gone]), {
    said: ["vm is ACTIVE on c1", "Nova knows no server 1111"],
    failed: "",
  });
});

test("what fails is said at once: in error, gone, not moved", async () => {
  const broken = await waited(serverAfter("start", ""), [{ ...vm, status: "ERROR" }]);
  assert.match(broken.failed, /vm is ERROR on c1: see what Nova says of it/);
  const gone = await waited(serverAfter("stop", ""), [new Error("Nova knows no server 1111")]);
  assert.match(gone.failed, /knows no server/);
  const stayed = await waited(serverAfter("live-migrate", "c1"), [
    { ...vm, task: "migrating" },
    vm,
  ]);
  assert.match(stayed.failed, /it was not moved; see Nova's migrations/);
  const away = await waited(serverAfter("stop", ""), [new Error("the guardian: no answer")]);
  assert.match(away.failed, /no answer/);
});

test("patience ends, and says that it goes on without us", async () => {
  const slow = [{ ...vm, task: "suspending" }];
  const late = await waited(serverAfter("suspend", ""), slow, { timeout: "3ms" });
  assert.match(late.failed, /vm is ACTIVE on c1, suspending, after 0.003 s; it goes on without us/);
  assert.equal(late.said.length, 1, "said once");
  const odd = await waited(serverAfter("suspend", ""), slow, { timeout: "soon" });
  assert.match(odd.failed, /--timeout soon: such as 5m/);
});

test("disarming, a rehearsal and a way home are waited for by the guardian's own word", async () => {
  const disarming = { arming: "disarming", underWay: ["c1", "c2"] };
  assert.deepEqual((await waited(disarmed, [disarming, { arming: "disarmed" }])).said, [
    "disarming: under way on c1, c2",
    "disarmed",
  ]);
  const steps = ["looking", "off", ""].map((rehearsal) => ({ host: "c1", rehearsal }));
  const { said } = await waited(rehearsed, steps);
  assert.deepEqual(said, [
    "c1: rehearsal, looking",
    "c1: rehearsal, off",
    "c1: rehearsed; see: guardian doctor",
  ]);
  const failed = { host: "c1", rehearsal: "failed: it did not fall silent" };
  assert.match((await waited(rehearsed, [failed])).failed, /rehearsal failed: it did not fall/);
  const way = { host: "c1", incident: "i1", home: "switching on" };
  const home = { host: "c1", incident: "", home: "", verdict: "healthy" };
  assert.deepEqual((await waited(cameHome, [{ ...way, home: "" }, way, home])).said, [
    "c1: its moves go on",
    "c1: switching on",
    "c1 is home: healthy",
  ]);
  assert.match((await waited(cameHome, [{ ...way, home: "stopped: x" }])).failed, /stopped: x/);
});
