/**
 * What a stop of the probe means, from what systemd has under way: the host reboots or powers off, or
 * the probe alone stops.
 */
import type { NoticeKind } from "../../shared/telemetry.ts";

/** Targets that systemd starts to end the host, by what they announce. */
const endings: Readonly<Record<string, NoticeKind>> = {
  "reboot.target": "rebooting",
  "kexec.target": "rebooting",
  "soft-reboot.target": "rebooting",
  "poweroff.target": "powering-off",
  "halt.target": "powering-off",
};

/** `systemctl list-jobs --no-legend --plain`: number, unit, type, state in each line. */
export function noticeOfJobs(jobs: string): NoticeKind {
  for (const line of jobs.split("\n")) {
    const [, unit = "", type] = line.trim().split(/\s+/);
    const notice = endings[unit];
    if (notice !== undefined && type === "start") return notice;
  }
  return "stopping";
}
