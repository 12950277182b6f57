/** 各通道在告警前后加上的文字（中文）。 */
import type { channelEnglish } from "./words-en.ts";

export const channelChinese: Readonly<Record<keyof typeof channelEnglish, string>> = {
  page: "紧急",
  ticket: "工单",
  notification: "通知",
  log: "日志",
  resolved: "已恢复",
  headline: "【{tag}】{title}",
  line: "{label}：{text}",
  impact: "影响",
  was: "此前影响",
  next: "下一步",
  host: "主机",
  incident: "事件",
  time: "时间",
  runbook: "处置手册",
  more: "…… 另有 {count} 条",
};
