/** A small cloud of three hosts behind the fake API, and our adapters in front of it. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { ComputeApi, ComputeService } from "../../guardian/ports.ts";
import type { CloudAccess } from "../../guardian/shell/cloud-access.ts";
import { createKeystone } from "../../guardian/shell/keystone.ts";
import { createNova, type NovaOptions } from "../../guardian/shell/nova.ts";
import { systemClock } from "../../shared/clock.ts";
import { seededRandom } from "../../shared/random.ts";
import { Secret } from "../../shared/secret.ts";
import {
  startFakeOpenStack,
  type FakeOpenStack,
  type FakeOpenStackOptions,
} from "./fake-openstack.ts";
import { SimulatedHost } from "./simulated-host.ts";
import { simulatedUuid } from "./simulated-nova.ts";

export interface OpenStackWorld {
  readonly hosts: readonly SimulatedHost[];
  readonly cloud: FakeOpenStack;
  readonly api: ComputeApi;
}

/** Starts it; it ends with the test. */
export async function openStackWorld(
  t: TestContext,
  fake: Partial<FakeOpenStackOptions> = {},
  nova: Partial<NovaOptions> = {},
  access: Partial<CloudAccess> = {},
): Promise<OpenStackWorld> {
  const hosts = [1, 2, 3].map(
    (n) => new SimulatedHost({ name: `compute-${n}`, uuid: simulatedUuid("c0", n) }),
  );
  const cloud = await startFakeOpenStack({ hosts, ...fake });
  t.after(() => cloud.close());
  const full: CloudAccess = {
    name: "lab",
    authUrl: cloud.authUrl,
    auth: {
      kind: "password",
      user: { name: "admin", domain: { id: "default" } },
      who: 'user "admin"',
      password: new Secret("s3cret"),
      scope: { project: { name: "admin", domain: { id: "default" } } },
    },
    region: undefined,
    interface: "public",
    tls: { verify: true },
    computeEndpoint: undefined,
    ...access,
  };
  const keystone = createKeystone(full, systemClock);
  const random = seededRandom(1);
  const api = createNova({ cloud: full, keystone, clock: systemClock, random, ...nova });
  return { hosts, cloud, api };
}

/** A host's nova-compute, which must be listed. */
export async function serviceOf(api: ComputeApi, host: string): Promise<ComputeService> {
  const answer = await api.services();
  assert.equal(answer.kind, "services", JSON.stringify(answer));
  const service = answer.services.find((candidate) => candidate.host === host);
  assert.ok(service, `${host} is listed`);
  return service;
}

/** The first host's power is off, and Nova knows it: ready to be evacuated. */
export async function fenced({ hosts, api }: OpenStackWorld): Promise<void> {
  hosts[0]?.powerLoss();
  const service = await serviceOf(api, "compute-1");
  assert.equal((await api.forceDown(service.serviceId)).kind, "accepted");
}

/** How many evacuate calls came to Nova. */
export function evacuateCalls({ cloud }: OpenStackWorld): number {
  return cloud.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/action"))
    .length;
}
