import assert from "node:assert/strict";
import { test } from "node:test";
import {
  identifiesHost,
  identityWords,
  isSeenFromInside,
  sameIdentity,
} from "../../guardian/core/device-identity.ts";
import type { DeviceIdentity } from "../../guardian/ports.ts";
import { bmcIdentity, isTellingUuid, uuidSpellings } from "../../shared/bmc-identity.ts";
import { render } from "../../guardian/core/words.ts";

const nothing: DeviceIdentity = { guid: undefined, uuid: undefined, serial: undefined };
/** As dmidecode prints it: 00112233-4455-6677-8899-aabbccddeeff. */
const host = "00112233445566778899aabbccddeeff";

const shown: readonly (readonly [string, Partial<DeviceIdentity>, boolean])[] = [
  ["as it is", { guid: host }, true],
  ["first three fields little-endian (SMBIOS)", { guid: "33221100554477668899aabbccddeeff" }, true],
  ["all bytes reversed (IPMI 20.8)", { guid: "ffeeddccbbaa99887766554433221100" }, true],
  ["reversed, then its first three fields", { guid: "ccddeeffaabb88997766554433221100" }, true],
  [
    "its first three fields swapped, then reversed",
    { guid: "ffeeddccbbaa99886677445500112233" },
    true,
  ],
  ["as its UUID", { uuid: host }, true],
  ["one of the two is enough", { guid: "0".repeat(32), uuid: host }, true],
  ["another host's", { guid: "00112233445566778899aabbccddee00" }, false],
  ["two bytes swapped", { guid: "11002233445566778899aabbccddeeff" }, false],
  ["in capitals: adapters write lower case", { guid: host.toUpperCase() }, false],
  ["nothing", {}, false],
  ["a serial alone", { serial: host }, false],
];

for (const [name, identity, expected] of shown) {
  test(`shows ${name}: ${expected ? "identifies" : "does not identify"}`, () => {
    assert.equal(identifiesHost({ ...nothing, ...identity }, host), expected);
  });
}

const dull: readonly (readonly [string, string])[] = [
  ["all zero", "0".repeat(32)],
  ["all one", "f".repeat(32)],
  ["a mainboard's default", "03000200040005000006000700080009"],
  ["the same in the other byte order", "00020003000400050006000700080009"],
  ["a counting default", "0123456789abcdef0123456789abcdef"],
  ["too short", "00112233"],
  ["empty", ""],
];

for (const [name, uuid] of dull) {
  test(`${name} identifies nothing, even when both sides show it`, () => {
    assert.equal(isTellingUuid(uuid), false);
    assert.equal(identifiesHost({ ...nothing, guid: uuid }, uuid), false);
  });
}

test("a default is no identity in any spelling", () => {
  for (const [, uuid] of dull.slice(0, 5)) {
    for (const guid of uuidSpellings(uuid)) {
      assert.equal(identifiesHost({ ...nothing, guid }, guid), false, guid);
    }
  }
});

test("the same identity is equal in everything that is shown", () => {
  const one = { ...nothing, guid: host, serial: "77" };
  assert.ok(sameIdentity(one, { ...one }));
  assert.ok(!sameIdentity(one, { ...one, serial: "78" }));
  assert.ok(!sameIdentity(one, { ...one, guid: undefined }));
  assert.equal(render(identityWords(one)), `GUID ${host}, serial 77`);
  assert.equal(render(identityWords(nothing)), "nothing");
});

test("a GUID that names no machine gives way to the LAN MAC address, and to nothing else", () => {
  const zeros = "0".repeat(32);
  const mac = "4cd98f001122";
  assert.equal(bmcIdentity(host, mac), host);
  const byMac = bmcIdentity(zeros, mac);
  assert.equal(byMac, bmcIdentity(undefined, mac));
  assert.ok(byMac !== undefined && isTellingUuid(byMac));
  assert.notEqual(byMac, bmcIdentity(zeros, "4cd98f001123"));
  assert.equal(render(identityWords({ ...nothing, guid: byMac })), "LAN MAC 4c:d9:8f:00:11:22");
  assert.equal(isSeenFromInside({ ...nothing, guid: byMac }, byMac), true);
  for (const useless of ["000000000000", "ffffffffffff", "0100000000ab", "4cd98f0011"]) {
    assert.equal(bmcIdentity(zeros, useless), zeros, useless);
  }
  assert.equal(bmcIdentity(undefined, undefined), undefined);
});
