/** Sends what another program takes at a pace, made ahead; then tells how many. */
import { createSocket } from "node:dgram";
import { sleep } from "../../shared/loop.ts";
import { payloadOf } from "./rivals.ts";

const [kind = "", port = "0", perSecond = "1", seconds = "1"] = process.argv.slice(2);
const total = Number(perSecond) * Number(seconds);
const payloads = payloadOf(kind, total);
const socket = createSocket({ type: "udp4", sendBufferSize: 4_194_304 });
const from = performance.now();
let sent = 0;
while (sent < total) {
  const due = Math.min(total, Math.floor(((performance.now() - from) / 1000) * Number(perSecond)));
  for (; sent < due; sent += 1) socket.send(payloads(sent), Number(port), "127.0.0.1");
  await sleep(1);
}
await sleep(300);
process.send?.({ sent }, undefined, undefined, () => process.exit(0));
