/** What the dispatcher says by itself, in both languages. */
import type { DispatchSettings } from "./settings.ts";

const en = {
  "digest.title": "{count} more: {titles}",
  "digest.others": " and {count} others",
  "digest.next": "guardian alert list shows all of them",
  "digest.over": "over",
  "digest.impact": "{count} alerts in one message, as this channel takes no more",
  "late.title": "{title} ({from} to {to}; could not be told before)",
  "last.next": "This is message {count} about this incident: more follows only in {command}.",
  "channel.title": "alerts do not reach channel {channel}",
  "channel.why": "failing for {since}, {failures} tries in a row: {problem}",
  "channel.waiting": "{waiting} messages wait for it, <= {limit} may; {givenUp} were given up",
  "channel.impact": "whoever is told by {channel} alone is not told",
  "channel.next": "mend it, then: guardian notify test {channel}",
  "full.title": "messages for channel {channel} have reached their limit",
  "unkept.title": "alerts cannot be kept on disk",
  "unkept.impact": "a restart now may lose or repeat a message",
  "unkept.next": "make room, or mend the disk that holds the outbox",
  "journal.title": "the guardian cannot open its journal: no host is guarded",
  "journal.impact":
    "a host that fails now is neither fenced nor evacuated, and nobody is told of it",
  "journal.next":
    "mend the disk of the journal, or make room; it goes on by itself as soon as it opens",
  "test.title": "test of channel {channel} by {by}",
  "test.why": "asked for: guardian notify test {channel}",
  "test.impact": "none: this is a test",
  "test.next": "nothing to do",
};

export type DispatchKey = keyof typeof en;

const zh: Readonly<Record<DispatchKey, string>> = {
  "digest.title": "另有 {count} 条：{titles}",
  "digest.others": " 以及其他 {count} 条",
  "digest.next": "运行 guardian alert list 查看全部",
  "digest.over": "已结束",
  "digest.impact": "{count} 条告警合并为一条消息，该通道不能再多收",
  "late.title": "{title}（{from} 至 {to}；此前未能送达）",
  "last.next": "这是该事件的第 {count} 条消息：后续只见于 {command}。",
  "channel.title": "告警送不到通道 {channel}",
  "channel.why": "已失败 {since}，连续 {failures} 次：{problem}",
  "channel.waiting": "{waiting} 条消息在等它，上限 {limit}；已放弃 {givenUp} 条",
  "channel.impact": "只靠 {channel} 收告警的人收不到",
  "channel.next": "修复后运行：guardian notify test {channel}",
  "full.title": "通道 {channel} 的待发消息已到上限",
  "unkept.title": "告警无法写入磁盘",
  "unkept.impact": "此时重启可能丢失或重复消息",
  "unkept.next": "腾出空间，或修复存放发件箱的磁盘",
  "journal.title": "守护程序打不开日志文件：没有主机受保护",
  "journal.impact": "此时主机故障既不会隔离也不会疏散，也没有人会被通知",
  "journal.next": "修复日志所在的磁盘或腾出空间；一旦能打开就自动继续",
  "test.title": "{by} 测试通道 {channel}",
  "test.why": "来自命令：guardian notify test {channel}",
  "test.impact": "无：这是测试",
  "test.next": "无需处理",
};

export const catalogues = { en, zh } as const;

/** A sentence in the language of alerts. */
export function say(
  { language }: Pick<DispatchSettings, "language">,
  key: DispatchKey,
  params: Readonly<Record<string, string | number>> = {},
): string {
  return catalogues[language][key].replace(/\{(\w+)\}/g, (_, name: string) =>
    String(params[name] ?? ""),
  );
}
