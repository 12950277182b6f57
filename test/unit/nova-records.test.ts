import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../support/properties.ts";
import {
  readMigration,
  readServer,
  readService,
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
      for (const read of [readMigration, readServer, readService, unreadableHost]) read(value);
    }),
  );
});
