/**
 * The reception of a collector up to the understood datagram: verified, admitted by the replay window, counted by the
 * ledger, decoded, and acknowledged as often as ever; no row is made of it, and nothing is queued for a store.
 */
import { randomBytes } from "node:crypto";
import { createAcknowledger } from "../../collector/core/acknowledger.ts";
import { sumLosses } from "../../collector/core/loss-ledger.ts";
import { systemClock } from "../../shared/clock.ts";
import { collectorId } from "../../shared/names.ts";
import { createReplayTable } from "../../shared/replay-window.ts";
import { noLedger, type Ledger } from "../../shared/telemetry.ts";
import { createHostKeys, createReceiver, signAcknowledgement } from "../../shared/wire-auth.ts";
import { benchMaster } from "./collector-sender.ts";

export interface Decoder {
  take(bytes: Uint8Array): Uint8Array | undefined;
  ledger(): Ledger;
}

export function createDecoder(acknowledgeEvery: number): Decoder {
  const keys = createHostKeys(new Map([[1, benchMaster]]));
  const replays = createReplayTable({ newNonce: () => randomBytes(8).toString("hex") });
  const receiver = createReceiver({ keys, replays, revokedHosts: new Set() });
  const acknowledger = createAcknowledger({
    collector: collectorId("bench"),
    epoch: 1,
    every: acknowledgeEvery,
    settings: () => undefined,
    peersOf: () => [],
  });
  const startedMs = systemClock.monoMs();
  let [accepted, refused] = [0, 0];
  return {
    take(bytes) {
      const received = receiver.receive(bytes, systemClock.monoMs() - startedMs);
      if (received.kind === "accepted") accepted += 1;
      else refused += 1;
      const ack = acknowledger.answerTo(received);
      const key = ack && keys.find(ack.keyId, ack.host);
      return ack === undefined || key === undefined ? undefined : signAcknowledgement(key, ack);
    },
    ledger: () => ({
      ...noLedger,
      received: accepted + refused,
      accepted,
      refused,
      ...sumLosses(replays.windows()),
    }),
  };
}
