/** Channels that alerts go to, by kind. Whatever is secret is a file. */
import { nearestOf } from "../shared/config-problems.ts";
import { smsFields } from "./channels/aliyun-sms.ts";
import {
  absolutePath,
  duration,
  name,
  proxyKeys,
  proxyProblems,
  webUrl,
  z,
} from "./config-parts.ts";

/** Ids stand in the markup of some providers: nothing in them may end it. */
const userId = z.string().regex(/^[\w.@+-]+$/, "must be a user's id, without spaces or brackets");
const mobile = z.string().regex(/^\+?\d{5,20}$/, "must be a telephone number, digits only");

const users = z.array(userId).default([]);
const mobiles = z.array(mobile).default([]);
const all = z.boolean().default(false);
const keyword = z.string().min(1).optional();

const common = { name, caFile: absolutePath.optional(), ...proxyKeys };

const webhook = z.strictObject({
  ...common,
  kind: z.literal("webhook"),
  urlFile: absolutePath,
  keyFile: absolutePath.optional(),
});

const dingtalk = z.strictObject({
  ...common,
  kind: z.literal("dingtalk"),
  urlFile: absolutePath,
  keyFile: absolutePath.optional(),
  keyword,
  mention: z.strictObject({ users, mobiles, all }).prefault({}),
});

const wecom = z.strictObject({
  ...common,
  kind: z.literal("wecom"),
  urlFile: absolutePath,
  mention: z.strictObject({ users, mobiles, all }).prefault({}),
});

const feishu = z.strictObject({
  ...common,
  kind: z.literal("feishu"),
  urlFile: absolutePath,
  keyFile: absolutePath.optional(),
  keyword,
  mention: z.strictObject({ users, all }).prefault({}),
});

const slack = z.strictObject({
  ...common,
  kind: z.literal("slack"),
  urlFile: absolutePath,
  mention: z.strictObject({ users, all }).prefault({}),
});

const alertmanager = z.strictObject({
  ...common,
  kind: z.literal("alertmanager"),
  /** Every peer: they do not share alerts. */
  urls: z.array(webUrl).min(1, "must name every peer"),
  username: z.string().min(1).optional(),
  passwordFile: absolutePath.optional(),
  tokenFile: absolutePath.optional(),
  labels: z.record(z.string(), z.string()).default({}),
  watchdog: z.boolean().default(false),
  postEvery: duration(60_000, 10_000),
  endAfter: duration(3_600_000, 120_000),
});

const pagerduty = z.strictObject({
  ...common,
  kind: z.literal("pagerduty"),
  keyFile: absolutePath,
  url: webUrl.default("https://events.pagerduty.com/v2/enqueue"),
});

const flashduty = z.strictObject({
  ...common,
  kind: z.literal("flashduty"),
  keyFile: absolutePath,
  url: webUrl.default("https://api.flashcat.cloud/event/push/alert/standard"),
});

const aliyunSms = z.strictObject({
  ...common,
  kind: z.literal("aliyun-sms"),
  accessKeyId: z.string().min(1),
  keyFile: absolutePath,
  signName: z.string().min(1),
  templateCode: z.string().min(1),
  /** The template's variables, and what each is filled with. */
  parameters: z
    .record(z.string(), z.enum(smsFields))
    .default({ host: "host", what: "what", impact: "impact", incident: "incident" }),
  to: z.array(mobile).min(1, "must name a number"),
  url: webUrl.default("https://dysmsapi.aliyuncs.com"),
});

const twilio = z.strictObject({
  ...common,
  kind: z.literal("twilio"),
  accountSid: z.string().regex(/^AC[0-9a-f]{32}$/, "must be an account's SID: AC and 32 digits"),
  /** The SID of an API key; the account's own when left out. */
  username: z.string().min(1).optional(),
  keyFile: absolutePath,
  from: z
    .string()
    .regex(/^(?:\+\d{8,15}|MG[0-9a-f]{32})$/, "must be +… or the id MG… of a service"),
  to: z.array(z.string().regex(/^\+\d{8,15}$/, "must begin with + and the country")).min(1),
  url: webUrl.default("https://api.twilio.com"),
});

const mailAddress = z
  .string()
  .regex(/^[^\s@<>",;:]+@[^\s@<>",;:]+$/, "must be one mail address, without a name");

const mail = z.strictObject({
  name,
  kind: z.literal("mail"),
  caFile: absolutePath.optional(),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(587),
  /** `none` sends in clear. */
  tls: z.enum(["starttls", "implicit", "none"]).default("starttls"),
  username: z.string().min(1).optional(),
  passwordFile: absolutePath.optional(),
  from: mailAddress,
  to: z.array(mailAddress).min(1, "must name an address"),
});

const exec = z.strictObject({
  name,
  kind: z.literal("exec"),
  command: absolutePath,
  args: z.array(z.string()).default([]),
});

const kinds = [
  webhook,
  dingtalk,
  wecom,
  feishu,
  slack,
  alertmanager,
  pagerduty,
  flashduty,
  aliyunSms,
  twilio,
  mail,
  exec,
] as const;

export const channel = z.discriminatedUnion("kind", kinds, {
  error: ({ input }) => kindProblem(String(Reflect.get(Object(input), "kind"))),
});

function kindProblem(kind: string): string {
  const known = kinds.map(({ shape }) => shape.kind.value);
  const nearest = nearestOf(kind, known);
  const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  return `must be one of ${known.join(", ")}${hint}`;
}

export type ChannelConfig = z.output<typeof channel>;

/** What the shape of a channel does not say; each with the key that it is about. */
export function* channelProblems(one: ChannelConfig): Generator<readonly [string, string]> {
  if (one.kind !== "mail" && one.kind !== "exec") yield* proxyProblems(one);
  if (one.kind !== "alertmanager" && one.kind !== "mail") return;
  if ((one.username === undefined) !== (one.passwordFile === undefined)) {
    yield ["passwordFile", "username and passwordFile go together"];
  }
  if (one.kind === "mail") {
    if (one.tls === "none" && one.username !== undefined) {
      yield ["tls", "none would send the password in clear"];
    }
    return;
  }
  for (const label of Object.keys(one.labels)) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(label)) continue;
    yield ["labels", `"${label}" is no label's name: letters, digits and underscores`];
  }
  if (one.endAfter < 3 * one.postEvery) {
    yield ["endAfter", "must be at least three times postEvery, or one lost post ends the alerts"];
  }
  if (one.username !== undefined && one.tokenFile !== undefined) {
    yield ["tokenFile", "is one way to log in, username another: give one of them"];
  }
}
