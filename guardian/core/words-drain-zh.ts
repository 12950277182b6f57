/** What is said of degraded hosts that are emptied, in Chinese. */
export const drainChinese = {
  "log.drain-began": "它存活但已降级：通过热迁移将其清空",
  "log.drain-ordered": "已对 {count} 台云主机调用热迁移",
  "log.drain-move": "{server}，热迁移：{state}",
  "log.drain-ended": "清空结束：{count} 台云主机中 {done} 台在别处运行",
  "drain.arrived": "它应在运行，而在 {host} 上为 {status}",
  "drain.busy": "已有别的操作在处理它（{task}）",
  "drain.not-running": "它处于 {status}：只热迁移正在运行的",
  "drain.late": "{age} 后仍不知是否结束：我们也不疏散它",
  "alert.drain": "{host} 已降级，正通过热迁移清空",
  "alert.drained": "{host} 已清空：{done} 台云主机在别处运行",
  "alert.drain-stays": "{host}：{count} 台云主机中 {stay} 台未能迁走",
  "alert.drain-held": "{host} 已降级但未被清空：受阻于 {gates}",
  "todo.drain-held": "修好受阻的原因，或手工迁移其云主机",
  "todo.drain": "正在跟踪每次热迁移直到结束（{count} 台中已完成 {done} 台）",
  "todo.drain-fence": "无需处理：所有闸门放行后将断电并疏散其余云主机",
  "todo.drain-stays": "请手工迁移或停止它们；{host} 存活期间不做隔离：由您断电后，其云主机会被疏散",
} as const;
