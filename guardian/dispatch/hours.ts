/** Hours of the week in a named time zone, in which a route counts. */

/** Minutes of the day; `to` before `from` goes past midnight and belongs to the day it began. */
export interface Hours {
  readonly fromMinute: number;
  readonly toMinute: number;
  /** 0 is Sunday; empty: every day. */
  readonly days: readonly number[];
}

export const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const minutesOfDay = 1440;
export const minutesOfWeek = 7 * minutesOfDay;

/** "22:00-06:00" or "mon-fri 08:00-18:00" or "sat,sun 00:00-24:00"; undefined when it is no such text. */
export function parseHours(text: string): Hours | undefined {
  const match = /^(?:([a-z,-]+)\s+)?(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const [, names, fromHour, from, toHour, to] = match;
  const days = names === undefined ? [] : parseDays(names);
  const fromMinute = Number(fromHour) * 60 + Number(from);
  const toMinute = Number(toHour) * 60 + Number(to);
  const isMinute = Number(from) < 60 && Number(to) < 60;
  if (days === undefined || !isMinute || fromMinute >= minutesOfDay || toMinute > minutesOfDay) {
    return undefined;
  }
  return fromMinute === toMinute ? undefined : { fromMinute, toMinute, days };
}

function parseDays(names: string): readonly number[] | undefined {
  const days: number[] = [];
  for (const part of names.split(",")) {
    const [first = -1, last = first, ...more] = part.split("-").map(dayOf);
    if (first < 0 || last < 0 || more.length > 0) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.push(day);
      if (day === last) break;
    }
  }
  return days;
}

function dayOf(name: string): number {
  return dayNames.findIndex((known) => known === name);
}

/** Whether a minute of the week, from Sunday 00:00 on, is among them. */
export function isWithin(hours: Hours | undefined, minute: number): boolean {
  if (hours === undefined) return true;
  const { fromMinute, toMinute, days } = hours;
  const lasts = (toMinute - fromMinute + minutesOfDay) % minutesOfDay || minutesOfDay;
  for (const day of days.length === 0 ? [0, 1, 2, 3, 4, 5, 6] : days) {
    const since = (minute - (day * minutesOfDay + fromMinute) + 2 * minutesOfWeek) % minutesOfWeek;
    if (since < lasts) return true;
  }
  return false;
}

/** "sun 22:00". */
export function describeMinute(minute: number): string {
  const day = dayNames[Math.floor(minute / minutesOfDay) % 7] ?? "";
  const [hour, rest] = [Math.floor((minute % minutesOfDay) / 60), minute % 60];
  return `${day} ${String(hour).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The minute of the week that a clock on the wall shows there. Throws on an unknown zone. */
export function minuteOfWeek(wall: number, timeZone: string): number {
  const known = formats.get(timeZone);
  const format =
    known ??
    new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  if (known === undefined) formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(wall).map(({ type, value }) => [type, value]));
  const day = dayOf((parts.get("weekday") ?? "").toLowerCase());
  return day * minutesOfDay + Number(parts.get("hour")) * 60 + Number(parts.get("minute"));
}
