/** Channels that alerts go to, by kind. Whatever is secret is a file. */
import { nearestOf } from "../shared/config-problems.ts";
import { absolutePath, name, z } from "./config-parts.ts";

/** Ids stand in the markup of some providers: nothing in them may end it. */
const userId = z.string().regex(/^[\w.@+-]+$/, "must be a user's id, without spaces or brackets");
const mobile = z.string().regex(/^\+?\d{5,20}$/, "must be a telephone number, digits only");

const users = z.array(userId).default([]);
const mobiles = z.array(mobile).default([]);
const all = z.boolean().default(false);
const keyword = z.string().min(1).optional();

const common = { name, caFile: absolutePath.optional() };

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

const kinds = [webhook, dingtalk, wecom, feishu, slack] as const;

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
