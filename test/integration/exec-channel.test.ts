/** Alerts to a program: what it gets, what its end means, and that nothing of it is left running. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createExecNotifier } from "../../guardian/shell/notify-exec.ts";
import { choom, setpriv, withoutPrivileges } from "../../guardian/shell/unprivileged.ts";
import { sleep } from "../../shared/loop.ts";
import { alertOf, look } from "../support/alert-fixture.ts";
import { failed } from "../support/channel-contract.ts";
import { hostile } from "../support/hostile-text.ts";

function programIn(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "exec channel-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = (script: string, args: readonly string[] = []) => {
    const command = join(folder, "program");
    writeFileSync(command, `#!/bin/sh\n${script}\n`);
    chmodSync(command, 0o755);
    return createExecNotifier({ name: "pager", command, args, look });
  };
  return { folder, program, file: (name: string) => join(folder, name) };
}

test("the program gets the alert as JSON and as text; exit 0 is delivered, with its first words", async (t) => {
  const { program, file } = programIn(t);
  const notifier = program(`cat > "$1"; echo "sent to 2 people"`, [file("got it")]);
  const title = hostile.join(" ");
  const delivery = await notifier.send(alertOf({ title }), 5000);
  assert.deepEqual(delivery, { kind: "delivered", answer: "sent to 2 people" });
  const got = JSON.parse(readFileSync(file("got it"), "utf8")) as {
    type: string;
    data: { title: string; dedup_key: string; links: unknown };
    text: { headline: string; body: string };
  };
  assert.equal(got.type, "guardian.alert.firing");
  assert.equal(got.data.title, title);
  assert.equal(got.data.dedup_key, alertOf().dedupKey);
  assert.deepEqual(got.data.links, {
    runbook: "https://runbooks.example.org/guardian/unproven.md",
  });
  assert.match(got.text.headline, /^\[PAGE\] /);
  assert.match(got.text.body, /^Impact: 3 servers on it\nNext: /);
});

test("exit 64, 77 and 78 are for a person to mend; all others may be tried again", async (t) => {
  const { program } = programIn(t);
  for (const [code, retryable] of [
    [1, true],
    [75, true],
    [127, true],
    [64, false],
    [77, false],
    [78, false],
  ] as const) {
    const delivery = await program(`echo "没有 token" >&2; exit ${code}`).send(alertOf(), 5000);
    assert.equal(failed(delivery).retryable, retryable, String(code));
    assert.equal(failed(delivery).reason, `pager: ended with ${code}: 没有 token`);
  }
});

test("a program that hangs is killed with all that it started", async (t) => {
  const { program, file } = programIn(t);
  const notifier = program(`(sleep 1; echo alive > "$1") &\necho waiting; sleep 30`, [
    file("left"),
  ]);
  const startedMs = performance.now();
  const delivery = failed(await notifier.send(alertOf(), 300));
  assert.ok(performance.now() - startedMs < 1000);
  assert.equal(delivery.retryable, true);
  assert.match(delivery.reason, /^pager: no end within 300 ms, killed; it said: waiting/);
  await sleep(1200);
  assert.equal(existsSync(file("left")), false, "its child was ended, too");
});

test("a program that prints without end, or does not read, is no harm", async (t) => {
  const { program } = programIn(t);
  const endless = failed(await program("yes 告警").send(alertOf(), 300));
  assert.ok(endless.reason.length < 300);
  const why = Array.from({ length: 20_000 }, () => "x".repeat(100));
  const deaf = await program("exit 0").send(alertOf({ why }), 5000);
  assert.equal(deaf.kind, "delivered");
});

test("nothing of our environment reaches it, and no shell reads its arguments", async (t) => {
  const { program, file } = programIn(t);
  process.env["GUARDIAN_TEST_SECRET"] = "s3cret";
  t.after(() => delete process.env["GUARDIAN_TEST_SECRET"]);
  const args = [file("env"), "$(touch /tmp/guardian-was-here)", "a b"];
  const notifier = program(`env > "$1"; echo "$# $3"`, args);
  assert.deepEqual(await notifier.send(alertOf(), 5000), { kind: "delivered", answer: "3 a b" });
  assert.doesNotMatch(readFileSync(file("env"), "utf8"), /s3cret/);
  assert.equal(existsSync("/tmp/guardian-was-here"), false);
});

test("a program that is not there may be tried again, and is named", async () => {
  const notifier = createExecNotifier({
    name: "pager",
    command: "/nowhere/program",
    args: [],
    look,
  });
  const delivery = failed(await notifier.send(alertOf(), 1000));
  assert.equal(delivery.retryable, true);
  assert.match(delivery.reason, /^pager: \/nowhere\/program does not start: .*ENOENT/);
});

test("the program has neither the guardian's capabilities nor its place before the kernel", () => {
  const plain = { command: "/bin/page", args: ["--to", "duty"] };
  const whole = { capabilities: true, oomScoreAdj: -900 };
  assert.deepEqual(
    withoutPrivileges(plain, whole, () => true),
    {
      command: choom,
      args: [
        "-n",
        "0",
        "--",
        setpriv,
        "--ambient-caps=-all",
        "--inh-caps=-all",
        "--",
        "/bin/page",
        "--to",
        "duty",
      ],
    },
  );
  assert.deepEqual(
    withoutPrivileges(plain, whole, () => false),
    plain,
    "as it was without the tools",
  );
  const none = { capabilities: false, oomScoreAdj: 0 };
  assert.deepEqual(
    withoutPrivileges(plain, none, () => true),
    plain,
    "nothing to give back",
  );
});

test("capabilities that a unit gives do not pass to the program, and its exit code counts", (t) => {
  const held = ["--inh-caps=+net_raw", "--ambient-caps=+net_raw", "--"];
  if (spawnSync(setpriv, [...held, "/bin/true"]).status !== 0) {
    return t.skip("setpriv is missing, or may not give a capability here");
  }
  const notifier = new URL("../../guardian/shell/notify-exec.js", import.meta.url).href;
  const script = `
    const { createExecNotifier } = await import(${JSON.stringify(notifier)});
    const { readFileSync } = await import("node:fs");
    const alert = ${JSON.stringify(alertOf())};
    const send = (script) => createExecNotifier({ name: "pager", command: "/bin/sh",
      args: ["-c", script], look: ${JSON.stringify(look)} }).send(alert, 8000);
    const caps = await send("grep -E 'Cap(Inh|Amb)' /proc/self/status | tr -d '\\n'");
    console.log(JSON.stringify({ ours: readFileSync("/proc/self/status", "utf8"), caps, wrong: await send("exit 64") }));`;
  const node = [process.execPath, "--input-type=module", "--eval", script];
  const { stdout, stderr } = spawnSync(setpriv, [...held, ...node], { encoding: "utf8" });
  assert.notEqual(stdout, "", stderr);
  const { ours, caps, wrong } = JSON.parse(stdout) as {
    ours: string;
    caps: { kind: string; answer: string };
    wrong: { retryable: boolean };
  };
  assert.match(ours, /CapAmb:\s+0*2000$/m, "the guardian has it");
  assert.equal(caps.kind, "delivered");
  assert.match(caps.answer, /CapInh:\s*0+ *CapAmb:\s*0+$/);
  assert.equal(wrong.retryable, false);
});
