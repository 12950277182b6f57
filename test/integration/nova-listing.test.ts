/** What our Nova adapter reads of servers, and how it resets them, against a Nova like the real one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hostName, serverId } from "../../shared/names.ts";
import { openStackWorld as world } from "../support/openstack-world.ts";
import { simulatedUuid } from "../support/simulated-nova.ts";

const one = hostName("compute-1");

test("a list of servers has their tags, flavors and, where they count, what their images say", async (t) => {
  const { cloud, api } = await world(t, {}, { readImages: true, readDeadlineMs: 400 });
  const [known, other, secret] = ["1a", "1b", "1c"].map((kind) => simulatedUuid(kind, 1));
  cloud.nova.images.set(known ?? "", { evacuable: "true" });
  cloud.nova.images.set(secret ?? "", {});
  const local = { host: "compute-1", volumeBacked: false };
  cloud.nova.addServer({ host: "compute-1", tags: ["a"], flavorSpecs: { HA_Enabled: "true" } });
  cloud.nova.addServer({ ...local, imageId: known ?? "" });
  cloud.nova.addServer({ ...local, imageId: known ?? "" });
  cloud.nova.addServer({ ...local, imageId: other ?? "" });
  cloud.nova.addServer({ ...local, imageId: secret ?? "" });
  cloud.setFault({ kind: "status", status: 503, match: new RegExp(`images/${secret}`) });
  const answer = await api.serversOn(one);
  assert.ok(answer.kind === "servers", JSON.stringify(answer));
  const [first, ...rest] = answer.servers;
  assert.deepEqual([first?.tags, first?.flavorSpecs], [["a"], { HA_Enabled: "true" }]);
  assert.equal(first?.image, undefined, "it was booted from a volume");
  const read = { kind: "read", properties: { evacuable: "true" } };
  const gone = { kind: "read", properties: {} };
  assert.deepEqual(
    rest.slice(0, 3).map(({ image }) => image),
    [read, read, gone],
  );
  const unread = rest[3]?.image;
  assert.ok(unread?.kind === "unread" && /503/.test(unread.reason), JSON.stringify(unread));
  const asked = cloud.requests.filter(({ path }) => path.includes(`images/${known}`));
  assert.equal(asked.length, 1, "each image is read once");
  cloud.setFault({ kind: "none" });
  const without = await world(t);
  without.cloud.nova.addServer({ ...local, imageId: known ?? "" });
  await without.api.serversOn(one);
  assert.ok(without.cloud.requests.every(({ path }) => !path.includes("images")));
});

test("a paused server is reset to error after a look, once, and Nova evacuates it then", async (t) => {
  const { cloud, api, hosts } = await world(t, { rebuildMs: 20 });
  const paused = cloud.nova.addServer({ host: "compute-1", status: "PAUSED" });
  const active = cloud.nova.addServer({ host: "compute-1" });
  hosts[0]?.powerLoss();
  await api.forceDown(cloud.nova.service("compute-1").id);
  const id = serverId(paused.id);
  const asked = (): number =>
    cloud.requests.filter(({ body }) => JSON.stringify(body ?? "").includes("resetState")).length;
  const wrong = await api.resetToError(one, serverId(active.id), "paused");
  assert.ok(wrong.kind === "refused" && /it is active on compute-1/.test(wrong.reason));
  const elsewhere = await api.resetToError(hostName("compute-2"), id, "paused");
  assert.ok(elsewhere.kind === "refused" && elsewhere.status === 409);
  assert.equal(asked(), 0, "nothing was sent");
  assert.equal((await api.resetToError(one, id, "paused")).kind, "accepted");
  assert.equal((await api.resetToError(one, id, "paused")).kind, "accepted", "it is done");
  assert.equal(asked(), 1);
  assert.equal((await api.evacuate(one, id)).kind, "accepted");
  const gone = await api.resetToError(one, serverId("no-such"), "paused");
  assert.ok(gone.kind === "refused" && gone.status === 404);
  cloud.setFault({ kind: "answer-lost", match: /servers/ });
  const lost = await api.resetToError(one, id, "paused");
  assert.ok(lost.kind === "unknown" && lost.reason.startsWith("not sent: "));
});

test("a gateway's 404 is no word that a server is gone", async (t) => {
  const { cloud, api } = await world(t);
  const server = serverId(cloud.nova.addServer({ host: "compute-1" }).id);
  cloud.setFault({ kind: "status", status: 404, match: /GET .*servers/ });
  assert.equal((await api.server(server)).kind, "failed");
  cloud.setFault({ kind: "none" });
  assert.equal((await api.server(serverId("no-such"))).kind, "gone");
});

test("an empty list of a host whose cell is down is no list", async (t) => {
  const { cloud, api } = await world(t);
  cloud.nova.addServer({ host: "compute-1" });
  cloud.nova.hidden.add("compute-1");
  const answer = await api.serversOn(one);
  assert.ok(answer.kind === "failed", JSON.stringify(answer));
  assert.match(answer.reason, /cannot read the cell of compute-1/);
  const empty = await api.serversOn(hostName("compute-2"));
  assert.ok(empty.kind === "servers" && empty.servers.length === 0);
  cloud.nova.hidden.clear();
  const again = await api.serversOn(one);
  assert.ok(again.kind === "servers" && again.servers.length === 1);
});

test("a server of a cell that is down is not seen: that its record has no host is no word", async (t) => {
  const { cloud, api } = await world(t);
  const server = cloud.nova.addServer({ host: "compute-1" });
  Object.assign(server, { status: "UNKNOWN" });
  const answer = await api.server(serverId(server.id));
  assert.ok(answer.kind === "failed", JSON.stringify(answer));
  assert.match(answer.reason, /only a part of server .*its cell is down/);
});
