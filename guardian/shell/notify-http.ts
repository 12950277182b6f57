/** Sends an alert by the calls of a channel, each with the same deadline, and judges the answers. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { ChannelCall, HttpChannel } from "../channels/channel.ts";
import type { AlertMessage, Delivery, Notifier } from "../ports.ts";
import type { ChannelLookup } from "./channel-lookup.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { PartlySent } from "./partly-sent.ts";
import { secretsOf, type Proxy } from "./proxy.ts";
import { sendHttp, type TlsCheck } from "./http-request.ts";

/** What one call needs of its channel. */
export interface HttpCallOptions {
  readonly name: string;
  readonly channel: Pick<HttpChannel, "secrets" | "judge">;
  readonly caFile?: string | undefined;
  readonly proxy?: Proxy | undefined;
  readonly lookup: ChannelLookup;
  readonly clock: Clock;
}

export interface HttpNotifierOptions extends HttpCallOptions {
  readonly channel: HttpChannel;
}

/** Providers answer in a few hundred bytes; what is longer is somebody else's page. */
const answerBytesMax = 64 * 1024;

export function createHttpNotifier(options: HttpNotifierOptions): Notifier {
  const { name, channel } = options;
  const sent = new PartlySent<number>();
  return {
    name,
    ...(channel.rate === undefined ? {} : { rate: channel.rate }),
    async send(message, deadlineMs) {
      const { id } = message;
      // By their places, which are the same in each try: what is shown of two numbers may be the same.
      const parts = callsFor(options, message).map((call, place) => ({ call, place }));
      const open = parts.filter(({ place }) => !sent.has(id, place));
      const calls = open.map(({ call }) => call);
      const outcomes = await sendCalls(options, calls, deadlineMs);
      const whole = together(outcomes);
      const reached = open.filter((_, at) => outcomes[at]?.kind === "delivered");
      if (whole.kind === "delivered") sent.done(id);
      else if (reached.length > 0) {
        sent.add(
          id,
          reached.map(({ place }) => place),
        );
      }
      return whole;
    },
  };
}

/** Makes the calls side by side; what came of each, with the channel's name and without secrets. */
export async function sendCalls(
  options: HttpCallOptions,
  calls: readonly ChannelCall[],
  deadlineMs: number,
): Promise<readonly Delivery[]> {
  let tls: TlsCheck;
  try {
    const { caFile } = options;
    tls = { verify: true, ca: caFile === undefined ? undefined : readFileSync(caFile, "utf8") };
  } catch (error) {
    const reason = `${options.name}: ${describeError(error)}`;
    return calls.map(() => ({ kind: "undelivered", retryable: true, reason }));
  }
  const send = async (call: ChannelCall): Promise<Delivery> =>
    named(options, call, await sendCall(options, call, tls, deadlineMs));
  return Promise.all(calls.map(send));
}

function callsFor({ channel, clock }: HttpNotifierOptions, message: AlertMessage) {
  const nonce = randomBytes(16).toString("hex");
  return channel.calls(message, { wallMs: clock.wallMs(), nonce });
}

async function sendCall(
  { channel, clock, proxy, lookup }: HttpCallOptions,
  { url, headers, body }: ChannelCall,
  tls: TlsCheck,
  deadlineMs: number,
): Promise<Delivery> {
  const outcome = await sendHttp({
    method: "POST",
    url,
    headers,
    body,
    deadlineMs,
    tls,
    proxy,
    lookup,
    answerBytesMax,
  });
  if (outcome.kind === "answer") return channel.judge(outcome, clock.wallMs());
  return { kind: "undelivered", retryable: true, reason: outcome.reason };
}

/** With the channel's name, and without secrets. */
function named(
  { name, channel, proxy }: HttpCallOptions,
  { to }: ChannelCall,
  delivery: Delivery,
): Delivery {
  const hide = (text: string): string =>
    hideSecrets(text, [...channel.secrets, ...secretsOf(proxy)]);
  if (delivery.kind === "delivered") {
    return delivery.answer === undefined
      ? delivery
      : { ...delivery, answer: hide(delivery.answer) };
  }
  const whom = to === "" ? name : `${name}: ${to}`;
  const joint = delivery.reason.startsWith("answered") ? " " : ": ";
  return { ...delivery, reason: hide(`${whom}${joint}${delivery.reason}`) };
}

/** One delivery of several: what failed counts, and what may be tried again before what may not. */
function together(outcomes: readonly Delivery[]): Delivery {
  const failed = outcomes.filter((outcome) => outcome.kind === "undelivered");
  const [first] = failed;
  if (first === undefined) return outcomes[0] ?? { kind: "delivered" };
  if (outcomes.length === 1) return first;
  const again = failed.filter(({ retryable }) => retryable);
  const pauses = again.map(({ retryAfterMs }) => retryAfterMs ?? 0);
  const longest = Math.max(0, ...pauses);
  return {
    kind: "undelivered",
    retryable: again.length > 0,
    reason: failed.map(({ reason }) => reason).join("; "),
    ...(longest === 0 ? {} : { retryAfterMs: longest }),
  };
}
