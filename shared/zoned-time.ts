/** Times as people on call read them: in their zone, and in UTC. */

/** Whether this machine's tables know the zone. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** "2026-11-22 11:04:05 Asia/Shanghai (03:04:05 UTC)". */
export function formatTime(wallMs: number, zone: string): string {
  const utc = wordsOf(wallMs, "UTC");
  if (zone === "UTC") return `${utc} UTC`;
  const here = wordsOf(wallMs, zone);
  const [utcDay, utcTime] = utc.split(" ");
  const sameDay = here.startsWith(utcDay ?? "");
  return `${here} ${zone} (${sameDay ? utcTime : utc} UTC)`;
}

/** Swedish writes dates as ISO 8601 does. */
function wordsOf(wallMs: number, zone: string): string {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  return format.format(wallMs);
}
