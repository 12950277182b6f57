/**
 * What one input led to, as a recording keeps it: each line, alert and order whole; looks, of which
 * there are thousands in a storm, as their number and a hash.
 */
import { isLook, type Effect } from "./effects.ts";

/** Empty when the input had no effect: then nothing is recorded. */
export type Output = readonly string[];

/** The effects of one step as texts; equal effects give equal texts, byte for byte. */
export function outputOf(effects: readonly Effect[]): Output {
  const texts: string[] = [];
  let looks = 0;
  let hash = 0;
  for (const effect of effects) {
    const text = JSON.stringify(effect);
    if (isLook(effect)) {
      looks += 1;
      hash = hashed(text, hash);
    } else texts.push(text);
  }
  if (looks > 0) texts.push(`${looks} looks ${hash.toString(16)}`);
  return texts;
}

/** What an input that broke a promise of the design led to. */
export function outputOfError(error: Error): Output {
  return [`threw ${error.message}`];
}

/** 53 bits, so that the hash is a whole number everywhere; chained from look to look. */
function hashed(text: string, seed: number): number {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ Math.floor(seed / 4096);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  high =
    Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low =
    Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & low) + (high >>> 0);
}
