import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { test } from "node:test";
import { HmacKey } from "../../shared/hmac.ts";
import { fc } from "../support/properties.ts";

const ascii = (text: string): Uint8Array => Buffer.from(text, "ascii");
const hexOf = (digest: string): string => Buffer.from(digest, "binary").toString("hex");

/** RFC 4231, cases 1 to 4, 6 and 7: key, data, HMAC-SHA-256. */
const published: readonly (readonly [Uint8Array, Uint8Array, string])[] = [
  [
    new Uint8Array(20).fill(0x0b),
    ascii("Hi There"),
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  ],
  [
    ascii("Jefe"),
    ascii("what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    new Uint8Array(20).fill(0xaa),
    new Uint8Array(50).fill(0xdd),
    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
  ],
  [
    new Uint8Array(25).map((_, at) => at + 1),
    new Uint8Array(50).fill(0xcd),
    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
  ],
  [
    new Uint8Array(131).fill(0xaa),
    ascii("Test Using Larger Than Block-Size Key - Hash Key First"),
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
  [
    new Uint8Array(131).fill(0xaa),
    ascii(
      "This is a test using a larger than block-size key and a larger than block-size data. " +
        "The key needs to be hashed before being used by the HMAC algorithm.",
    ),
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  ],
];

test("HMAC-SHA256 is RFC 4231's", () => {
  for (const [key, data, expected] of published) {
    assert.equal(hexOf(new HmacKey(key).digest(data)), expected);
  }
});

test("HMAC-SHA256 is node's, whatever the key, the bytes and how many of them count", () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
  const keys = fc.array(bytes(100), { minLength: 2, maxLength: 2 });
  fc.assert(
    fc.property(keys, bytes(3000), fc.nat(3000), (both, data, wanted) => {
      const length = Math.min(wanted, data.length);
      // Two keys by turns: one leaves nothing behind for the other.
      for (const key of [...both, ...both]) {
        const floor = createHmac("sha256", key).update(data.subarray(0, length)).digest("hex");
        assert.equal(hexOf(new HmacKey(key).digest(data, length)), floor);
      }
    }),
  );
});

test("a key shows nothing of itself", () => {
  const key = new HmacKey(new Uint8Array(32).fill(7));
  const shown = inspect(key, { depth: 5, showHidden: true }) + JSON.stringify(key);
  assert.equal(shown, "HmacKey {}{}");
});
