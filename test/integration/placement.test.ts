/** What hosts have left: by Placement, or by hypervisors where it cannot be read, and which of them it was. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InventoryAnswer } from "../../guardian/ports.ts";
import { hostName, serverId } from "../../shared/names.ts";
import { openStackWorld as world } from "../support/openstack-world.ts";

const one = hostName("compute-1");

function read(answer: InventoryAnswer): Exclude<InventoryAnswer, { kind: "failed" }> {
  assert.ok(answer.kind === "inventory", JSON.stringify(answer));
  return answer;
}

test("Placement counts memory and processors, with overcommit; a full host has nothing left", async (t) => {
  const { cloud, api } = await world(t, { placement: "answers" });
  cloud.nova.rooms.set("compute-2", { memoryMb: 4096, usedMb: 4096 });
  const { capacity, capacityBy, aggregates } = read(await api.inventory());
  assert.deepEqual(capacityBy, { kind: "placement" });
  const counted = { memoryMb: 98_304, memoryUsedMb: 2048, vcpus: 128, vcpusUsed: 4 };
  assert.deepEqual(capacity[0], { host: one, ...counted });
  assert.deepEqual(capacity[1], {
    host: hostName("compute-2"),
    memoryMb: 2560,
    memoryUsedMb: 2560,
  });
  assert.equal(aggregates.length, 1);
  const asked = cloud.requests.filter(({ path }) => path.startsWith("/placement"));
  assert.equal(asked.length, 1, "one call for the whole cloud");
});

test("without an endpoint, a right, an answer or in time hypervisors count, and say why", async (t) => {
  const absent = await world(t);
  const forbidden = await world(t, { placement: "forbidden" });
  const broken = await world(t, { placement: "answers" });
  broken.cloud.setFault({ kind: "status", status: 503, match: /placement/ });
  for (const [{ api }, reason] of [
    [absent, /no placement endpoint/],
    [forbidden, /\(403\): a policy forbids it/],
    [broken, /Placement answered 503/],
  ] as const) {
    const { capacity, capacityBy } = read(await api.inventory());
    assert.ok(capacityBy?.kind === "hypervisors", JSON.stringify(capacityBy));
    assert.match(capacityBy.reason, reason);
    assert.deepEqual(capacity[0], { host: one, memoryMb: 65_536, memoryUsedMb: 2560 });
  }
});

test("a Placement that never answers holds nothing up for longer than its limit", async (t) => {
  const { cloud, api } = await world(t, { placement: "answers" });
  cloud.setFault({ kind: "slow", delayMs: 20_000, match: /placement/ });
  const startedMs = performance.now();
  const { aggregates, capacityBy } = read(await api.inventory());
  assert.ok(performance.now() - startedMs < 8000, `${performance.now() - startedMs} ms`);
  assert.equal(aggregates.length, 1, "what gates wait for is there");
  assert.equal(capacityBy?.kind, "hypervisors");
});

test("a token that Placement refuses is renewed once", async (t) => {
  const { cloud, api } = await world(t, { placement: "answers" });
  await api.services();
  cloud.expireTokens();
  assert.deepEqual(read(await api.inventory()).capacityBy, { kind: "placement" });
});

test("a server says how much it takes, by the flavor that it was made with", async (t) => {
  const { cloud, api } = await world(t);
  const { id } = cloud.nova.addServer({ host: "compute-1" });
  const seen = await api.server(serverId(id));
  assert.ok(seen.kind === "server");
  assert.deepEqual(seen.server.size, { memoryMb: 512, vcpus: 1 });
});
