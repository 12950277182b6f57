/**
 * Many hosts in one process: signs their reports ahead, sends them at a pace, each to every target, and answers the
 * collectors' nonces. Ends with one slow report of each host, so that a loss at the end shows; then tells what it sent.
 */
import { createSocket, type Socket } from "node:dgram";
import { pathToFileURL } from "node:url";
import type { HmacKey } from "../../shared/hmac.ts";
import { sleep } from "../../shared/loop.ts";
import { hostName, serverId, type HostName } from "../../shared/names.ts";
import { deriveHostKey, importKey, openAcknowledgement } from "../../shared/wire-auth.ts";
import { encodeDatagram } from "../../shared/wire.ts";
import { tagBytes } from "../../shared/wire-limits.ts";
import type { WireRecord } from "../../shared/wire-records.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

export const benchMaster = new Uint8Array(32).fill(7);

export interface SenderOrders {
  readonly targets: readonly { readonly port: number; readonly master: string }[];
  readonly hosts: number;
  /** Reports a second, of all hosts together. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Each tenth report of a host is followed by so many servers in one datagram. */
  readonly servers: number;
  /** Of the probes: higher than in any run before at the same targets. */
  readonly epoch: number;
  /** The target only counts: nobody answers, and no life is confirmed. */
  readonly isFloor?: boolean;
}

interface BenchHost {
  readonly port: number;
  readonly key: HmacKey;
  readonly name: HostName;
  readonly plain: Uint8Array;
  readonly list: Uint8Array | undefined;
  sequence: number;
  nonce: string;
  confirmed: boolean;
}

function newHost(
  { port, master }: SenderOrders["targets"][number],
  index: number,
  { servers, epoch }: SenderOrders,
): BenchHost {
  const name = hostName(`compute-${String(index).padStart(5, "0")}`);
  const header = sampleHeader({ host: name, probeEpoch: epoch, sentMonoMs: epoch + 1 });
  const key = importKey(deriveHostKey(Buffer.from(master, "hex"), name));
  const list = Array.from({ length: servers }, (_, at) => ({
    server: serverId(`00000000-0000-4000-8000-${String(index * 100 + at).padStart(12, "0")}`),
    state: "running" as const,
  }));
  const record: WireRecord = {
    kind: "servers",
    reportSequence: 1,
    part: 0,
    parts: 1,
    servers: list,
  };
  return {
    port,
    key,
    name,
    plain: encodeDatagram(header, [{ kind: "liveness", checks: healthyChecks }]),
    list: servers === 0 ? undefined : encodeDatagram(header, [record]),
    sequence: 0,
    nonce: "",
    confirmed: false,
  };
}

function next(host: BenchHost, template: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(template.length + tagBytes);
  writeNext(host, template, bytes);
  return bytes;
}

function writeNext(host: BenchHost, template: Uint8Array, bytes: Buffer): void {
  host.sequence += 1;
  bytes.set(template);
  bytes.writeUInt32BE(host.sequence, 28);
  bytes.writeUInt32BE(host.sequence, 52);
  bytes.write(host.key.digest(bytes, template.length), template.length, "binary");
}

/** All that is sent at a pace, signed ahead: the sender costs little more than its system calls. */
interface Volley {
  readonly count: number;
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
  readonly ports: Uint16Array;
}

function loadVolley(hosts: readonly BenchHost[], reports: number): Volley {
  const shots: { readonly host: BenchHost; readonly template: Uint8Array }[] = [];
  for (let at = 0; at < reports; at += 1) {
    const host = hosts[at % hosts.length];
    if (host === undefined) continue;
    shots.push({ host, template: host.plain });
    const isListed = Math.floor(at / hosts.length) % 10 === 0;
    if (host.list !== undefined && isListed) shots.push({ host, template: host.list });
  }
  const total = shots.reduce((sum, { template }) => sum + template.length + tagBytes, 0);
  const bytes = Buffer.allocUnsafe(total);
  const ends = new Uint32Array(shots.length);
  const ports = new Uint16Array(shots.length);
  let from = 0;
  for (const [at, { host, template }] of shots.entries()) {
    const end = from + template.length + tagBytes;
    writeNext(host, template, bytes.subarray(from, end));
    [ends[at], ports[at], from] = [end, host.port, end];
  }
  return { count: shots.length, bytes, ends, ports };
}

