/** Alerts by SMTP, through nodemailer: a connection for each message, TLS unless an operator wrote otherwise. */
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { createTransport, type SMTPTransportOptions } from "nodemailer";
import { describeError, toError } from "../../shared/errors.ts";
import { sleep, withDeadline } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import type { Look } from "../channels/alert-text.ts";
import { tryAgain } from "../channels/answers.ts";
import { judgeMailFailure, mailContent, type MailFailure } from "../channels/mail.ts";
import { plainText } from "../channels/plain-text.ts";
import type { AlertMessage, Delivery, Notifier } from "../ports.ts";
import type { ChannelLookup } from "./channel-lookup.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { PartlySent } from "./partly-sent.ts";

export interface MailOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `starttls` refuses a server that has none; `none` sends in clear. */
  readonly tls: "starttls" | "implicit" | "none";
  readonly caFile?: string | undefined;
  readonly login?: { readonly username: string; readonly password: Secret } | undefined;
  readonly from: string;
  readonly to: readonly string[];
  readonly look: Look;
  readonly lookup: ChannelLookup;
}

/** To part from a server that has taken the mail. */
const goodbyeMs = 1000;

export function createMailNotifier(options: MailOptions): Notifier {
  const { name } = options;
  const secrets = secretsOf(options);
  const sent = new PartlySent<string>();
  return {
    name,
    async send(message, deadlineMs) {
      const late = tryAgain(`no answer within ${deadlineMs} ms`);
      const socket = new Socket();
      const attempt = sendOnce(options, message, sent, socket, deadlineMs);
      const delivery = await withDeadline<Delivery>(attempt, deadlineMs, () => late);
      if (delivery.kind === "delivered") {
        void sleep(goodbyeMs).then(() => socket.destroy());
        return delivery;
      }
      // The library's own limits are on silence: a server that answers without end has none.
      socket.destroy();
      const reason = hideSecrets(`${name}: ${delivery.reason}`, secrets);
      return { ...delivery, reason };
    },
  };
}

/** A server may repeat a login as it came over the wire. */
function secretsOf({ login }: MailOptions): readonly Secret[] {
  if (login === undefined) return [];
  const { username, password } = login;
  const plain = `\0${username}\0${password.reveal()}`;
  return [password, new Secret(Buffer.from(plain).toString("base64"))];
}

async function sendOnce(
  options: MailOptions,
  message: AlertMessage,
  sent: PartlySent<string>,
  socket: Socket,
  deadlineMs: number,
): Promise<Delivery> {
  const { from, look } = options;
  const to = options.to.filter((recipient) => !sent.has(message.id, recipient));
  try {
    const getSocket = connection(options, socket, deadlineMs);
    const transport = createTransport({ ...transportOptions(options, deadlineMs), getSocket });
    const { headers, ...content } = mailContent(message, from, look);
    const info = await transport.sendMail({ ...content, headers: { ...headers }, from, to });
    const rejected = (info.rejectedErrors ?? []).map(failureOf);
    if (rejected.length === 0) {
      sent.done(message.id);
      return { kind: "delivered", answer: plainText(info.response ?? "") };
    }
    sent.add(message.id, info.accepted.map(addressOf));
    return judgeMailFailure(firstToTryAgain(rejected));
  } catch (error) {
    return judgeMailFailure(failureOf(error));
  }
}

/** The library's own way asks two resolvers, one after the other, and both past our gate. */
function connection(
  { host, port, lookup }: MailOptions,
  socket: Socket,
  deadlineMs: number,
): NonNullable<SMTPTransportOptions["getSocket"]> {
  return (_, callback) => {
    if (socket.destroyed) return callback(new Error(`no connection within ${deadlineMs} ms`));
    const fail = (error: Error): void => {
      socket.off("connect", succeed).off("close", closed);
      callback(error);
    };
    const closed = (): void => fail(new Error("the connection was given up"));
    const succeed = (): void => {
      socket.off("error", fail).off("close", closed);
      callback(null, { connection: socket });
    };
    socket.once("error", fail).once("close", closed).once("connect", succeed);
    socket.connect({ host, port, lookup: lookup(deadlineMs) });
  };
}

function transportOptions(options: MailOptions, deadlineMs: number): SMTPTransportOptions {
  const { host, port, tls, caFile, login } = options;
  const ca = caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") };
  return {
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    tls: { rejectUnauthorized: true, minVersion: "TLSv1.2", ...ca },
    ...(login === undefined
      ? {}
      : { auth: { user: login.username, pass: login.password.reveal() } }),
    connectionTimeout: deadlineMs,
    greetingTimeout: deadlineMs,
    socketTimeout: deadlineMs,
    // Texts of others stay texts: nothing in a message is read as a path or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function failureOf(error: unknown): MailFailure {
  const { code, responseCode } = toError(error) as Error & {
    readonly code?: unknown;
    readonly responseCode?: unknown;
  };
  return {
    message: describeError(error),
    code: typeof code === "string" ? code : "",
    responseCode: typeof responseCode === "number" ? responseCode : undefined,
  };
}

/** Of several recipients, one that may still get it decides whether there is another try. */
function firstToTryAgain(failures: readonly MailFailure[]): MailFailure {
  const passing = failures.find(({ responseCode = 0 }) => responseCode < 500);
  const first = passing ?? failures[0] ?? { message: "", code: "", responseCode: undefined };
  return { ...first, message: failures.map(({ message }) => message).join("; ") };
}

function addressOf(recipient: string | { readonly address: string }): string {
  return typeof recipient === "string" ? recipient : recipient.address;
}
