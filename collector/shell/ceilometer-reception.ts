/**
 * What OpenStack's own UDP publisher sends: one msgpack map a datagram, signed. Verified as Ceilometer does, and more
 * strictly than it does. Order: bytes -> map -> keys and types -> signature -> time and id; nothing before the signature
 * changes any state but a counter.
 */
import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import type { Secret } from "../../shared/secret.ts";
import { readSample } from "../core/ceilometer-sample.ts";
import { signedText, type MessageMap } from "../core/ceilometer-signed-text.ts";
import { createMessageWindow } from "../core/message-window.ts";
import { createSampleQueue, type SampleQueue, type SampleRefusal } from "../core/sample-queue.ts";
import { decodeMessage } from "./msgpack.ts";

export interface CeilometerReception {
  readonly samples: SampleQueue;
  /** Takes in one datagram, whatever its bytes; why it was refused, if it was. */
  readonly take: (bytes: Buffer) => SampleRefusal | undefined;
  /** Message ids that are remembered. */
  readonly remembered: () => number;
}

/** Samples of 100 a second are remembered for the whole window, many times over; some 100 MB at most. */
const idsMax = 1_000_000;

export function createCeilometerReception(options: {
  /** Empty: nothing is signed, and nothing verified. */
  readonly secret: Secret;
  readonly windowMs: number;
  readonly samplesMax: number;
  readonly clock: Clock;
}): CeilometerReception {
  const { clock } = options;
  const verify = createVerifier(options.secret);
  const window = createMessageWindow({ windowMs: options.windowMs, idsMax });
  const samples = createSampleQueue(options.samplesMax);

  function judge(bytes: Buffer): SampleRefusal | undefined {
    const map = decodeMessage(bytes);
    if (map === undefined) return "decode";
    const message = readSample(map);
    if (typeof message === "string") return message;
    if (!verify(map, message.signature)) return "signature";
    const skewMs = message.sample.wallMs - clock.wallMs();
    const admission = window.admit(message.messageId, skewMs, clock.monoMs());
    if (admission !== "new") return admission;
    samples.take(message.sample);
    return undefined;
  }

  return {
    samples,
    take(bytes) {
      const reason = judge(bytes);
      if (reason !== undefined) samples.refuse(reason);
      return reason;
    },
    remembered: () => window.size(),
  };
}

/** Whether a message has the signature that Ceilometer would give it under this secret. */
export function createVerifier(secret: Secret): (map: MessageMap, signature: string) => boolean {
  const text = secret.reveal();
  if (text === "") return () => true;
  const key: KeyObject = createSecretKey(Buffer.from(text, "utf8"));
  return (map, signature) => {
    const expected = createHmac("sha256", key).update(signedText(map)).digest();
    const given = Buffer.from(signature, "hex");
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
}
