/**
 * Our reception behind our socket, without a store: what a datagram costs up to the queue of the store, or with the word
 * `decoded` up to its being understood.
 */
import { readKernelDrops } from "../../collector/shell/kernel-drops.ts";
import { openUdpServer } from "../../collector/shell/udp-server.ts";
import { silentLogger, type Logger } from "../../shared/log.ts";
import { createBenchReception } from "./bench-reception.ts";
import { createDecoder } from "./decoder.ts";

const [bufferBytes = "4194304", acknowledgeEvery = "1000", upTo = "queued"] = process.argv.slice(2);
let cpuAtFirst = process.cpuUsage();
let counted = 0;
let isWarned = false;
const log: Logger = { ...silentLogger, warn: () => void (isWarned = true) };
const reception = createBenchReception(Number(acknowledgeEvery));
const decoder = upTo === "decoded" ? createDecoder(Number(acknowledgeEvery)) : undefined;
let queued = 0;
const server = await openUdpServer({
  address: "127.0.0.1",
  port: 0,
  receiveBufferBytes: Number(bufferBytes),
  onDatagram: (bytes, from) => {
    if (counted === 0) cpuAtFirst = process.cpuUsage();
    counted += 1;
    const answer =
      decoder === undefined ? reception.take(bytes, from.address) : decoder.take(bytes);
    if (answer !== undefined) server.send(answer, from);
    // The store's pump takes what waits every 250 ms; here every 10,000 of them.
    if (counted % 10_000 === 0) queued += reception.ingest.takeLiveness().length;
  },
  log,
});
process.on("message", () => {
  const { user, system } = process.cpuUsage(cpuAtFirst);
  queued += reception.ingest.takeLiveness().length;
  const dropped = readKernelDrops(server.address, server.port);
  const ledger = decoder?.ledger() ?? reception.ingest.ledger(dropped);
  const rssMb = Math.round(process.memoryUsage().rss / 1e6);
  const facts = { queued, rssMb, isWarned, granted: server.receiveBufferBytes };
  process.send?.({ received: counted, cpuUs: user + system, ledger, ...facts });
  counted = 0;
});
process.send?.({ port: server.port });
