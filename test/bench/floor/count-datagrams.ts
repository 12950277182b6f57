/**
 * The floor of a collector: a bare node:dgram receiver that counts, and does nothing else. It tells its port to who
 * started it, and when asked how many datagrams came and what CPU they took.
 */
import { createSocket } from "node:dgram";

let received = 0;
let cpuAtFirst = process.cpuUsage();
const socket = createSocket({ type: "udp4", recvBufferSize: 4_194_304 });
socket.on("message", () => {
  if (received === 0) cpuAtFirst = process.cpuUsage();
  received += 1;
});
process.on("message", () => {
  const { user, system } = process.cpuUsage(cpuAtFirst);
  process.send?.({ received, cpuUs: user + system });
  received = 0;
});
socket.bind(0, "127.0.0.1", () => process.send?.({ port: socket.address().port }));
