/** Alerts as bodies: signatures as the providers have them, and names that stay names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../support/properties.ts";
import type { HttpChannel } from "../../guardian/channels/channel.ts";
import { dingTalk, dingTalkUrl, signDingTalk } from "../../guardian/channels/dingtalk.ts";
import { feishu, signFeishu } from "../../guardian/channels/feishu.ts";
import { flashduty } from "../../guardian/channels/flashduty.ts";
import { linksOf } from "../../guardian/channels/links.ts";
import { pagerDuty } from "../../guardian/channels/pagerduty.ts";
import { plainText } from "../../guardian/channels/plain-text.ts";
import { signAliyun } from "../../guardian/channels/sign-aliyun.ts";
import { slack } from "../../guardian/channels/slack.ts";
import { webhook } from "../../guardian/channels/webhook.ts";
import { weCom } from "../../guardian/channels/wecom.ts";
import { withoutMarks } from "../../guardian/channels/robot-markdown.ts";
import { Secret } from "../../shared/secret.ts";
import { alertOf, look } from "../support/alert-fixture.ts";
import { hostile, hostileText } from "../support/hostile-text.ts";

const wallMs = 1_767_225_600_000;

test("DingTalk: signs as two other implementations do, and encodes it for the address", () => {
  const key = new Secret("SECtest");
  assert.equal(signDingTalk(key, wallMs), "VFnS0ToY3dOa75/lvH0rYNwJBmfT5at2UOkds8G1Cuo=");
  const url = new Secret("https://oapi.dingtalk.com/robot/send?access_token=abc");
  assert.equal(
    dingTalkUrl({ url, key }, wallMs),
    `${url.reveal()}&timestamp=${wallMs}&sign=VFnS0ToY3dOa75%2FlvH0rYNwJBmfT5at2UOkds8G1Cuo%3D`,
  );
});

test("Feishu: signs as two other implementations do", () => {
  const sign = signFeishu(new Secret("fstest"), wallMs / 1000);
  assert.equal(sign, "oN/T8y9hKTRDkPHr4sYGI3N9Tqyqdk0pVXSsT33EaH8=");
});

test("Aliyun: signs as its own documentation shows", () => {
  const { query, headers } = signAliyun({
    host: "ecs.cn-shanghai.aliyuncs.com",
    action: "RunInstances",
    version: "2014-05-26",
    query: {
      RegionId: "cn-shanghai",
      ImageId: "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
    },
    accessKeyId: "YourAccessKeyId",
    key: new Secret("YourAccessKeySecret"),
    wallMs: Date.UTC(2023, 9, 26, 10, 22, 32),
    nonce: "3156853299f313e23d1673dc12e1703d",
  });
  assert.match(query, /^ImageId=win2019\S+&RegionId=cn-shanghai$/);
  const signature = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";
  assert.ok(headers["authorization"]?.endsWith(`,Signature=${signature}`));
});

test("Aliyun: what must be encoded in a query is, as RFC 3986 has it", () => {
  const { query } = signAliyun({
    host: "example.org",
    action: "A",
    version: "1",
    query: { b: "!'()*~ +/", a: "服" },
    accessKeyId: "i",
    key: new Secret("k"),
    wallMs,
    nonce: "n",
  });
  assert.equal(query, "a=%E6%9C%8D&b=%21%27%28%29%2A~%20%2B%2F");
});

test("an alert leads to the page of its kind, and to none where there is none", () => {
  const base = { runbookBase: "docs/runbooks/" };
  assert.deepEqual(linksOf({ kind: "held" }, base), { runbook: "docs/runbooks/held.md" });
  assert.deepEqual(linksOf({ kind: "row-11a" }, base), { runbook: "docs/runbooks/row.md" });
  assert.deepEqual(linksOf({ kind: "device-bmc" }, base), { runbook: "docs/runbooks/device.md" });
  assert.deepEqual(linksOf({ kind: "ask-disable" }, base), {});
  assert.deepEqual(linksOf({ kind: "rows" }, base), {});
});

const options = {
  url: new Secret("https://example.org/hook"),
  mention: { users: [], mobiles: [], all: false },
  look,
};

/** Texts in a body, by whether the provider reads formats in them. */
interface Texts {
  readonly plain: readonly string[];
  readonly read: readonly string[];
}

type Record_ = Readonly<Record<string, unknown>>;

/** Every string of a body, with the objects that it stands in, outermost first. */
function strings(value: unknown, inside: readonly Record_[] = []): [string, readonly Record_[]][] {
  if (typeof value === "string") return [[value, inside]];
  if (typeof value !== "object" || value === null) return [];
  const here = Array.isArray(value) ? inside : [...inside, value as Record_];
  return Object.values(value).flatMap((child: unknown) => strings(child, here));
}

