/** Our Nova adapter against a Nova that behaves like the real one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sleep } from "../../shared/loop.ts";
import { hostName, serverId } from "../../shared/names.ts";
import {
  evacuateCalls,
  fenced,
  openStackWorld as world,
  serviceOf,
} from "../support/openstack-world.ts";

const one = hostName("compute-1");

test("a power loss shows as down after service_down_time, and its time stamp stops", async (t) => {
  const { hosts, api } = await world(t, { reportIntervalMs: 20, serviceDownMs: 100 });
  const before = await serviceOf(api, "compute-1");
  await sleep(40);
  const alive = await serviceOf(api, "compute-1");
  assert.equal(alive.state, "up");
  assert.notEqual(alive.updatedAt, before.updatedAt, "its time stamp advances while it lives");
  hosts[0]?.powerLoss();
  const stopped = (await serviceOf(api, "compute-1")).updatedAt;
  await sleep(130);
  const dead = await serviceOf(api, "compute-1");
  assert.equal(dead.state, "down");
  assert.equal(dead.updatedAt, stopped);
  assert.equal(dead.forcedDown, false);
});

test("all servers of a host are read, page by page, by our own address", async (t) => {
  const { cloud, api } = await world(t, { pageLimit: 2 });
  for (let n = 0; n < 5; n += 1) cloud.nova.addServer({ host: "compute-1" });
  cloud.nova.addServer({ host: "compute-2" });
  const answer = await api.serversOn(one);
  assert.equal(answer.kind, "servers");
  assert.equal(answer.servers.length, 5);
  assert.ok(answer.servers.every((server) => server.host === one && server.volumeBacked));
  assert.equal(cloud.requests.filter((seen) => seen.path.includes("/detail")).length, 3);
});

test("a fenced host's servers run elsewhere, stopped ones stay stopped, none twice", async (t) => {
  const place = await world(t, { rebuildMs: 1000 });
  const { cloud, api, hosts } = place;
  const running = cloud.nova.addServer({ host: "compute-1" });
  const stopped = cloud.nova.addServer({ host: "compute-1", status: "SHUTOFF" });
  await fenced(place);
  for (const server of [running, stopped]) {
    const answer = await api.evacuate(one, serverId(server.id));
    assert.equal(answer.kind, "accepted");
    assert.match(answer.kind === "accepted" ? answer.requestId : "", /^req-/);
  }
  const during = await api.server(serverId(running.id));
  assert.equal(during.kind === "server" && during.server.status, "REBUILD");
  await sleep(1600);
  const after = await api.server(serverId(running.id));
  assert.ok(after.kind === "server" && after.server.host !== one);
  assert.equal(after.server.status, "ACTIVE");
  const still = await api.server(serverId(stopped.id));
  assert.equal(still.kind === "server" && still.server.status, "SHUTOFF");
  const records = await api.evacuations(one);
  assert.ok(records.kind === "records");
  assert.deepEqual(
    records.records.map((record) => record.status),
    ["done", "done"],
  );
  assert.deepEqual(cloud.nova.doubleStarts, []);
  hosts[0]?.powerOn();
  const closed = await api.evacuations(one);
  assert.ok(closed.kind === "records" && closed.records.every((r) => r.status === "completed"));
});

test("evacuation is refused while the service is up, and for a paused server", async (t) => {
  const place = await world(t);
  const server = place.cloud.nova.addServer({ host: "compute-1" });
  const paused = place.cloud.nova.addServer({ host: "compute-1", status: "PAUSED" });
  const early = await place.api.evacuate(one, serverId(server.id));
  assert.ok(early.kind === "refused" && early.status === 400);
  assert.equal(early.reason, "Compute service of compute-1 is still in use.");
  await fenced(place);
  const answer = await place.api.evacuate(one, serverId(paused.id));
  assert.ok(answer.kind === "refused" && answer.status === 409);
});

test("Nova accepts a second evacuation of the same server, and wrecks it; we do not make that call", async (t) => {
  const place = await world(t, { rebuildMs: 1000 });
  const server = place.cloud.nova.addServer({ host: "compute-1" });
  await fenced(place);
  assert.equal((await place.api.evacuate(one, serverId(server.id))).kind, "accepted");
  const second = await place.api.evacuate(one, serverId(server.id));
  assert.ok(second.kind === "refused" && second.status === 409, second.kind);
  assert.match(second.reason, /it is on compute-1 \(rebuild/);
  assert.equal(evacuateCalls(place), 1);
  assert.equal(place.cloud.nova.evacuate(server, undefined), undefined, "somebody else makes it");
  await sleep(1200);
  const after = await place.api.server(serverId(server.id));
  assert.ok(after.kind === "server" && after.server.status === "REBUILD");
  assert.equal(after.server.host, one, "never arrives");
});

test("an evacuation of somebody else that shows by its record alone is not repeated", async (t) => {
  const place = await world(t, { rebuildMs: 60_000 });
  const server = place.cloud.nova.addServer({ host: "compute-1" });
  await fenced(place);
  assert.equal((await place.api.evacuate(one, serverId(server.id))).kind, "accepted");
  // Its guest runs there already, and the server is not moved in the books yet.
  server.taskState = null;
  const second = await place.api.evacuate(one, serverId(server.id));
  assert.ok(second.kind === "refused" && second.status === 409, second.kind);
  assert.match(second.reason, /^its evacuation \d+ is under way \((?:accepted|pre-migrating)\)$/);
  place.cloud.setFault({ kind: "status", status: 503, match: /os-migrations/ });
  const unseen = await place.api.evacuate(one, serverId(server.id));
  assert.equal(unseen.kind, "not-made", "nobody knows whether one is under way");
  assert.equal(evacuateCalls(place), 1);
});

test("an order whose answer is lost or late is unknown, and is given once", async (t) => {
  const place = await world(t, {}, { evacuateDeadlineMs: 100 });
  const { cloud, api } = place;
  const first = cloud.nova.addServer({ host: "compute-1" });
  const second = cloud.nova.addServer({ host: "compute-1" });
  const third = cloud.nova.addServer({ host: "compute-1" });
  await fenced(place);
  cloud.setFault({ kind: "answer-lost", match: /action/ });
  const lost = await api.evacuate(one, serverId(first.id));
  assert.equal(lost.kind, "unknown");
  cloud.setFault({ kind: "slow", delayMs: 200, match: /action/ });
  const late = await api.evacuate(one, serverId(second.id));
  assert.ok(late.kind === "unknown" && /no answer within/.test(late.reason));
  await sleep(150);
  cloud.setFault({ kind: "status", status: 503, match: /action/ });
  assert.equal((await api.evacuate(one, serverId(third.id))).kind, "unknown");
  cloud.setFault({ kind: "none" });
  const records = await api.evacuations(one);
  assert.ok(records.kind === "records");
  assert.equal(records.records.length, 2, "both were carried out, each once");
});

test("evacuating from a host that has power counts as a double start", async (t) => {
  const place = await world(t);
  const server = place.cloud.nova.addServer({ host: "compute-1" });
  const service = await serviceOf(place.api, "compute-1");
  await place.api.forceDown(service.serviceId);
  await place.api.evacuate(one, serverId(server.id));
  assert.deepEqual(place.cloud.nova.doubleStarts, [{ server: server.id, source: one }]);
});

test("a source that comes on in the middle of a move counts as a double start", async (t) => {
  const place = await world(t, { rebuildMs: 200 });
  const server = place.cloud.nova.addServer({ host: "compute-1" });
  await fenced(place);
  await place.api.evacuate(one, serverId(server.id));
  assert.deepEqual(place.cloud.nova.doubleStarts, []);
  place.hosts[0]?.cutNetwork("management");
  place.hosts[0]?.powerOn();
  place.hosts[0]?.powerLoss();
  assert.equal(place.cloud.nova.doubleStarts.length, 1);
});

test("no valid host: accepted, then ERROR with Nova's fault; a retry is allowed", async (t) => {
  const place = await world(t, { rebuildMs: 20 });
  const { cloud, api } = place;
  const server = cloud.nova.addServer({ host: "compute-1" });
  await fenced(place);
  const others = ["compute-2", "compute-3"].map((host) => cloud.nova.service(host));
  for (const service of others) await api.disable(service.id, "full");
  assert.equal((await api.evacuate(one, serverId(server.id))).kind, "accepted");
  await sleep(40);
  const broken = await api.server(serverId(server.id));
  assert.ok(broken.kind === "server" && broken.server.status === "ERROR");
  assert.match(broken.server.fault ?? "", /No valid host/);
  const record = await api.evacuations(one);
  assert.equal(record.kind === "records" && record.records[0]?.status, "error");
  for (const service of others) cloud.nova.updateService(service, { status: "enabled" });
  await api.evacuate(one, serverId(server.id));
  await sleep(40);
  const cured = await api.server(serverId(server.id));
  assert.equal(cured.kind === "server" && cured.server.status, "ACTIVE");
});

test("disabling a dead host first blocks; forced down first does not", async (t) => {
  const { hosts, api } = await world(t, { rpcTimeoutMs: 300 }, { orderDeadlineMs: 150 });
  hosts[0]?.powerLoss();
  const { serviceId } = await serviceOf(api, "compute-1");
  assert.equal((await api.disable(serviceId, "guardian: failed")).kind, "unknown");
  assert.equal((await api.forceDown(serviceId)).kind, "accepted");
  assert.equal((await api.disable(serviceId, "guardian: failed")).kind, "accepted");
  const service = await serviceOf(api, "compute-1");
  assert.deepEqual(
    [service.forcedDown, service.status, service.disabledReason, service.state],
    [true, "disabled", "guardian: failed", "down"],
  );
});

test("a mark is set only on an enabled host, and taken away only while it is exactly ours", async (t) => {
  const { cloud, api } = await world(t);
  const { serviceId } = await serviceOf(api, "compute-1");
  const mark = "guardian g1 epoch 1 incident i1-compute-1 degraded";
  const shown = async (): Promise<unknown> => {
    const { status, disabledReason } = await serviceOf(api, "compute-1");
    return [status, disabledReason];
  };
  assert.equal((await api.disableEnabled(one, serviceId, mark)).kind, "accepted");
  assert.deepEqual(await shown(), ["disabled", mark]);
  assert.equal((await api.disableEnabled(one, serviceId, mark)).kind, "accepted", "it is done");
  const service = cloud.nova.service("compute-1");
  cloud.nova.updateService(service, { status: "disabled", disabled_reason: "bob looks at it" });
  for (const answer of [
    await api.disableEnabled(one, serviceId, mark),
    await api.enable(one, serviceId, mark),
  ]) {
    assert.ok(answer.kind === "refused" && answer.status === 409, answer.kind);
    assert.match(answer.reason, /bob looks at it/);
  }
  assert.deepEqual(await shown(), ["disabled", "bob looks at it"]);
  await api.disable(serviceId, mark);
  assert.equal((await api.enable(one, serviceId, mark)).kind, "accepted");
  assert.deepEqual(await shown(), ["enabled", undefined]);
  assert.equal((await api.enable(one, serviceId, mark)).kind, "refused");
  const stranger = await api.enable(one, "no-such-id", mark);
  assert.ok(stranger.kind === "unknown" && stranger.reason.startsWith("not sent: "));
});

test("reads survive two bad answers; a Nova that is gone is a failure, not an exception", async (t) => {
  const { cloud, api } = await world(t, {}, { readDeadlineMs: 1500 });
  await api.services();
  cloud.setFault({ kind: "status", status: 503, match: /os-services/ });
  const heal = sleep(150).then(() => cloud.setFault({ kind: "none" }));
  assert.equal((await api.services()).kind, "services");
  await heal;
  await cloud.goDown();
  const gone = await api.services();
  assert.ok(gone.kind === "failed" && /ECONNREFUSED/.test(gone.reason), JSON.stringify(gone));
  const order = await api.forceDown("x");
  assert.ok(order.kind === "unknown" && order.reason.startsWith("not sent"));
  await cloud.comeBack();
  assert.equal((await api.services()).kind, "services");
});

test("the microversion stays at 2.93 on a newer Nova; a too old one is refused in words", async (t) => {
  const newer = await world(t, { microversionMax: "2.104" });
  assert.equal((await newer.api.services()).kind, "services");
  const old = await world(t, { microversionMax: "2.60" }, { readDeadlineMs: 300 });
  const answer = await old.api.services();
  assert.ok(answer.kind === "failed");
  assert.match(answer.reason, /speaks microversions 2\.1 to 2\.60; the guardian needs/);
});

test("a Nova that goes back to an older release is asked again what it speaks", async (t) => {
  const place = await world(t);
  assert.equal((await place.api.services()).kind, "services");
  place.cloud.setMicroversionMax("2.88");
  assert.equal((await place.api.services()).kind, "services");
  place.cloud.setMicroversionMax("2.80");
  place.cloud.nova.addServer({ host: "compute-1" });
  const { serviceId } = await serviceOf(place.api, "compute-1");
  assert.equal((await place.api.forceDown(serviceId)).kind, "accepted");
});

test("forced_down cannot be lifted while evacuations are done but not completed", async (t) => {
  const place = await world(t, { rebuildMs: 10 });
  const server = place.cloud.nova.addServer({ host: "compute-1" });
  await fenced(place);
  await place.api.evacuate(one, serverId(server.id));
  await sleep(20);
  const service = place.cloud.nova.service("compute-1");
  const refusal = place.cloud.nova.updateService(service, { forced_down: false });
  assert.match(refusal?.message ?? "", /Unable to force up host compute-1/);
  place.hosts[0]?.powerOn();
  assert.equal(place.cloud.nova.updateService(service, { forced_down: false }), undefined);
});

test("servers evacuated together are spread: what is on its way counts as load", async (t) => {
  const place = await world(t, { rebuildMs: 20, rebuildStepMs: 400 });
  const { cloud, api } = place;
  const servers = [1, 2, 3, 4].map(() => cloud.nova.addServer({ host: "compute-1" }));
  await fenced(place);
  for (const server of servers) await api.evacuate(one, serverId(server.id));
  const arrivals: number[] = [];
  for (const giveUpMs = Date.now() + 5000; Date.now() < giveUpMs && arrivals.length < 4;) {
    await sleep(5);
    cloud.nova.settle();
    const arrived = servers.filter((server) => server.host !== one).length;
    while (arrivals.length < arrived) arrivals.push(performance.now());
  }
  assert.deepEqual(servers.map((server) => server.host).toSorted(), [
    "compute-2",
    "compute-2",
    "compute-3",
    "compute-3",
  ]);
  const [first = 0, , , last = 0] = arrivals;
  assert.ok(last - first >= 400, `one after another, not all at once: ${last - first} ms apart`);
});

test("aggregates, memory and schedulers are read, and a memory that is hidden is none", async (t) => {
  const { cloud, api } = await world(t, {});
  cloud.nova.rackMetadata = { evacuable: "true" };
  const services = await api.services();
  assert.ok(services.kind === "services");
  assert.deepEqual(services.schedulers, { up: 1, total: 1 });
  assert.ok(services.services.every(({ host }) => host.startsWith("compute-")));
  const inventory = await api.inventory();
  assert.ok(inventory.kind === "inventory", JSON.stringify(inventory));
  assert.deepEqual(inventory.aggregates[0]?.name, "rack-a");
  assert.deepEqual(inventory.aggregates[0]?.metadata, { evacuable: "true" });
  assert.ok(inventory.aggregates[0]?.hosts.includes(one));
  const own = inventory.capacity.find(({ host }) => host === one);
  assert.deepEqual(own, { host: one, memoryMb: 65_536, memoryUsedMb: 2560 });
});
