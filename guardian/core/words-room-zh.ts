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
  "impact.no-room": "其中 {count} 台云主机",
  "todo.no-room": "请立即腾出余量，或启用一台主机：它们会在一段时间内自动重试，之后需人工处理",
} as const;
