/**
 * What a scenario of the lab may do and may ask. It breaks hosts with the lab's own scripts, reads
 * Nova with the lab's own client, and takes the judge's word for "never twice".
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../support/wait-for.ts";
import { hosts, writeGuardianConfig, type GuardianChoices } from "./lab-configs.ts";
import type { LabDaemons, ReceivedAlert } from "./lab-daemons.ts";
import { startGuardian, type LabGuardian } from "./lab-guardian.ts";
import { runPython, runScript, stateFolder } from "./lab-scripts.ts";
import { startObserver, type Observer, type Tally } from "./observed.ts";

export interface Scenario {
  readonly name: string;
  /** What it shows, in one sentence. */
  readonly shows: string;
  /** "all": too long or too rare for every commit. */
  readonly tier: "ci" | "all";
  readonly guardian?: GuardianChoices;
  /** The host that fails; BMCs differ in the byte order of what they show, so victims do. */
  readonly victim: string;
  /** How many servers run on it. */
  readonly servers: number;
  /** The story switches the dead host on again: a call or two may reach Nova before anybody can see that. */
  readonly revives?: boolean;
  /** What is broken before the guardian starts. */
  prepare?(): Promise<unknown>;
  run(lab: Lab): Promise<void>;
  /** Once its guardian has ended: what its journal, in this folder, tells. */
  after?(folder: string, lab: Lab): void;
}

export interface NovaView {
  readonly servers: readonly {
    readonly id: string;
    readonly name: string;
    readonly status: string;
    readonly host: string;
    readonly locked: boolean;
  }[];
  readonly services: readonly {
    readonly host: string;
    readonly status: string;
    readonly state: string;
    readonly forced_down: boolean;
    readonly disabled_reason: string | null;
  }[];
  readonly evacuations: readonly {
    readonly id: number;
    readonly instance_uuid: string;
    readonly status: string;
    readonly source_compute: string;
    /** Null: Nova found no place for it, so nothing was started anywhere. */
    readonly dest_compute: string | null;
  }[];
}

export interface Lab {
  readonly guardian: LabGuardian;
  readonly daemons: LabDaemons;
  readonly observer: Observer;
  readonly victim: string;
  /** Ids of the victim's servers, all ACTIVE. */
  readonly servers: readonly string[];
  /** Tells what is going on; for everything that takes more than 2 s. */
  say(text: string): void;
  /** A number for the closing table. */
  measure(what: string, seconds: number): void;
  /** Runs faults.sh; returns the wall time just before. */
  fault(...words: readonly string[]): Promise<number>;
  nova(): Promise<NovaView>;
  /** The first firing alert of this kind about a host, or about the guardian itself. */
  alert(host: string | undefined, kind: string, deadlineMs: number): Promise<ReceivedAlert>;
  /** Starts the guardian again on the same journal, or with other choices on it. */
  startGuardianAgain(): Promise<void>;
  /** Every server ACTIVE on another host, each moved once, the judge green, the host marked. */
  expectEvacuated(host: string, servers: readonly string[]): Promise<void>;
  /** No chassis was switched, none of these hosts forced down or disabled, no server moved. */
  expectUntouched(...hosts: readonly string[]): Promise<void>;
  /** No evacuate call was made, whatever else was done; the victim's servers are where they were. */
  expectNotEvacuated(): Promise<void>;
}

export interface PreparedLab {
  readonly lab: Lab;
  readonly measures: ReadonlyMap<string, number>;
  /** Resolves to what the observer counted of what must never be. */
  end(): Promise<Tally>;
}

