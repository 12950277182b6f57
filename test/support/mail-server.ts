/** A real SMTP server on a loopback port: STARTTLS, a login, recipients that are refused; keeps mail. */
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import type { TestCertificate } from "./test-certificate.ts";

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string;
  /** Names in lower case, folded lines joined, encoded words decoded. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly raw: string;
}

export interface MailServerOptions {
  readonly certificate: TestCertificate;
  /** Without it nobody has to log in. */
  readonly login?: { readonly username: string; readonly password: string };
  /** By address: the code with which it is refused. */
  readonly refused?: ReadonlyMap<string, number>;
  readonly implicitTls?: boolean;
  readonly noStartTls?: boolean;
}

export interface MailServer {
  readonly port: number;
  readonly received: readonly ReceivedMail[];
  close(): Promise<void>;
}

function failure(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

export async function startMailServer(options: MailServerOptions): Promise<MailServer> {
  const { certificate, login, refused } = options;
  const received: ReceivedMail[] = [];
  const server = new SMTPServer({
    key: certificate.key,
    cert: certificate.cert,
    secure: options.implicitTls === true,
    hideSTARTTLS: options.noStartTls === true,
    disabledCommands: [
      ...(options.noStartTls === true ? ["STARTTLS"] : []),
      ...(login === undefined ? ["AUTH"] : []),
    ],
    authOptional: login === undefined,
    onAuth({ username, password }, _, callback) {
      const right = username === login?.username && password === login?.password;
      if (right) callback(null, { user: username });
      // Repeats what it was given, as some servers do.
      else callback(failure(535, `5.7.8 no such login: ${password ?? ""}`));
    },
    onRcptTo({ address }, _, callback) {
      const code = refused?.get(address);
      callback(code === undefined ? null : failure(code, `no: ${address}`));
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const raw = Buffer.concat(chunks).toString("utf8");
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false || mailFrom === null ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          user: typeof session.user === "string" ? session.user : "",
          ...parseMail(raw),
          raw,
        });
        callback(null);
      });
    },
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  return { port, received, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

function parseMail(raw: string): Pick<ReceivedMail, "headers" | "text"> {
  const [head = "", ...rest] = raw.split("\r\n\r\n");
  const lines = head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const [name = "", ...value] = line.split(":");
      return [name.toLowerCase(), decodeWords(value.join(":").trim())] as const;
    }),
  );
  const body = rest.join("\r\n\r\n");
  return { headers, text: decodeBody(body, headers.get("content-transfer-encoding")) };
}

function decodeBody(body: string, encoding: string | undefined): string {
  if (encoding === "base64") return Buffer.from(body, "base64").toString("utf8");
  if (encoding === "quoted-printable") return decodeQuoted(body.replaceAll("=\r\n", ""));
  return body;
}

/** "=?UTF-8?Q?…?=" and "=?UTF-8?B?…?="; the space between two of them is none. */
function decodeWords(text: string): string {
  return text
    .replaceAll(/\?= =\?/g, "?==?")
    .replaceAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toUpperCase() === "B"
        ? Buffer.from(word, "base64").toString("utf8")
        : decodeQuoted(word.replaceAll("_", " ")),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
