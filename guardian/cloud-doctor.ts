/**
 * `guardian doctor --os-cloud NAME`: a check-up of a cloud before anything of ours is installed, from wherever its
 * clouds.yaml is. It asks with GET alone, beside Keystone's token, and ends with a configuration to begin with.
 */
import { systemClock } from "../shared/clock.ts";
import { freshSeed, seededRandom } from "../shared/random.ts";
import { cloudFindings } from "./api/cloud-findings.ts";
import { worstFirst, type Finding } from "./api/findings.ts";
import { formatYaml, parseYaml } from "./config.ts";
import { createCloudLook } from "./shell/cloud-look.ts";
import { findCloud, type Environment } from "./shell/clouds.ts";
import { createKeystone } from "./shell/keystone.ts";
import { createNovaCalls } from "./shell/nova-call.ts";

export interface CloudCheckUp {
  readonly findings: readonly Finding[];
  /** A guardian.yaml with every host that Nova lists, to be filled in; "" when Nova could not be asked. */
  readonly config: string;
}

const readDeadlineMs = 5000;

/** Throws with every problem of clouds.yaml. */
export async function checkCloud(
  name: string,
  env: Environment,
  workingDirectory: string,
): Promise<CloudCheckUp> {
  const found = findCloud({ name, env, parseYaml, workingDirectory });
  if (found.kind === "problems") throw new Error(found.problems.join("; "));
  const { cloud } = found;
  const keystone = createKeystone(cloud, systemClock);
  const random = seededRandom(freshSeed());
  const calls = createNovaCalls({ cloud, keystone, clock: systemClock, random, readDeadlineMs });
  const facts = await createCloudLook(keystone, calls, systemClock).facts();
  const findings = worstFirst(cloudFindings(facts, { instancesShared: false }));
  const config = "hosts" in facts ? configFor(cloud.name, facts.hosts) : "";
  return { findings, config };
}

function configFor(cloud: string, hosts: readonly string[]): string {
  const first = [
    "# /etc/guardian/guardian.yaml to begin with: it observes and does nothing. Fill in an anchor of each network",
    "# (an address there that is no compute host), addresses and power devices: docs/configuration.md",
  ];
  const body = {
    cloud,
    mode: "observe",
    collectors: [{ id: "collector-1" }],
    networks: { management: { anchors: [] } },
    hosts: Object.fromEntries(hosts.map((host) => [host, { addresses: {}, power: [] }])),
  };
  return [...first, formatYaml(body)].join("\n");
}
