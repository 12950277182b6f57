/** A socket that sends the bytes it is told, and opens what a collector answers: for hostile tests. */
import { createSocket } from "node:dgram";
import { hostName } from "../../shared/names.ts";
import { importKey, openAcknowledgement, signDatagram } from "../../shared/wire-auth.ts";
import type { DatagramHeader } from "../../shared/wire.ts";
import type { Acknowledgement } from "../../shared/wire-ack.ts";
import { healthyChecks, sampleHeader } from "./sample-report.ts";
import { waitFor } from "./wait-for.ts";

export interface RawProbe {
  readonly send: (bytes: Uint8Array) => Promise<void>;
  /** A signed liveness report, with what the test cares about changed. */
  report(changes: Partial<DatagramHeader>, echoes?: readonly string[]): Uint8Array;
  /** Sends two reports of a life, the second with the nonce that was asked for: it is confirmed. */
  confirm(changes: Partial<DatagramHeader>): Promise<void>;
  /** Every answer so far, oldest first. */
  readonly answers: readonly Acknowledgement[];
  close(): void;
}

/** `key`: the host's, 32 bytes. */
export function createRawProbe(port: number, key: Uint8Array, host = "compute-1"): RawProbe {
  const socket = createSocket("udp4");
  const imported = importKey(key);
  const answers: Acknowledgement[] = [];
  socket.on("message", (bytes) => {
    const ack = openAcknowledgement(imported, bytes);
    if (ack !== undefined) answers.push(ack);
  });
  const send = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) =>
      socket.send(bytes, port, "127.0.0.1", (error) =>
        error === null ? resolve() : reject(error),
      ),
    );
  const report: RawProbe["report"] = (changes, echoes = []) => {
    const link = { settingsVersion: 0, cutOff: 0, echoes };
    const header = sampleHeader({
      host: hostName(host),
      sent: changes.sequence ?? 1,
      ...changes,
    });
    return signDatagram(imported, header, [{ kind: "liveness", checks: healthyChecks, link }]);
  };
  return {
    send,
    report,
    answers,
    async confirm(changes) {
      const { bootId, probeEpoch, sequence } = sampleHeader(changes);
      const isAsked = (one: Acknowledgement): boolean =>
        one.bootId === bootId && one.probeEpoch === probeEpoch && one.sequence === sequence;
      await send(report(changes));
      const ack = await waitFor("a nonce", () =>
        answers.find((one) => isAsked(one) && one.nonce !== ""),
      );
      await send(report({ ...changes, sequence: sequence + 1 }, [ack.nonce]));
    },
    close: () => socket.close(),
  };
}
