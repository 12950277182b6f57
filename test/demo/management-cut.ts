/** Story 2: a network of a living host fails, and the guardian leaves it alone and says why. */
import { describeHost, heardOf, showEvidence, wait, type Stage } from "./stage.ts";

export interface ManagementCut {
  readonly host: string;
  /** The verdict while the network was cut. */
  readonly verdict: string | undefined;
}

export async function tellManagementCut(stage: Stage, name: string): Promise<ManagementCut> {
  const { terminal, cloud, guardian, pace } = stage;
  const { simulated, bmc } = cloud.host(name);
  const cutMs = terminal.nowMs();
  simulated.cutNetwork("management");
  terminal.say(
    "world",
    `the management network of ${name} is cut: no report comes through, storage still answers`,
    "bad",
  );
  const judged = await wait(stage, {
    until: () => heardOf(stage, name, "verdict", cutMs, /-> isolated /) !== undefined,
    deadlineMs: 20_000,
    progress: () => describeHost(stage, name),
  });
  if (!judged) return { host: name, verdict: (await guardian.explain(name)).verdict };
  const { verdict, says } = await guardian.explain(name);
  await showEvidence(stage, name);
  terminal.say("guardian", `${name} is left alone: ${says}`, "loud");
  const untilMs = terminal.nowMs() + pace.watchMs;
  await wait(stage, {
    until: () => terminal.nowMs() >= untilMs,
    deadlineMs: pace.watchMs + 1000,
    progress: () =>
      `watching that nothing is done: ${bmc.offOrders.length} power-off orders, ` +
      `${evacuationsFrom(stage, name)} evacuations of ${name}`,
  });
  const after = await guardian.explain(name);
  simulated.healNetwork("management");
  terminal.say("world", `the management network of ${name} is mended`);
  await wait(stage, {
    until: async () => (await guardian.explain(name)).verdict === "healthy",
    deadlineMs: 10_000,
    progress: () => describeHost(stage, name),
  });
  return { host: name, verdict: verdict === after.verdict ? verdict : after.verdict };
}

export function evacuationsFrom(stage: Stage, name: string): number {
  return stage.cloud.openstack.nova.migrations.filter(({ source }) => source === name).length;
}
