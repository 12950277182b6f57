/** What a server's sample costs in a full datagram, beside one sample a datagram. */
import { hostName, serverId } from "../../shared/names.ts";
import {
  deriveHostKey,
  importKey,
  openAcknowledgement,
  signDatagram,
} from "../../shared/wire-auth.ts";
import { serversPerDatagram } from "../../shared/wire.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";
import { createBenchReception } from "./bench-reception.ts";
import { benchMaster } from "./collector-sender.ts";

const host = hostName("compute-1");
const key = importKey(deriveHostKey(benchMaster, host));
const datagrams = 3000;

/** Microseconds a sample, with so many of them in each datagram. */
function costOf(perDatagram: number): number {
  const reception = createBenchReception(1000);
  const liveness = { kind: "liveness", checks: healthyChecks } as const;
  const hello = signDatagram(key, sampleHeader({ sequence: 1 }), [liveness]);
  const asked = reception.take(hello, "192.0.2.1") ?? new Uint8Array();
  const nonce = openAcknowledgement(key, asked)?.nonce ?? "";
  const link = { settingsVersion: 0, cutOff: 0, echoes: [nonce] };
  reception.take(
    signDatagram(key, sampleHeader({ sequence: 2 }), [{ ...liveness, link }]),
    "192.0.2.1",
  );
  const servers = Array.from({ length: perDatagram }, (_, at) => ({
    server: serverId(`00000000-0000-4000-8000-${String(at).padStart(12, "0")}`),
    state: "running" as const,
  }));
  const signed = Array.from({ length: datagrams }, (_, at) =>
    signDatagram(key, sampleHeader({ sequence: at + 3 }), [
      { kind: "servers", reportSequence: at + 3, part: 0, parts: 1, servers },
    ]),
  );
  const from = process.cpuUsage();
  for (const bytes of signed) reception.take(bytes, "192.0.2.1");
  const { user, system } = process.cpuUsage(from);
  if (reception.ingest.counters().serversPending !== perDatagram)
    throw new Error("servers are missing");
  return (user + system) / datagrams / perDatagram;
}

/** Prints both and their ratio, medians of five. The socket, which packing spares as well, is left out. */
export function benchPacking(): void {
  const full = serversPerDatagram(host);
  const pairs = Array.from({ length: 6 }, () => [costOf(1), costOf(full)] as const).slice(1);
  const middle = (values: readonly number[]): number =>
    values.toSorted((left, right) => left - right)[2] ?? NaN;
  const [one, packed] = [middle(pairs.map(([us]) => us)), middle(pairs.map(([, us]) => us))];
  console.log(
    `server samples, without the socket: one a datagram ${one.toFixed(2)} us, ${full} a datagram ${packed.toFixed(2)} us a sample: ` +
      `${(packed / one).toFixed(3)} of it`,
  );
}
