/** Any bytes with the tag that makes them authentic: nonsense that was signed. */
import type { HmacKey } from "../../shared/hmac.ts";

export function signBytes(key: HmacKey, body: Uint8Array): Uint8Array {
  const signed = new Uint8Array(body.length + 32);
  signed.set(body);
  signed.set(Buffer.from(key.digest(body), "binary"), body.length);
  return signed;
}
