/** Sends an alert by the calls of a channel, each with the same deadline, and judges the answers. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { ChannelCall, HttpChannel } from "../channels/channel.ts";
import type { AlertMessage, Delivery, Notifier } from "../ports.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { sendHttp, type TlsCheck } from "./http-request.ts";

export interface HttpNotifierOptions {
  readonly name: string;
  readonly channel: HttpChannel;
  readonly caFile?: string | undefined;
  readonly clock: Clock;
}

/** Providers answer in a few hundred bytes; what is longer is somebody else's page. */
const answerBytesMax = 64 * 1024;
/** Messages of which some recipients have one already. */
const partlySentMax = 100;

export function createHttpNotifier(options: HttpNotifierOptions): Notifier {
  const { name, channel } = options;
  /** By message id: who has it. A try after a failure goes to the others alone. */
  const reached = new Map<string, Set<string>>();
  return {
    name,
    ...(channel.rate === undefined ? {} : { rate: channel.rate }),
    async send(message, deadlineMs) {
      let tls: TlsCheck;
      try {
        tls = { verify: true, ca: readAuthority(options.caFile) };
      } catch (error) {
        const reason = `${name}: ${describeError(error)}`;
        return { kind: "undelivered", retryable: true, reason };
      }
      const had = reached.get(message.id) ?? new Set<string>();
      const calls = callsFor(options, message).filter(({ to }) => !had.has(to));
      const outcomes = await Promise.all(
        calls.map(async (call) => {
          const delivery = await sendCall(options, call, tls, deadlineMs);
          if (delivery.kind === "delivered") had.add(call.to);
          return named(options, call, delivery);
        }),
      );
      const whole = together(outcomes);
      reached.delete(message.id);
      if (whole.kind === "undelivered" && had.size > 0) keep(reached, message.id, had);
      return whole;
    },
  };
}

function callsFor({ channel, clock }: HttpNotifierOptions, message: AlertMessage) {
  const nonce = randomBytes(16).toString("hex");
  return channel.calls(message, { wallMs: clock.wallMs(), nonce });
}

function readAuthority(caFile: string | undefined): string | undefined {
  return caFile === undefined ? undefined : readFileSync(caFile, "utf8");
}

async function sendCall(
  { channel, clock }: HttpNotifierOptions,
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
    answerBytesMax,
  });
  if (outcome.kind === "answer") return channel.judge(outcome, clock.wallMs());
  return { kind: "undelivered", retryable: true, reason: outcome.reason };
}

/** With the channel's name, and without secrets. */
function named(
  { name, channel }: HttpNotifierOptions,
  { to }: ChannelCall,
  delivery: Delivery,
): Delivery {
  const hide = (text: string): string => hideSecrets(text, channel.secrets);
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

function keep(reached: Map<string, Set<string>>, id: string, had: Set<string>): void {
  reached.set(id, had);
  const [oldest] = reached.keys();
  if (reached.size > partlySentMax && oldest !== undefined) reached.delete(oldest);
}
