/**
 * Alerts as mail, in plain text alone: a name can become neither markup nor a header. Messages of one
 * incident are one thread, and a message that is sent twice has one id.
 */
import { createHash } from "node:crypto";
import type { AlertMessage, Delivery } from "../ports.ts";
import { alertText, fitLines, type Look } from "./alert-text.ts";
import { refused, shown, tryAgain } from "./answers.ts";
import { wakesPeople } from "./channel.ts";
import { cutBytes } from "./plain-text.ts";

export interface MailContent {
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  /** The thread's root: of the incident, or of the alert where there is none. */
  readonly inReplyTo: string;
  readonly references: string;
  readonly priority: "high" | "normal";
  readonly headers: Readonly<Record<string, string>>;
  readonly date: Date;
}

const subjectBytesMax = 200;
const textBytesMax = 200_000;

export function mailContent(message: AlertMessage, from: string, look: Look): MailContent {
  const text = alertText(message, look);
  const domain = from.split("@").at(-1) ?? "localhost";
  const root = mailId(message.incident ?? message.dedupKey, domain);
  return {
    subject: cutBytes(text.headline, subjectBytesMax),
    text: `${fitLines(text, textBytesMax, look.language)}\n\n-- \n${message.dedupKey}\n`,
    messageId: mailId(message.id, domain),
    inReplyTo: root,
    references: root,
    priority: wakesPeople(message) ? "high" : "normal",
    headers: {
      // No answers by machines: two of them could go on for ever.
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      "X-Guardian-Class": message.class,
      "X-Guardian-Kind": message.kind,
      "X-Guardian-Status": message.status,
    },
    date: new Date(message.wallMs),
  };
}

/** A hash: names of clouds and hosts may hold what an id may not. */
function mailId(text: string, domain: string): string {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 40);
  return `<${hash}@${domain}>`;
}

/** What the library says of a failure. */
export interface MailFailure {
  readonly message: string;
  /** ECONNECTION, EAUTH, ETLS, EENVELOPE … */
  readonly code: string;
  /** The server's own number, if it answered. */
  readonly responseCode: number | undefined;
}

/** 4… passes by itself, and so does a server that is not there; 5… does not. */
export function judgeMailFailure({ message, code, responseCode }: MailFailure): Delivery {
  const said = shown(message);
  if (responseCode === undefined || responseCode < 500) {
    // A login that the library itself refuses to begin is configuration.
    const reason = code === "ENOAUTH" ? `${said}; give username and passwordFile` : said;
    return tryAgain(reason);
  }
  if (code === "EAUTH") return refused(`${said}; compare username and passwordFile`);
  if (code === "ETLS") return refused(`${said}; the server has no STARTTLS: look at tls and port`);
  if (code === "EENVELOPE") return refused(`${said}; look at from and to`);
  return refused(said);
}
