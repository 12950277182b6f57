/** `--once`: whether the store takes a watermark, without opening the socket. */
import { collectorId } from "../shared/names.ts";
import { noLedger } from "../shared/telemetry.ts";
import type { CollectorDeps } from "./app.ts";
import type { WriteResult } from "./ports.ts";
import { openStore } from "./store.ts";

/** Writes one watermark under a name of its own, so that no running collector's is disturbed. */
export async function checkStoreOnce({ config, clock, log }: CollectorDeps): Promise<WriteResult> {
  const writer = openStore(config.store, log);
  const watermark = {
    collector: collectorId(`${config.id}.once`),
    epoch: clock.wallMs(),
    monoMs: clock.monoMs(),
    ledger: noLedger,
  };
  const result = await writer.writeWatermark(watermark, clock.wallMs());
  writer.close();
  return result;
}