function split(
  body: unknown,
  isRead: (inside: readonly Record_[], text: string) => boolean,
): Texts {
  const all = strings(body);
  const pick = (read: boolean) => all.filter(([text, inside]) => isRead(inside, text) === read);
  return {
    plain: pick(false).map(([text]) => text),
    read: pick(true).map(([text]) => text),
  };
}

interface Format {
  readonly channel: HttpChannel;
  /** What the provider reads formats in, as its documents say. */
  readonly texts: (body: Record_) => Texts;
  /** What may not stand in such a text unless we put it there. */
  readonly active: RegExp;
  /** How the text of a name looks in the body. */
  readonly shown?: (text: string) => string;
}

const slackEscaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Bold, links, code, quotes, what HTML and entities begin with; headings and lists where lines begin. */
const robotMarks = /[[\]<>*_~`\\&]|^(?:- )?(?:[#+=-](?! )|#|\d+[.)])/m;

/** The first line's stars are ours. */
function withoutOurBold(text: string): string {
  assert.match(text, /^\*\*.*\*\*$/m);
  return text.replace(/^\*\*(.*)\*\*$/m, "$1");
}

const formats: Readonly<Record<string, Format>> = {
  webhook: {
    channel: webhook({ ...options, runbookBase: "docs/runbooks" }),
    texts: (body) => split(body, () => false),
    active: /$^/,
    shown: (text) => text,
  },
  dingtalk: {
    channel: dingTalk(options),
    texts: (body) => {
      const { title = "", text = "" } = body["markdown"] as Readonly<Record<string, string>>;
      return { plain: [title], read: [withoutOurBold(text)] };
    },
    active: robotMarks,
    shown: (text) => withoutMarks(plainText(text)),
  },
  wecom: {
    channel: weCom(options),
    texts: (body) => {
      const { content = "" } = body["markdown"] as Readonly<Record<string, string>>;
      return { plain: [], read: [withoutOurBold(content)] };
    },
    active: robotMarks,
    shown: (text) => withoutMarks(plainText(text)),
  },
  "wecom as text": {
    channel: weCom({ ...options, mention: { ...options.mention, all: true } }),
    texts: (body) => split(body, (_, text) => text !== "text" && text !== "@all"),
    active: /<@/,
    shown: (text) => plainText(text).replaceAll("<@", "＜@"),
  },
  feishu: {
    channel: feishu(options),
    texts: (body) => split(body, (inside) => inside.at(-1)?.["tag"] === "lark_md"),
    active: /./,
  },
  pagerduty: {
    channel: pagerDuty({ url: "https://example.org", key: new Secret("k"), look }),
    texts: (body) => split(body, () => false),
    active: /./,
  },
  flashduty: {
    channel: flashduty({ url: "https://example.org", key: new Secret("k"), look }),
    texts: (body) => split(body, () => false),
    active: /./,
  },
  slack: {
    channel: slack(options),
    texts: (body) => split(body, () => true),
    // In all of it: < and > but for our own link, & but for an escape.
    active: /<(?!https:\/\/runbooks\.example\.org\/guardian\/\w+\.md\|Runbook>)|&(?!amp;|lt;|gt;)/,
    shown: (text) => slackEscaped(plainText(text)),
  },
};

for (const [name, { channel, texts, active, shown = plainText }] of Object.entries(formats)) {
  const bodyOf = (title: string, why: readonly string[] = []): Record_ => {
    const message = alertOf({ title, why, impact: title, next: title });
    const [call] = channel.calls(message, { wallMs, nonce: "n" });
    return JSON.parse(call?.body ?? "") as Record_;
  };

  test(`${name}: the names that tenants think of stay text, and can be read`, () => {
    for (const text of hostile) {
      const { plain, read } = texts(bodyOf(`server ${text} is down`));
      const all = [...plain, ...read].join("\n");
      assert.ok(all.includes(shown(`server ${text} is down`)), `${text}: ${all}`);
    }
  });

  test(`${name}: no name is read as a format, hides or begins a line`, () => {
    fc.assert(
      fc.property(hostileText, fc.array(hostileText, { maxLength: 3 }), (title, why) => {
        const body = bodyOf(title, why);
        const { plain, read } = texts(body);
        for (const text of read) assert.doesNotMatch(text, active);
        if (name === "webhook") return;
        for (const text of [...plain, ...read]) {
          assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Zl}\p{Zp}]/u);
          assert.doesNotMatch(text, /(?!\u200d)[\p{Cf}\p{Cs}]/u);
        }
        const lines = [...plain, ...read].join("\n").split("\n").length;
        const quiet = texts(
          bodyOf(
            title === "" ? "" : "x",
            why.map((line) => line && "y"),
          ),
        );
        const most = [...quiet.plain, ...quiet.read].join("\n").split("\n").length;
        assert.ok(lines <= most, "a name makes no lines of its own");
      }),
      { numRuns: 200 },
    );
  });
}