/** A clean cloud, a fresh journal, a guardian that watches, and the observer. */
export async function prepareLab(
  scenario: Scenario,
  daemons: LabDaemons,
  folders: { readonly secrets: string; readonly scenario: string },
  say: (text: string) => void,
): Promise<PreparedLab> {
  say((await runScript("reset.sh")).trim().replace("lab: ", ""));
  await scenario.prepare?.();
  mkdirSync(folders.scenario, { recursive: true });
  const choices = scenario.guardian ?? {};
  const { webhookUrl } = daemons;
  const files = writeGuardianConfig(folders.secrets, folders.scenario, webhookUrl, choices);
  const alertsBefore = daemons.alerts().length;
  const chassisBefore = new Set(chassisOrders());
  const observer = await startObserver(join(folders.scenario, "observed.jsonl"));
  const measures = new Map<string, number>();
  let starts = 0;
  const start = (): Promise<LabGuardian> => {
    starts += 1;
    return startGuardian(files, join(folders.scenario, `guardian-${starts}.log`));
  };
  let guardian = await start();
  say(`guardian pid ${guardian.pid}, pings with ${guardian.pinger}; waiting until it watches`);
  const end = async (): Promise<Tally> => {
    await guardian.end("SIGTERM");
    await observer.end();
    return await observer.tally();
  };
  const [servers] = await Promise.all([
    boot(scenario.servers, scenario.victim),
    guardian.watching(),
  ]).catch(async (error: unknown) => {
    await end(); // one that was left would act in the next scenario
    throw error;
  });
  const lab: Lab = {
    get guardian() {
      return guardian;
    },
    daemons,
    observer,
    victim: scenario.victim,
    servers,
    say,
    measure: (what, seconds) => void measures.set(what, seconds),
    async fault(...words) {
      const atMs = Date.now();
      await runScript("faults.sh", ...words);
      return atMs;
    },
    nova: lookAtNova,
    alert: (host, kind, deadlineMs) =>
      waitFor(
        () => `the alert "${kind}" about ${host} (have: ${alertsText(daemons, alertsBefore)})`,
        () =>
          daemons
            .alerts()
            .slice(alertsBefore)
            .find((one) => one.host === host && one.kind === kind && one.status === "firing"),
        deadlineMs,
      ),
    async startGuardianAgain() {
      guardian = await start();
      say(`guardian pid ${guardian.pid}`);
    },
    expectEvacuated: (host, servers) => expectEvacuated(lab, host, servers),
    async expectUntouched(...names) {
      const switched = chassisOrders().filter((order) => !chassisBefore.has(order));
      assert.deepEqual(switched, [], "no chassis was switched");
      for (const service of (await lab.nova()).services) {
        if (!names.includes(service.host)) continue;
        assert.equal(service.forced_down, false, `${service.host} is not forced down`);
        assert.equal(service.status, "enabled", `${service.host} is not disabled`);
      }
      await lab.expectNotEvacuated();
    },
    async expectNotEvacuated() {
      assert.equal(observer.calls(), 0, "no evacuate call was made");
      assert.equal(observer.firstCall(scenario.victim), undefined, "Nova shows no evacuation");
      const places = (await lab.nova()).servers.filter(({ id }) => servers.includes(id));
      assert.deepEqual([...new Set(places.map((server) => server.host))], [scenario.victim]);
    },
  };
  return { lab, measures, end };
}

async function boot(count: number, host: string): Promise<readonly string[]> {
  return (await runPython("seed.py", String(count), host)).trim().split("\n");
}

async function lookAtNova(): Promise<NovaView> {
  return JSON.parse(await runPython("look.py")) as NovaView;
}

function alertsText(daemons: LabDaemons, from: number): string {
  const texts = daemons
    .alerts()
    .slice(from)
    .map((one) => `${one.host} ${one.kind}`);
  return texts.join(", ") || "none";
}

/** What the BMCs were told to switch, by whomever. */
function chassisOrders(): readonly string[] {
  return hosts.flatMap((host) => {
    try {
      const log = readFileSync(join(stateFolder, "hosts", host, "chassis.log"), "utf8");
      return log.split("\n").filter((line) => line.includes(" set power"));
    } catch {
      return []; // nobody has asked this one anything yet
    }
  });
}

async function expectEvacuated(lab: Lab, host: string, servers: readonly string[]): Promise<void> {
  const nova = await waitFor(
    "all servers ACTIVE elsewhere, by Nova's own word",
    async () => {
      const view = await lab.nova();
      const there = view.servers.filter(({ id }) => servers.includes(id));
      const arrived = there.filter((one) => one.status === "ACTIVE" && one.host !== host);
      return arrived.length === servers.length ? view : undefined;
    },
    90_000,
  );
  for (const server of servers) {
    const moves = nova.evacuations.filter(
      (one) =>
        one.instance_uuid === server && one.source_compute === host && one.dest_compute !== null,
    );
    assert.equal(moves.length, 1, `one migration of ${server}, not ${moves.length}`);
  }
  const service = nova.services.find((one) => one.host === host);
  assert.equal(service?.forced_down, true, `${host} is forced down`);
  assert.equal(service.status, "disabled", `${host} is disabled`);
  assert.match(service.disabled_reason ?? "", /^guardian guardian epoch \d+ incident /);
  // The observer looks at Nova on its own, every 0.5 s: it may be one look behind the guardian.
  await waitFor(
    `the observer's sight of ${servers.length} ended moves (have ${lab.observer.ends(host)})`,
    () => lab.observer.ends(host) >= servers.length || undefined,
    5000,
  );
  lab.say(await lab.observer.judge(host));
}
