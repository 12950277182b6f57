/** What `npm run bench -- evacuate --lab` measures: each series is a scenario, run several times. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { sleep } from "../../shared/loop.ts";
import { hostName } from "../../shared/names.ts";
import { freshSeed, seededRandom } from "../../shared/random.ts";
import { waitFor } from "../support/wait-for.ts";
import type { Lab, Scenario } from "./lab.ts";
import { runPython, runScript, through } from "./lab-scripts.ts";
import { ownTimeOf } from "./own-time.ts";
import { hangHost } from "./scenarios/hung.ts";

const random = seededRandom(freshSeed());
const floorProgram = new URL("../bench/floor/evacuate-program.js", import.meta.url).pathname;

/** Nova's intervals as the lab is brought up with them: short ones, or its own defaults. */
export const novaIntervals = {
  short: { GUARDIAN_LAB_REPORT_INTERVAL: "2", GUARDIAN_LAB_SERVICE_DOWN_TIME: "8" },
  default: { GUARDIAN_LAB_REPORT_INTERVAL: "10", GUARDIAN_LAB_SERVICE_DOWN_TIME: "60" },
} as const;

export const firstCallMeasure = "fault to first evacuate call";
export const movedMeasure = "first evacuate call to last server ACTIVE";
export const wholeMeasure = "fault to last server ACTIVE";
export const ownMeasure = "verdict to first evacuate order, without the answers of BMC and Nova";

/** A host loses its power, at any phase of everybody's intervals. */
export function powerLossSeries(name: string, servers: number): Scenario {
  return {
    name,
    shows: `a host with ${servers} servers loses its power`,
    tier: "all",
    victim: "compute-3",
    servers,
    async run(lab) {
      await anyPhase();
      const lostMs = await lab.fault("power_loss", lab.victim);
      await measureMoves(lab, lostMs);
    },
    after: measureOwnTime,
  };
}

/** A host hangs with its chassis on: Nova's record must be quiet before it is dead. */
export const hangSeries: Scenario = {
  name: "hang",
  shows: "a host hangs with its chassis on, one server on it",
  tier: "all",
  victim: "compute-2",
  servers: 1,
  async run(lab) {
    await anyPhase();
    await measureMoves(lab, await hangHost(lab, lab.victim));
  },
};

/** The bare script at one concurrency, on a host that is off and forced down already; no guardian. */
export function floorSeries(servers: number, concurrency: number): Scenario {
  return {
    name: `floor-${concurrency}`,
    shows: `the bare script moves ${servers} servers, ${concurrency} at once`,
    tier: "all",
    victim: "compute-3",
    servers,
    async run(lab) {
      await lab.guardian.end("SIGTERM");
      await lab.fault("power_loss", lab.victim);
      await runPython("force_down.py", lab.victim);
      await runFloor(lab, concurrency);
      await measureEnd(lab);
    },
  };
}

/**
 * The peer: Masakari's engine, told of the host by us as its host monitor would; no guardian, and nobody fences. With
 * its defaults it is told at once and waits by itself; with its waits set to 0 it is told when Nova sees the host down,
 * since before that Nova refuses every evacuation.
 */
export function peerSeries(waits: "defaults" | "quick", servers: number): Scenario {
  return {
    name: `masakari-${waits}`,
    shows: `Masakari's engine, waits ${waits}, moves ${servers} servers`,
    tier: "all",
    victim: "compute-3",
    servers,
    async run(lab) {
      const { victim } = lab;
      await lab.guardian.end("SIGTERM");
      await runScript("peer/masakari.sh", "up", waits);
      try {
        await runScript("peer/masakari.sh", "segment", ...(await computeHosts(lab)));
        await anyPhase();
        const lostMs = await lab.fault("power_loss", victim);
        if (waits === "quick")
          lab.measure("fault to Nova's word down", await seenDown(lab, lostMs));
        await runScript("peer/masakari.sh", "notify", victim);
        lab.say("notified");
        await waitFor(
          "Masakari's moves",
          () => lab.observer.ends(victim) === servers || undefined,
          peerGiveUpMs,
        );
        await measureEnd(lab);
        lab.measure(
          firstCallMeasure,
          (lab.observer.firstCall(victim) ?? Number.NaN) - lostMs / 1000,
        );
        lab.measure(wholeMeasure, (lab.observer.lastEnd(victim) ?? Number.NaN) - lostMs / 1000);
      } finally {
        await runScript("peer/masakari.sh", "down");
      }
    },
  };
}

/** Its disabling waits up to 60 s for a host that is dead, then come its 180 s and the moves. */
const peerGiveUpMs = 600_000;

async function computeHosts(lab: Lab): Promise<readonly string[]> {
  return (await lab.nova()).services.map(({ host }) => host);
}

/** Seconds from the fault until Nova itself calls the host down. */
async function seenDown(lab: Lab, lostMs: number): Promise<number> {
  const isDown = async (): Promise<true | undefined> => {
    const { services } = await lab.nova();
    return services.some(({ host, state }) => host === lab.victim && state === "down") || undefined;
  };
  await waitFor("Nova to call the host down", isDown, 120_000);
  return (Date.now() - lostMs) / 1000;
}

async function anyPhase(): Promise<void> {
  const intervalMs = 1000 * Number(process.env["GUARDIAN_LAB_REPORT_INTERVAL"] ?? 2);
  await sleep(random.next() * intervalMs);
}

async function measureMoves(lab: Lab, faultMs: number): Promise<void> {
  const { victim, guardian, observer, servers } = lab;
  await guardian.line(victim, "evacuation-ended", 120_000 + servers.length * 8000);
  await measureEnd(lab);
  lab.measure(firstCallMeasure, (observer.firstCall(victim) ?? Number.NaN) - faultMs / 1000);
  lab.measure(wholeMeasure, (observer.lastEnd(victim) ?? Number.NaN) - faultMs / 1000);
}

/** By the observer: from Nova's own log of calls, and its own looks at Nova's records. */
async function measureEnd(lab: Lab): Promise<void> {
  const { victim, observer, servers } = lab;
  await waitFor(
    `the observer's sight of ${servers.length} ended moves`,
    () => observer.ends(victim) === servers.length || undefined,
    30_000,
  );
  const first = observer.firstCall(victim) ?? Number.NaN;
  lab.measure(movedMeasure, (observer.lastEnd(victim) ?? Number.NaN) - first);
  lab.say(await observer.judge(victim));
}

function measureOwnTime(folder: string, lab: Lab): void {
  const own = ownTimeOf(folder, `i1-${lab.victim}`, hostName(lab.victim));
  lab.measure(ownMeasure, own.own);
  lab.measure("verdict to first evacuate order", own.total);
}

async function runFloor(lab: Lab, concurrency: number): Promise<void> {
  const target = {
    authUrl: "http://10.77.1.250:5000/v3",
    password: "admin",
    project: "admin",
    endpoint: "http://10.77.1.250:8774/v2.1",
    source: lab.victim,
    servers: lab.servers,
    concurrency,
  };
  const [enter = "", ...node] = through("grd");
  const child = spawn(enter, [...node, process.execPath, floorProgram], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(target));
  const [[code], printed] = await Promise.all([once(child, "exit"), text(child.stdout)]);
  if (code !== 0) throw new Error(`the floor ended with ${String(code)}`);
  lab.say(`the floor's own word: ${(Number(printed) / 1000).toFixed(1)} s`);
}
