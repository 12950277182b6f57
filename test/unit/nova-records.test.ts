import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../support/properties.ts";
import {
  readMigration,
  readServer,
  readService,
  readShownServer,
  unreadableHost,
} from "../../guardian/shell/nova-records.ts";

test("a partial record of a down cell is read as far as it goes", () => {
  const server = readServer({ id: "u-1", status: "UNKNOWN", tenant_id: "p", created: "x" });
  assert.equal(server?.status, "UNKNOWN");
  assert.equal(server?.host, undefined);
  assert.equal(server?.vmState, "unknown");
  const service = { binary: "nova-compute", host: "compute-9", status: "UNKNOWN" };
  assert.equal(readService(service), undefined);
  assert.equal(unreadableHost(service), "compute-9");
});

test("a server without image is volume-backed only if it has a volume", () => {
  const volumes = { "os-extended-volumes:volumes_attached": [{ id: "v" }] };
  assert.equal(readServer({ id: "a", image: "", ...volumes })?.volumeBacked, true);
  assert.equal(readServer({ id: "a", image: "" })?.volumeBacked, false);
  assert.equal(readServer({ id: "a", image: { id: "i" }, ...volumes })?.volumeBacked, false);
});

test("nothing that can be JSON makes a reader throw", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const read of [readMigration, readServer, readService, readShownServer, unreadableHost])
        read(value);
    }),
  );
});

test("a server's addresses on all its networks and its flavor's disk are shown; what is missing is nothing", () => {
  const addresses = {
    private: [{ addr: "10.0.0.5" }, { addr: "fd00::5" }],
    public: [{ addr: "192.0.2.7" }],
  };
  const shown = readShownServer({ id: "s1", flavor: { disk: 20 }, addresses });
  assert.deepEqual(shown?.addresses, ["10.0.0.5", "fd00::5", "192.0.2.7"]);
  assert.equal(shown.diskGb, 20);
  const poor = readShownServer({ id: "s1", addresses: { private: [{}, null] } });
  assert.deepEqual([poor?.addresses, poor?.diskGb], [[], undefined]);
  assert.equal(readShownServer({}), undefined);
});
