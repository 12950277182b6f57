/**
 * A proxy before the store that hands on what it is sent as late as a file says: slow-store.js ADDRESS PORT STOREPORT
 * FILE. The file holds milliseconds, and is read with every piece that comes. Answers are not delayed once more.
 */
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { sleep } from "../../shared/loop.ts";

const [address = "127.0.0.1", port = "0", storePort = "0", delayFile = ""] = process.argv.slice(2);

const server = createServer((client) => {
  const store = connect(Number(storePort), address);
  let dueMs = 0;
  // What was sent first arrives first, also when the delay shrinks.
  const later = (work: () => void): void => {
    const nowMs = performance.now();
    dueMs = Math.max(dueMs, nowMs + Number(readFileSync(delayFile, "utf8")));
    setTimeout(work, dueMs - nowMs);
  };
  client.on("data", (piece) => later(() => store.write(piece)));
  // Who gave up waiting has sent its rows all the same.
  client.on("close", () => later(() => store.end()));
  store.on("data", (piece) => client.write(piece));
  store.on("close", () => client.destroy());
  for (const socket of [client, store]) socket.on("error", () => undefined);
});
server.listen(Number(port), address, () => console.log(JSON.stringify({ event: "listening" })));

while (process.ppid !== 1) await sleep(1000);
// Who started it has ended.
process.exit(0);
