/** The schema library's one home in this daemon, and the parts that its schemas share. */
import { isIP } from "node:net";
import { z } from "zod";
import { isHostName } from "../shared/names.ts";
import { formatDuration, parseDuration } from "../shared/time.ts";

export { z };

/** "30s", with a default, a least value, and a greatest one. */
export function duration(defaultMs: number, minimumMs = 0, maximumMs = Number.POSITIVE_INFINITY) {
  return z
    .string('must be a duration such as "30s"')
    .default(formatDuration(defaultMs))
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms === undefined)
        context.addIssue(`"${text}" is not a duration such as "30s" or "250ms"`);
      else if (ms < minimumMs) {
        context.addIssue(`"${text}" is less than ${formatDuration(minimumMs)}`);
      } else if (ms > maximumMs) {
        context.addIssue(`"${text}" is more than ${formatDuration(maximumMs)}`);
      }
      return ms ?? 0;
    });
}

export const address = z
  .string()
  .refine((text) => isIP(text) !== 0, "must be an IP address, not a name");
export const absolutePath = z.string().startsWith("/", "must be an absolute path");
export const name = z
  .string()
  .refine(isHostName, "must be 1 to 64 letters, digits, dots, dashes, underscores");
/** Of outgoing calls; a login stands beside it, the password in a file. */
const proxyUrl = z
  .string()
  .refine(
    (text) => !text.includes("@"),
    "must hold no name and password: give them as proxyUsername and proxyPasswordFile",
  )
  .refine(
    (text) =>
      text.includes("@") || /^http:\/\/(?:[\w.-]+|\[[\da-fA-F:.]+\]):\d{1,5}\/?$/.test(text),
    "must be http://HOST:PORT",
  )
  .refine((text) => text.includes("@") || URL.canParse(text), "must be http://HOST:PORT");

/** The way out of whatever calls over HTTP. */
export const proxyKeys = {
  proxy: proxyUrl.optional(),
  proxyUsername: z.string().min(1).optional(),
  proxyPasswordFile: absolutePath.optional(),
};

export interface ProxyConfig {
  readonly proxy?: string | undefined;
  readonly proxyUsername?: string | undefined;
  readonly proxyPasswordFile?: string | undefined;
}

/** What their shape does not say; each with the key that it is about. */
export function* proxyProblems(config: ProxyConfig): Generator<readonly [string, string]> {
  const { proxy, proxyUsername, proxyPasswordFile } = config;
  if ((proxyUsername === undefined) !== (proxyPasswordFile === undefined)) {
    yield ["proxyPasswordFile", "proxyUsername and proxyPasswordFile go together"];
  }
  if (proxy === undefined && proxyUsername !== undefined) {
    yield ["proxy", "is missing: proxyUsername is of no use without it"];
  }
}

export const webUrl = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });
