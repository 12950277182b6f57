/**
 * The webhook receiver as a process of its own, so that it can stand where the guardian does:
 * webhook-child.js KEYFILE. Prints its URL, then each request, as JSON lines.
 */
import { readFileSync } from "node:fs";
import { startWebhookReceiver } from "../support/webhook-receiver.ts";

const key = Buffer.from(readFileSync(process.argv[2] ?? "", "utf8"));
const receiver = await startWebhookReceiver(key, (request) => {
  console.log(JSON.stringify({ event: "webhook", at: Date.now(), ...request }));
});
console.log(JSON.stringify({ event: "listening", url: receiver.url }));
