/** Story 1: a host loses its power, and its servers run elsewhere a few seconds later. */
import { describeError } from "../../shared/errors.ts";
import type { NovaServerState } from "../support/simulated-nova-records.ts";
import { describeHost, heardOf, seconds, showEvidence, wait, type Stage } from "./stage.ts";

export interface PowerLoss {
  readonly host: string;
  readonly servers: readonly NovaServerState[];
  /** Seconds since the power loss, in the order of the steps; undefined: did not happen. */
  readonly steps: readonly { readonly step: string; readonly seconds: number | undefined }[];
}

export async function tellPowerLoss(stage: Stage, name: string): Promise<PowerLoss> {
  const { terminal, cloud } = stage;
  const { simulated } = cloud.host(name);
  const servers = cloud.serversOn(name);
  const lostMs = terminal.nowMs();
  simulated.powerLoss();
  terminal.say("world", `${name} loses power; ${servers.length} servers were on it`, "bad");
  const activeMs = await follow(stage, name, servers, lostMs);
  const since = (atMs: number | undefined): number | undefined =>
    atMs === undefined ? undefined : (atMs - lostMs) / 1000;
  const heard = (event: string, text?: RegExp): number | undefined =>
    since(heardOf(stage, name, event, lostMs, text)?.atMs);
  const told = stage.alerts.find(({ host, atMs }) => host === name && atMs >= lostMs);
  const calls = cloud.openstack.nova.migrations.filter(({ source }) => source === name);
  return {
    host: name,
    servers,
    steps: [
      { step: "report overdue: reverse pings and power readings", seconds: heard("verdict") },
      { step: "verdict: dead", seconds: heard("verdict", /-> dead /) },
      { step: "people told", seconds: since(told?.atMs) },
      { step: "fence confirmed", seconds: heard("fenced") },
      { step: "first evacuate call", seconds: since(calls[0]?.acceptedMs) },
      { step: "last server ACTIVE", seconds: since(activeMs) },
      { step: "incident's work done", seconds: heard("evacuation-ended") },
    ],
  };
}

/** Waits for each step; returns when the last server was ACTIVE elsewhere. */
async function follow(
  stage: Stage,
  name: string,
  servers: readonly NovaServerState[],
  lostMs: number,
): Promise<number | undefined> {
  const { terminal, cloud } = stage;
  const progress = (): Promise<string> => describeHost(stage, name);
  const dead = await wait(stage, {
    until: () => heardOf(stage, name, "verdict", lostMs, /-> dead /) !== undefined,
    deadlineMs: 15_000,
    progress,
  });
  if (!dead) return undefined;
  await showEvidence(stage, name);
  let activeMs: number | undefined;
  await wait(stage, {
    until: () => {
      cloud.openstack.nova.settle();
      const away = servers.filter(({ host, status }) => host !== name && status === "ACTIVE");
      if (away.length === servers.length) activeMs ??= terminal.nowMs();
      return heardOf(stage, name, "evacuation-ended", lostMs) !== undefined;
    },
    deadlineMs: 20_000,
    progress: () => {
      const away = servers.filter(({ host }) => host !== name).length;
      return `${away} of ${servers.length} servers of ${name} run elsewhere`;
    },
  });
  return activeMs;
}

/** How long each step took, and where each server went. */
export function showPowerLoss(stage: Stage, { host, servers, steps }: PowerLoss): void {
  const { terminal } = stage;
  terminal.say("demo", `seconds since ${host} lost power:`, "loud");
  terminal.table(
    steps.map(({ step, seconds: value }) => ({
      step,
      seconds: value === undefined ? "-" : seconds(value * 1000).padStart(7),
    })),
  );
  terminal.table(
    servers.map(({ name, host: now, status }) => ({ server: name, was: host, now, status })),
  );
}

/** What an operator does afterwards: mends it, switches it on, gives it back to Nova. */
export async function repair(stage: Stage, name: string): Promise<void> {
  const { terminal, cloud, guardian } = stage;
  const { nova } = cloud.openstack;
  const { simulated } = cloud.host(name);
  terminal.say(
    "demo",
    `until a person releases it, ${name} counts as a host in trouble; of eight hosts one may be, ` +
      "so a second failure would be a storm: nothing would be done by itself",
  );
  simulated.powerOn();
  terminal.say("operator", `${name} is mended and powered on; its servers stay where they are`);
  await wait(stage, {
    until: async () => (await guardian.explain(name)).verdict !== "dead",
    deadlineMs: 10_000,
    progress: () => describeHost(stage, name),
  });
  terminal.say("operator", `guardian host release ${name} --reason mended`);
  await guardian
    .release(name)
    .catch((error: unknown) => terminal.say("guardian", describeError(error), "bad"));
  const service = nova.service(name);
  const problem =
    nova.updateService(service, { forced_down: false }) ??
    nova.updateService(service, { status: "enabled" });
  const did = problem === undefined ? "" : `: ${problem.message}`;
  terminal.say("operator", `openstack compute service set --up --enable ${name}${did}`);
}
