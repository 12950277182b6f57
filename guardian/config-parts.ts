/** The schema library's one home in this daemon, and the parts that its schemas share. */
import { isIP } from "node:net";
import { z } from "zod";
import { isHostName } from "../shared/names.ts";
import { formatDuration, parseDuration } from "../shared/time.ts";

export { z };

/** "30s", with a default and a least value. */
export function duration(defaultMs: number, minimumMs = 0) {
  return z
    .string('must be a duration such as "30s"')
    .default(formatDuration(defaultMs))
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms === undefined)
        context.addIssue(`"${text}" is not a duration such as "30s" or "250ms"`);
      else if (ms < minimumMs) {
        context.addIssue(`"${text}" is less than ${formatDuration(minimumMs)}`);
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
export const webUrl = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });
