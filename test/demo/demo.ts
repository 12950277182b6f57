/**
 * The demo from its first line to its last check: a collector process, the guardian with its real
 * adapters and a simulated cloud on loopback; two stories; then what must be true of them.
 */
import { describeError } from "../../shared/errors.ts";
import { createLifecycle, type Lifecycle } from "../../shared/lifecycle.ts";
import { sleep } from "../../shared/loop.ts";
import {
  createCollectorFixture,
  type CollectorFixture,
  type StartedCollector,
} from "../support/collector-fixture.ts";
import type { ReceivedWebhook } from "../support/webhook-receiver.ts";
import { startCloud, startProbes, type DemoCloud } from "./cloud.ts";
import { createFaults, type Faults } from "./faults.ts";
import { faultRoutes } from "./fault-routes.ts";
import { evacuationsFrom, tellManagementCut, type ManagementCut } from "./management-cut.ts";
import { repair, showPowerLoss, tellPowerLoss, type PowerLoss } from "./power-loss.ts";
import { startGuardian, type LogLine } from "./running-guardian.ts";
import { selfCheck, type Facts } from "./self-check.ts";
import { showHosts, wait, type Heard, type HeardAlert, type Pace, type Stage } from "./stage.ts";
import type { Terminal } from "./terminal.ts";

export interface DemoOptions {
  readonly terminal: Terminal;
  /** Both stories and the checks; else the page alone. */
  readonly stories: boolean;
  /** Leaves everything running afterwards, until the signal. */
  readonly stays: boolean;
  /** The least limits that the configuration allows, and less watching. */
  readonly fast: boolean;
  readonly mode: "observe" | "act";
  readonly signal: AbortSignal;
}

const paces = {
  full: { healthyMs: 11_000, watchMs: 8000 },
  fast: { healthyMs: 6000, watchMs: 4000 },
};
/** A failed self-check counts after a minute by default: nobody waits so long for a demo. */
const demoLimits = { checkDown: "5s" };
const fastLimits = { ...demoLimits, suspectAfter: "2s", silentAfter: "4s", graceFresh: "5s" };

/** Runs it all and cleans up; returns the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { terminal, signal } = options;
  const lifecycle = createLifecycle();
  let code = 1;
  try {
    greet(options);
    const stage = await setStage(options, lifecycle);
    await waitForHealth(stage);
    code = options.stories ? await play(stage) : 0;
    if (options.stays) await stayUp(stage);
  } catch (error) {
    code = signal.aborted ? 130 : 1;
    if (signal.aborted) terminal.say("demo", "stopped");
    else terminal.say("demo", `failed: ${explain(error)}`, "bad");
  } finally {
    for (const problem of await lifecycle.stop()) {
      terminal.say("demo", `not stopped in order: ${problem}`, "bad");
      code = 1;
    }
  }
  return code;
}

function greet({ terminal, fast, mode }: DemoOptions): void {
  const say = (text: string): void => terminal.say("demo", text);
  terminal.say("demo", "compute guardian: a cloud of eight compute hosts on this machine", "loud");
  say(
    "real: signed UDP reports, the collector (a process of its own) and its SQLite store, the " +
      `guardian in mode ${mode}, its journal, Nova client, Redfish driver and signed webhook`,
  );
  say("simulated: the hosts and their servers, Keystone and Nova, the power devices (BMCs)");
  say("reverse ping: here a UDP echo stands in for ICMP, which needs privileges");
  if (!fast) say("a failed self-check counts after 5 s here; the default is a minute");
  if (fast) {
    const limits = Object.entries(fastLimits).map(([name, value]) => `${name} ${value}`);
    say(`fast: the least limits that the configuration allows (${limits.join(", ")})`);
  }
}

async function setStage(options: DemoOptions, lifecycle: Lifecycle): Promise<Stage> {
  const { terminal, fast, signal } = options;
  const fixture = createCollectorFixture(undefined, "guardian-demo-");
  lifecycle.onStop("directory", () => fixture.remove());
  const cloud = await startCloud(lifecycle);
  // Its page draws them: more often than a cloud would store them.
  const env = { ...process.env, GUARDIAN__STORE__SAMPLES_EVERY: "2s" } as Record<string, string>;
  const collector = await fixture.start({ env });
  lifecycle.onStop("collector", async () => {
    await collector.process.end("SIGTERM");
  });
  startProbes(cloud, { port: collector.port, keyOf: (host) => fixture.keyOf(host) }, lifecycle);
  const seen = new Set<string>();
  const heard: Heard[] = [];
  const alerts: HeardAlert[] = [];
  const pace: Pace = fast ? paces.fast : paces.full;
  let faults: Faults | undefined;
  const guardian = await startGuardian(
    {
      directory: fixture.directory,
      mode: options.mode,
      cloud,
      collector: { ...fixture, livePort: collector.livePort },
      limits: fast ? fastLimits : demoLimits,
      addedRoutes: faultRoutes(() => {
        if (faults === undefined) throw new Error("the demo is not ready");
        return faults;
      }),
      onLine: (line) => {
        heard.push({ atMs: terminal.nowMs(), line });
        // How each host was first seen is not said: the first table shows it.
        if (line.event !== "verdict" || seen.size === cloud.hosts.length) sayLine(terminal, line);
        if (line.host !== undefined && / -> healthy /.test(line.text)) seen.add(line.host);
      },
      onWebhook: (webhook) => {
        const alert = readAlert(webhook, terminal.nowMs());
        alerts.push(alert);
        sayAlert(terminal, alert);
      },
    },
    lifecycle,
  );
  faults = createFaults({
    cloud,
    say: (actor, text) => terminal.say(actor, text, actor === "world" ? "bad" : "plain"),
    verdictOf: async (host) => (await guardian.explain(host)).verdict,
    release: (host) => guardian.release(host),
    signal,
  });
  sayWhere(terminal, fixture, collector, cloud);
  sayPage(terminal, guardian.pageUrl);
  return { terminal, cloud, guardian, pace, heard, alerts, signal };
}

function sayWhere(
  terminal: Terminal,
  fixture: CollectorFixture,
  collector: StartedCollector,
  cloud: DemoCloud,
): void {
  const { pid } = collector.process;
  terminal.say("demo", `collector: pid ${pid}, UDP 127.0.0.1:${collector.port}`);
  terminal.say(
    "demo",
    `Keystone and Nova: ${cloud.openstack.authUrl}; files: ${fixture.directory}`,
  );
}

function sayPage(terminal: Terminal, url: string): void {
  terminal.say("demo", "the web page, on this machine alone; break something there:");
  terminal.link(url);
}

function sayLine(terminal: Terminal, { level, event, host, text }: LogLine): void {
  if (event === "running") return;
  const tone = level === "error" ? "bad" : "plain";
  terminal.say("guardian", host === undefined ? text : `${host}: ${text}`, tone);
}

function readAlert({ authentic, body }: ReceivedWebhook, atMs: number): HeardAlert {
  const data: unknown = Reflect.get(Object(body), "data");
  const field = (name: string): string => {
    const value: unknown = Reflect.get(Object(data), name);
    return typeof value === "string" ? value : "";
  };
  return {
    atMs,
    authentic,
    class: field("class"),
    status: field("status"),
    host: field("host"),
    title: field("title"),
    next: field("next"),
  };
}

function sayAlert(terminal: Terminal, alert: HeardAlert): void {
  const signed = alert.authentic ? "" : " (its signature is WRONG)";
  const resolved = alert.status === "resolved" ? " resolved" : "";
  const text = `${alert.class.toUpperCase()}${resolved}${signed}: ${alert.title}`;
  terminal.say("alert", text, resolved === "" ? "loud" : "plain");
  if (resolved === "" && alert.next !== "") terminal.say("alert", `  next: ${alert.next}`);
}

/** Both stories and the checks; the exit code. */
async function play(stage: Stage): Promise<number> {
  const { terminal } = stage;
  await showHosts(stage);
  terminal.say("demo", "story 1: a host loses its power", "loud");
  const lost = await tellPowerLoss(stage, "compute-3");
  showPowerLoss(stage, lost);
  await repair(stage, "compute-3");
  terminal.say("demo", "story 2: a network fails, the host behind it lives", "loud");
  const cut = await tellManagementCut(stage, "compute-5");
  await showHosts(stage);
  return judge(stage, lost, cut);
}

async function waitForHealth(stage: Stage): Promise<void> {
  const { terminal, pace, guardian } = stage;
  let healthySinceMs: number | undefined;
  const healthy = await wait(stage, {
    until: async () => {
      const hosts = await guardian.hosts();
      const all = hosts.length === 8 && hosts.every(({ verdict }) => verdict === "healthy");
      healthySinceMs = all ? (healthySinceMs ?? terminal.nowMs()) : undefined;
      return healthySinceMs !== undefined && terminal.nowMs() - healthySinceMs >= pace.healthyMs;
    },
    deadlineMs: pace.healthyMs + 10_000,
    progress: () => {
      const ms = healthySinceMs === undefined ? 0 : terminal.nowMs() - healthySinceMs;
      const so = `${Math.floor(ms / 1000)} of ${pace.healthyMs / 1000} s`;
      return `all hosts seen healthy for ${so}; until then it would fence nobody`;
    },
  });
  if (!healthy) throw new Error("not all hosts became healthy");
}

function judge(stage: Stage, lost: PowerLoss, cut: ManagementCut): number {
  const { terminal } = stage;
  const checks = selfCheck(factsOf(stage, lost, cut));
  for (const { name, pass, found } of checks) {
    terminal.say("check", `${pass ? "ok    " : "FAILED"} ${name}: ${found}`, pass ? "good" : "bad");
  }
  const failed = checks.filter(({ pass }) => !pass).map(({ name }) => name);
  const summary = failed.length === 0 ? "all checks passed" : `FAILED: ${failed.join("; ")}`;
  terminal.say("demo", summary, failed.length === 0 ? "good" : "bad");
  return failed.length === 0 ? 0 : 1;
}

function factsOf(stage: Stage, lost: PowerLoss, cut: ManagementCut): Facts {
  const { cloud, alerts, terminal } = stage;
  const { nova } = cloud.openstack;
  const { simulated, bmc } = cloud.host(cut.host);
  const service = nova.service(cut.host);
  return {
    lost: {
      host: lost.host,
      servers: lost.servers,
      alerts: alerts.filter(
        ({ authentic, host, class: kind }) =>
          authentic && host === lost.host && (kind === "page" || kind === "notification"),
      ).length,
    },
    cut: {
      ...cut,
      power: simulated.power,
      offOrders: bmc.offOrders.length,
      evacuations: evacuationsFrom(stage, cut.host),
      forcedDown: service.forcedDown,
      disabled: service.status === "disabled",
    },
    doubleStarts: nova.doubleStarts.length,
    forged: alerts.filter(({ authentic }) => !authentic).length,
    totalMs: terminal.nowMs(),
  };
}

async function stayUp({ terminal, guardian, signal }: Stage): Promise<void> {
  terminal.say(
    "demo",
    "everything goes on until Ctrl-C: the page, and in another terminal the command line:",
  );
  sayPage(terminal, guardian.pageUrl);
  // Short enough to stay on one line: a wrapped command cannot be copied.
  terminal.say("demo", `  socket=${guardian.socket}`);
  for (const verb of ["host list", "host explain compute-5", "incident list", "status"]) {
    terminal.say("demo", `  node dist/guardian/main.js --socket $socket ${verb}`);
  }
  while (!signal.aborted) await sleep(60_000, signal);
  terminal.say("demo", "stopped");
}

/** Where loopback has one address only (macOS), says how to give it the others. */
function explain(error: unknown): string {
  const text = describeError(error);
  if (!text.includes("EADDRNOTAVAIL")) return text;
  return (
    `${text}. The demo needs many addresses of 127.0.0.0/8; Linux answers on all of them. On macOS ` +
    "add them until the next boot: for h in 1 2 3 4 5 6 7 8 254; do for n in 1 2; do " +
    "sudo ifconfig lo0 alias 127.10.$n.$h up; done; done"
  );
}
