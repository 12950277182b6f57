/** Receives webhooks on a loopback port, checks their Standard Webhooks signatures, keeps them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { verifyWebhook } from "../../guardian/channels/standard-webhook.ts";

export interface ReceivedWebhook {
  readonly id: string;
  readonly authentic: boolean;
  readonly body: unknown;
}

export interface WebhookReceiver {
  readonly url: string;
  /** Each request, repeats included. */
  readonly received: readonly ReceivedWebhook[];
  /** Each message once, by its id, authentic ones only: what a good receiver keeps. */
  messages(): readonly ReceivedWebhook[];
  /** Answers with this status from now on; 0 never answers. */
  answerWith(status: number): void;
  close(): Promise<void>;
}

const toleranceMs = 300_000;

/** `onReceived` is called for each request, repeats and forgeries included. */
export async function startWebhookReceiver(
  key: Buffer,
  onReceived: (webhook: ReceivedWebhook) => void = () => undefined,
): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  let status = 204;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const id = String(request.headers["webhook-id"]);
      const seconds = Number(request.headers["webhook-timestamp"]);
      const signature = String(request.headers["webhook-signature"]);
      const fresh = Math.abs(Date.now() - seconds * 1000) < toleranceMs;
      const authentic = fresh && verifyWebhook(key, id, seconds, text, signature);
      const webhook: ReceivedWebhook = { id, authentic, body: JSON.parse(text) };
      received.push(webhook);
      onReceived(webhook);
      if (status !== 0) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    messages: () => [
      ...new Map(
        received.filter((one) => one.authentic).map((one) => [one.id, one] as const),
      ).values(),
    ],
    answerWith: (next) => void (status = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
