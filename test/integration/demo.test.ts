/** npm run demo, end to end: what people see first must work, say so, and leave nothing behind. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { readRecordingText } from "../../guardian/shell/recording-file.ts";
import { selfCheck, type Facts } from "../demo/self-check.ts";
import { createTerminal, wrap } from "../demo/terminal.ts";

const main = new URL("../demo/main.js", import.meta.url).pathname;

interface Ended {
  readonly output: string;
  readonly code: number | null;
  readonly sinceLastLineMs: number;
}

/** Runs it as a person would; `onOutput` may end it. */
async function runDemo(
  args: readonly string[],
  onOutput: (output: string, stop: () => void) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  let lastMs = performance.now();
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    lastMs = performance.now();
    onOutput(output, () => child.kill("SIGINT"));
    // The terminal sends it to every process, and npm passes it on: it comes twice.
    if (output.includes("stopped")) child.kill("SIGINT");
  });
  const patience = setTimeout(() => child.kill("SIGKILL"), 70_000);
  await once(child, "exit");
  clearTimeout(patience);
  return { output, code: child.exitCode, sinceLastLineMs: performance.now() - lastMs };
}

function directoryOf(output: string): string {
  const found = /files: (\S*guardian-demo-\S+)/.exec(output)?.[1];
  assert.ok(found, output);
  return found;
}

function collectorOf(output: string): number {
  return Number(/collector: pid (\d+)/.exec(output)?.[1]);
}

function assertNothingLeft(output: string): void {
  assert.equal(existsSync(directoryOf(output)), false, "its directory is gone");
  const pid = collectorOf(output);
  assert.ok(pid > 0);
  assert.throws(() => process.kill(pid, 0), /ESRCH/, "its collector is gone");
}

/** `guardian replay` of the evacuated host, asked of the demo's guardian while it runs. */
async function replayOf(directory: string, into: string): Promise<Replayed> {
  const verb = ["replay", "i1-compute-3", "--save", join(into, "kept.ndjson")];
  const program = new URL("../../guardian/main.js", import.meta.url).pathname;
  const socket = ["--socket", join(directory, "guardian.sock")];
  const secrets = ["bmc-password", "token", "live-view-token", "webhook-key"].map((name) =>
    readFileSync(join(directory, name), "utf8").trim(),
  );
  const child = spawn(process.execPath, [program, ...socket, ...verb], { stdio: "pipe" });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  await once(child, "exit");
  const { chunks } = readRecordingText(readFileSync(join(into, "kept.ndjson"), "utf8"));
  const recorded = chunks.map(({ body }) => inflateRawSync(body).toString("utf8")).join("\n");
  return { printed, recorded, secrets };
}

interface Replayed {
  readonly printed: string;
  readonly recorded: string;
  readonly secrets: readonly string[];
}

interface Front {
  readonly html: string;
  /** How the token is answered, by path. */
  readonly statuses: readonly number[];
  readonly demo: string;
}

/** The page at the address that was printed, and what its token may look at. */
async function frontOf(output: string): Promise<Front> {
  const [, url = "", token = ""] = /(http:\/\/127\.0\.0\.1:\d+\/)#token=(\S+)/.exec(output) ?? [];
  const headers = { authorization: `Bearer ${token}` };
  const html = await (await fetch(url)).text();
  const answers = await Promise.all(
    ["hosts", "demo"].map((path) => fetch(`${url}api/v1/${path}`, { headers })),
  );
  const [, demo = ""] = await Promise.all(answers.map((answer) => answer.text()));
  return { html, statuses: answers.map(({ status }) => status), demo };
}

test("both stories come to their end, every check passes, nothing is left", async (t) => {
  const into = mkdtempSync(join(tmpdir(), "demo-replay-"));
  t.after(() => rmSync(into, { recursive: true }));
  let replaying: Promise<Replayed> | undefined;
  let front: Promise<Front> | undefined;
  const { output, code, sinceLastLineMs } = await runDemo(["--fast"], (seen) => {
    if (seen.includes("#token=")) front ??= frontOf(seen);
    if (seen.includes("last server ACTIVE")) replaying ??= replayOf(directoryOf(seen), into);
  });
  assert.equal(code, 0, output);
  const { html, statuses, demo } = (await front) ?? { html: "", statuses: [], demo: "" };
  assert.match(html, /<html lang="en" data-demo>/);
  assert.deepEqual(statuses, [200, 200], "the token that is printed lets one in");
  assert.match(demo, /"fault":"rack-switch","targets":\["A","B"\]/);
  const replayed = await replaying;
  assert.match(replayed?.printed ?? "", /order: power off bmc[^]*: identical\n$/);
  assert.ok((replayed?.recorded.length ?? 0) > 10_000 && replayed?.secrets.length === 4);
  for (const secret of replayed.secrets) {
    assert.ok(secret.length >= 6 && !replayed.recorded.includes(secret), "no secret is recorded");
  }
  const lines = output.trimEnd().split("\n");
  for (const line of lines) {
    assert.match(line, /^\[ *\d+\.\d s\] ./);
    assert.ok(line.length <= 100, `${line.length} columns: ${line}`);
    assert.ok(!line.includes("\u001b"), "no colours where nobody looks");
  }
  assert.match(output, /here a UDP echo stands in for ICMP, which needs privileges/);
  assert.match(output, /compute-3: .* -> dead \(row 14\)/);
  assert.match(output, /compute-5 is left alone: it answers pings on one network and not on/);
  for (const step of ["verdict: dead", "fence confirmed", "first evacuate", "last server ACTIVE"]) {
    const seconds = Number(new RegExp(`\\| ${step}[^|]*\\| +([\\d.]+) \\|`).exec(output)?.[1]);
    assert.ok(seconds > 2 && seconds < 20, `${step}: ${seconds} s`);
    t.diagnostic(`${step}: ${seconds} s after the power loss`);
  }
  assert.equal(output.match(/\| vm-3-\d \| compute-3 \| compute-[124-8] \| ACTIVE \|/g)?.length, 5);
  assert.equal(output.match(/ check +ok /g)?.length, 6);
  const stamps = lines.map((line) => Number(/[\d.]+/.exec(line)?.[0]));
  const gaps = stamps.slice(1).map((stamp, at) => stamp - (stamps[at] ?? 0));
  assert.ok(Math.max(...gaps) < 4, `progress at least every two seconds: ${Math.max(...gaps)} s`);
  assertNothingLeft(output);
  assert.ok(sinceLastLineMs < 2000, `exits at once: ${sinceLastLineMs} ms`);
});

test("Ctrl-C in the middle: it says so, ends with 130, leaves nothing", async () => {
  let asked = false;
  const { output, code } = await runDemo(["--fast"], (seen, stop) => {
    if (asked || !seen.includes("all hosts seen healthy")) return;
    asked = true;
    stop();
  });
  assert.equal(code, 130, output);
  assert.match(output, /demo +stopped\n$/);
  assertNothingLeft(output);
});

test("an option that it does not know: usage, and 2", async () => {
  assert.equal((await runDemo(["--slow"])).code, 2);
  assert.equal((await runDemo(["--once", "--page"])).code, 2);
});

const good: Facts = {
  lost: {
    host: "compute-3",
    servers: [
      { name: "a", host: "compute-1", status: "ACTIVE" },
      { name: "b", host: "compute-2", status: "ACTIVE" },
    ],
    alerts: 3,
  },
  cut: {
    host: "compute-5",
    verdict: "isolated",
    power: "on",
    offOrders: 0,
    evacuations: 0,
    forcedDown: false,
    disabled: false,
  },
  doubleStarts: 0,
  forged: 0,
  totalMs: 40_000,
};

test("with --page it stays, what is broken is acted on, and Ctrl-C ends it", async () => {
  let broken: Promise<string> | undefined;
  const { output, code } = await runDemo(["--page", "--fast"], (seen, stop) => {
    if (seen.includes("goes on until Ctrl-C")) broken ??= breakOne(seen);
    if (/compute-2: \w+ -> isolated/.test(seen)) stop();
  });
  assert.equal(await broken, "200 409 409", "broken; not twice; and no host of another name");
  assert.match(output, /world +the management network of compute-2 fails for 60 s/);
  assert.equal(code, 0, output);
  assert.match(output, /demo +stopped\n/);
  assertNothingLeft(output);
});

/** As the page asks for it. */
async function breakOne(output: string): Promise<string> {
  const [, url = "", token = ""] = /(http:\/\/127\.0\.0\.1:\d+\/)#token=(\S+)/.exec(output) ?? [];
  const post = async (fault: string, target: string): Promise<number> => {
    const response = await fetch(`${url}api/v1/demo/break`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ fault, target, reason: "tried out" }),
    });
    return response.status;
  };
  const statuses = [
    await post("glitch", "compute-2"),
    await post("power-loss", "compute-2"),
    await post("power-loss", "compute-99"),
  ];
  return statuses.join(" ");
}

function failing(changes: Partial<Facts>): readonly string[] {
  const checks = selfCheck({ ...good, ...changes });
  return checks.filter(({ pass }) => !pass).map(({ name, found }) => `${name}: ${found}`);
}

test("each check fails for its own reason, and says which", () => {
  const { lost, cut } = good;
  const [a, b] = lost.servers;
  assert.ok(a && b);
  assert.deepEqual(failing({}), []);
  const elsewhere = "every server of compute-3 runs elsewhere";
  for (const wrong of [{ host: "compute-3" }, { status: "REBUILD" }, { status: "ERROR" }]) {
    const servers: Facts["lost"]["servers"] = [a, { ...b, ...wrong }];
    assert.deepEqual(failing({ lost: { ...lost, servers } }), [`${elsewhere}: 1 of 2`]);
  }
  assert.deepEqual(failing({ lost: { ...lost, servers: [] } }), [`${elsewhere}: 0 of 0`]);
  assert.deepEqual(failing({ doubleStarts: 1 }), ["no server was started twice: 1 double starts"]);
  const told = "people were told of compute-3 by a signed webhook";
  assert.deepEqual(failing({ lost: { ...lost, alerts: 0 } }), [`${told}: 0 alerts, 0 forged`]);
  assert.deepEqual(failing({ forged: 1 }), [`${told}: 3 alerts, 1 forged`]);
  const untouched = "compute-5 was neither fenced nor evacuated";
  const acts = [
    [{ offOrders: 1 }, "1 off orders"],
    [{ power: "off" }, "its power is off"],
    [{ evacuations: 2 }, "2 evacuations"],
    [{ forcedDown: true }, "forced down"],
    [{ disabled: true }, "disabled"],
  ] as const;
  for (const [act, found] of acts) {
    assert.deepEqual(failing({ cut: { ...cut, ...act } }), [`${untouched}: ${found}`]);
  }
  assert.deepEqual(failing({ cut: { ...cut, verdict: "silent" } }), [
    "compute-5 was judged isolated: silent",
  ]);
  assert.deepEqual(failing({ totalMs: 60_001 }), ["it all took less than 60 s: 60.0 s"]);
});

test("lines are wrapped at words and keep their indent; colour only when asked for", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "  three"]);
  assert.deepEqual(wrap("  one two three", 9), ["  one two", "    three"]);
  assert.deepEqual(wrap("averylongword b", 5), ["averylongword", "  b"]);
  const written = (colors: boolean): string => {
    let text = "";
    createTerminal({ colors, write: (more) => (text += more) }).say("demo", "hello", "good");
    return text;
  };
  assert.match(written(false), /^\[ *[\d.]+ s\] demo +hello\n$/);
  assert.ok(written(true).startsWith("\u001b[32m[") && written(true).endsWith("\u001b[0m\n"));
});
