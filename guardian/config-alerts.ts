/** The section `alerts` of the configuration: where alerts go, and how they look. */
import { isTimeZone } from "../shared/zoned-time.ts";
import { channel, channelProblems } from "./config-channels.ts";
import { dispatchKeys, dispatchProblems } from "./config-dispatch.ts";
import { absolutePath, name, proxyKeys, proxyProblems, z } from "./config-parts.ts";

/** A shorthand for channels of kind webhook, without `kind`. */
const webhook = z.strictObject({
  name: name.default("webhook"),
  urlFile: absolutePath,
  keyFile: absolutePath.optional(),
  caFile: absolutePath.optional(),
  ...proxyKeys,
});

export const alerts = z
  .strictObject({
    webhooks: z.array(webhook).default([]),
    channels: z.array(channel).default([]),
    /** Of times in messages, where UTC stands beside it, and of the hours of routes. */
    timeZone: z
      .string()
      .refine(isTimeZone, "must be a time zone such as Asia/Shanghai, or UTC")
      .default("UTC"),
    /** KIND.md is appended. */
    runbookBase: z.string().min(1, "must be a path or an address").default("docs/runbooks"),
    ...dispatchKeys,
  })
  .superRefine((config, context) => {
    const { webhooks, channels } = config;
    for (const [path, message] of dispatchProblems(config)) {
      context.addIssue({ code: "custom", path: [...path], message });
    }
    for (const [index, one] of webhooks.entries()) {
      for (const [key, message] of proxyProblems(one)) {
        context.addIssue({ code: "custom", path: ["webhooks", index, key], message });
      }
    }
    for (const [key, message] of proxyProblems(config.heartbeat ?? {})) {
      context.addIssue({ code: "custom", path: ["heartbeat", key], message });
    }
    const names = new Set(webhooks.map((one) => one.name));
    for (const [index, one] of channels.entries()) {
      if (names.has(one.name)) {
        const message = `a channel or webhook "${one.name}" is there already`;
        context.addIssue({ code: "custom", path: ["channels", index, "name"], message });
      }
      names.add(one.name);
      for (const [key, message] of channelProblems(one)) {
        context.addIssue({ code: "custom", path: ["channels", index, key], message });
      }
    }
  })
  .prefault({});

export type AlertsConfig = z.output<typeof alerts>;
