/** Alerts to a program: JSON on its standard input, and what its end means. */
import type { AlertMessage, Delivery } from "../ports.ts";
import { alertText, fitLines, type Look } from "./alert-text.ts";
import { refused, shown, tryAgain } from "./answers.ts";
import { alertObject } from "./webhook.ts";

const textBytesMax = 8000;

/** The object that webhooks get, and the same as text, for programs that only pass it on. */
export function programInput(message: AlertMessage, look: Look): string {
  const { headline, ...rest } = alertText(message, look);
  const body = fitLines({ headline: "", ...rest }, textBytesMax, look.language).trim();
  const object = { ...alertObject(message, look.runbookBase), text: { headline, body } };
  return `${JSON.stringify(object)}\n`;
}

/** As sysexits.h has them: wrong usage, no permission, wrong configuration. */
const hopeless: readonly number[] = [64, 77, 78];

/** Exit 0 is delivered; what a person must mend is not tried again, everything else is. */
export function judgeExit(code: number, output: string): Delivery {
  const said = shown(output);
  if (code === 0) return { kind: "delivered", answer: said === "" ? "exit 0" : said };
  const reason = said === "" ? `ended with ${code}` : `ended with ${code}: ${said}`;
  return hopeless.includes(code) ? refused(reason) : tryAgain(reason);
}