async function send(orders: SenderOrders): Promise<void> {
  const { epoch } = orders;
  const hosts = orders.targets.flatMap((target) =>
    Array.from({ length: orders.hosts }, (_, at) => newHost(target, at, orders)),
  );
  const byName = new Map(hosts.map((host) => [`${host.port} ${host.name}`, host]));
  const socket = createSocket({
    type: "udp4",
    recvBufferSize: 4_194_304,
    sendBufferSize: 4_194_304,
  });
  socket.on("message", (bytes, from) => {
    const length = bytes[7] ?? 0;
    const host = byName.get(`${from.port} ${bytes.toString("latin1", 64, 64 + length)}`);
    if (host === undefined || host.confirmed) return;
    const ack = openAcknowledgement(host.key, bytes);
    if (ack !== undefined) host.nonce = ack.nonce;
    host.confirmed = ack?.nonce === "";
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const transmit = (host: BenchHost, template: Uint8Array): void =>
    socket.send(next(host, template), host.port, "127.0.0.1");

  const slowly = async (
    some: readonly BenchHost[],
    send: (host: BenchHost) => void,
  ): Promise<void> => {
    for (const [at, host] of some.entries()) {
      send(host);
      if (at % 20 === 19) await sleep(4);
    }
    await sleep(200);
  };
  for (let round = 0; round < 10 && orders.isFloor !== true; round += 1) {
    const unknown = hosts.filter(({ nonce }) => nonce === "");
    if (unknown.length === 0) break;
    await slowly(unknown, (host) => transmit(host, host.plain));
  }
  await slowly(hosts, (host) => transmit(host, echoing(host, epoch)));
  const volley = loadVolley(hosts, orders.perSecond * orders.seconds * orders.targets.length);
  process.send?.({ confirmed: hosts.filter(({ nonce }) => nonce !== "").length });
  const lastedS = await fire(socket, volley, orders.seconds);
  await sleep(500);
  await slowly(hosts, (host) => transmit(host, host.plain));
  const sent = hosts.reduce((sum, { sequence }) => sum + sequence, 0);
  process.send?.(
    { sent, perSecond: Math.round(volley.count / lastedS) },
    undefined,
    undefined,
    () => process.exit(0),
  );
}

/** At an even pace, as far as the timer goes; what it is late it makes up for. In seconds, how long it took. */
async function fire(socket: Socket, volley: Volley, seconds: number): Promise<number> {
  const { count, bytes, ends, ports } = volley;
  const fromMs = performance.now();
  const passedS = (): number => (performance.now() - fromMs) / 1000;
  let done = 0;
  while (done < count) {
    const due = Math.min(count, Math.floor((passedS() / seconds) * count));
    for (; done < due; done += 1) {
      const begin = done === 0 ? 0 : ends[done - 1];
      socket.send(bytes.subarray(begin, ends[done]), ports[done], "127.0.0.1");
    }
    await sleep(1);
  }
  return passedS();
}

function echoing(host: BenchHost, epoch: number): Uint8Array {
  const link = { settingsVersion: 0, cutOff: 0, echoes: host.nonce === "" ? [] : [host.nonce] };
  const header = sampleHeader({ host: host.name, probeEpoch: epoch, sentMonoMs: epoch + 1 });
  return encodeDatagram(header, [{ kind: "liveness", checks: healthyChecks, link }]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.on("message", (orders: SenderOrders) => void send(orders));
  process.send?.("ready");
}
