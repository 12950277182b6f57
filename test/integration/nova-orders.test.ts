/** Orders to Nova that look first: taking a host up again, and migrating a server live. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { test } from "node:test";
import { sendHttp } from "../../guardian/shell/http-request.ts";
import { sleep } from "../../shared/loop.ts";
import { hostName, serverId } from "../../shared/names.ts";
import {
  evacuateCalls,
  fenced,
  openStackWorld as world,
  serviceOf,
} from "../support/openstack-world.ts";
import { waitFor } from "../support/wait-for.ts";

const one = hostName("compute-1");

test("a host is taken up only by our mark, and once its nova-compute has cleaned up", async (t) => {
  const { cloud, api } = await world(t);
  const { serviceId } = await serviceOf(api, "compute-1");
  const mark = "guardian g1 epoch 1 incident i1-compute-1";
  const server = serverId(cloud.nova.addServer({ host: "compute-1" }).id);
  const host = cloud.nova.service("compute-1").host;
  host.powerLoss();
  await api.forceDown(serviceId);
  await api.disable(serviceId, mark);
  assert.equal((await api.evacuate(one, server)).kind, "accepted");
  await sleep(200);
  const early = await api.forceUp(one, serviceId, mark);
  assert.ok(early.kind === "refused" && early.status === 400, early.kind);
  assert.match(early.reason, /`done` evacuation migration records remain/);
  host.powerOn();
  const strange = await api.forceUp(one, serviceId, "guardian g2 epoch 1 incident i1");
  assert.ok(strange.kind === "refused" && strange.status === 409, strange.kind);
  assert.equal((await api.forceUp(one, serviceId, mark)).kind, "accepted");
  assert.equal((await serviceOf(api, "compute-1")).forcedDown, false);
  assert.equal((await api.forceUp(one, serviceId, mark)).kind, "accepted", "it is done");
});

test("a server is migrated live only while it runs there in peace, and its record is followed", async (t) => {
  const { cloud, api } = await world(t);
  const server = serverId(cloud.nova.addServer({ host: "compute-1" }).id);
  const elsewhere = await api.liveMigrate(hostName("compute-2"), server);
  assert.ok(elsewhere.kind === "refused" && elsewhere.status === 409, elsewhere.kind);
  assert.equal((await api.liveMigrate(one, server)).kind, "accepted");
  const again = await api.liveMigrate(one, server);
  assert.ok(again.kind === "refused" && again.status === 409, again.kind);
  assert.match(again.reason, /migrating on compute-1/);
  await sleep(250);
  const seen = await api.server(server);
  assert.ok(seen.kind === "server" && seen.server.host !== one, JSON.stringify(seen));
  const live = await api.liveMigrations(one);
  assert.ok(live.kind === "records", live.kind);
  assert.deepEqual(
    live.records.map((record) => [record.server, record.source, record.status]),
    [[server, one, "completed"]],
  );
  const evacuations = await api.evacuations(one);
  assert.ok(evacuations.kind === "records" && evacuations.records.length === 0);
  cloud.setFault({ kind: "status", status: 503, match: /GET .*servers/ });
  assert.equal((await api.liveMigrate(one, server)).kind, "not-made", "nothing was sent");
  cloud.setFault({ kind: "none" });
  const gone = await api.liveMigrate(one, serverId("no-such-server"));
  assert.ok(gone.kind === "refused" && gone.status === 404, gone.kind);
});

test("a server that is elsewhere by now is not evacuated, nor one that cannot be looked at", async (t) => {
  const place = await world(t);
  const { cloud, api } = place;
  const moved = cloud.nova.addServer({ host: "compute-2" });
  const unseen = cloud.nova.addServer({ host: "compute-1" });
  await fenced(place);
  const elsewhere = await api.evacuate(one, serverId(moved.id));
  assert.ok(elsewhere.kind === "refused" && elsewhere.status === 409, elsewhere.kind);
  assert.match(elsewhere.reason, /it is on compute-2/);
  cloud.setFault({ kind: "status", status: 503, match: new RegExp(`/servers/${unseen.id}$`) });
  const blind = await api.evacuate(one, serverId(unseen.id));
  assert.equal(blind.kind, "not-made");
  cloud.setFault({ kind: "none" });
  assert.equal(evacuateCalls(place), 0);
});

test("what a person, or the proof, objects to while a token is fetched is not sent", async (t) => {
  const place = await world(t);
  const server = serverId(place.cloud.nova.addServer({ host: "compute-1" }).id);
  await fenced(place);
  let asked = 0;
  const answer = await place.api.evacuate(one, server, () => {
    asked += 1;
    return "its fence proof lapsed before the call";
  });
  assert.deepEqual(answer, { kind: "not-made", reason: "its fence proof lapsed before the call" });
  assert.deepEqual([asked, evacuateCalls(place)], [1, 0]);
  assert.equal((await place.api.evacuate(one, server, () => undefined)).kind, "accepted");
});

test("what is objected to while a connection is made is not sent", async (t) => {
  const sockets: Socket[] = [];
  const seen: string[] = [];
  let isLapsed = false;
  const server = createServer((socket) => {
    sockets.push(socket);
    isLapsed = true;
    socket.on("data", (data) => seen.push(String(data)));
  }).listen(0, "127.0.0.1");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const outcome = await sendHttp({
    method: "POST",
    url: `http://127.0.0.1:${port}/servers/id-1/action`,
    headers: {},
    body: "{}",
    deadlineMs: 2000,
    objection: () => "its fence proof lapsed before the call",
  });
  assert.deepEqual(outcome, { kind: "not-sent", reason: "its fence proof lapsed before the call" });
  await waitFor("the connection", () => isLapsed || undefined);
  assert.deepEqual(seen, []);
});
