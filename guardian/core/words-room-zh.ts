/** 关于云主机可用容量的说法（中文）。 */
export const roomChinese = {
  "room.forecast": "其他主机的余量：{parts}；{by}",
  "room.fit": "预计可容纳 {count} 台云主机（{where}）",
  "room.on": "{host} 上 {count} 台",
  "room.lacking": "{count} 台将没有去处",
  "room.unsized": "有 {count} 台 Nova 未显示其规格",
  "room.short": "{forecast}；{servers;}",
  "room.full":
    "{server}：排在它之前的云主机迁走后，再没有余量容纳它的 {memory} MB 内存和 {vcpus} 个 vCPU",
  "room.nowhere":
    "{server}：没有任何一台主机剩余 {memory} MB 内存和 {vcpus} 个 vCPU；最多的是 {host}，剩余 {most} MB",
  "room.unknown": "其他主机的余量：{reason}",
  "room.by-placement": "由 Placement 统计",
  "room.by-hypervisors": "由虚拟机管理程序统计，只计内存且不计超分（{reason}）",
  "room.by-hypervisors-alone": "由虚拟机管理程序统计，只计内存且不计超分",

  "alert.no-room": "{host}：有云主机在其他主机上没有去处：{servers}",
  "log.reserve-ordered": "{reserve} 是备用主机：已在 Nova 中去掉我们的标记，使其可接收云主机",
  "log.reserve-enabled": "备用主机 {reserve} 已在 Nova 中启用",
  "log.reserve-failed": "备用主机 {reserve} 无法启用：{reason}",
  "log.reserve-again": "它重新成为备用主机",
  "value.reserves": "{value}，另有备用主机 {count} 台",
  "alert.reserve-used": "{host} 原为备用主机，现已接收云主机",
  "alert.reserve-none": "{host} 被配置为备用主机，但实际不是",
  "why.reserve-used": "它是为事件 {id} 启用的",
  "impact.reserve": "下一次疏散少一台备用主机",
  "todo.reserve":
    "请清空它，或指定另一台主机；然后：openstack compute service set --disable --disable-reason '{mark}' {host} nova-compute",
  "impact.no-room": "其中 {count} 台云主机",
  "todo.no-room": "请立即腾出余量，或启用一台主机：它们会在一段时间内自动重试，之后需人工处理",
} as const;
