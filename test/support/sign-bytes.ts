/** Any bytes with the tag that makes them authentic: nonsense that was signed. */
import { createHmac, type KeyObject } from "node:crypto";

export function signBytes(key: KeyObject, body: Uint8Array): Uint8Array {
  const signed = new Uint8Array(body.length + 32);
  signed.set(body);
  signed.set(createHmac("sha256", key).update(body).digest(), body.length);
  return signed;
}
