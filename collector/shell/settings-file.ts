/**
 * The settings for probes: a file that is read again when it changed, so that intervals change while
 * everything runs. A file that makes no sense changes nothing.
 */
import { readFileSync } from "node:fs";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { ProbeSettings } from "../../shared/wire-ack.ts";
import { readProbeSettings } from "../config.ts";
import { fileMark } from "./file-changes.ts";

export interface SettingsFile {
  /** The newest that made sense; undefined until there was one. */
  readonly settings: () => ProbeSettings | undefined;
  /** Looks whether the file changed. Never throws. */
  readonly look: () => void;
}

export function openSettingsFile(path: string | undefined, log: Logger): SettingsFile {
  let settings: ProbeSettings | undefined;
  let seen = "";

  function look(): void {
    if (path === undefined) return;
    try {
      const now = fileMark(path);
      if (now === seen) return;
      seen = now;
      const read = readProbeSettings(readFileSync(path, "utf8"));
      if (typeof read === "string") throw new Error(read);
      settings = read;
      log.info({ event: "probe-settings", path, ...read }, "probes are given these settings");
    } catch (error) {
      const reason = describeError(error);
      if (reason === seen) return;
      // A file that is not there yet is looked for again, and told once.
      if (!(error instanceof Error && "code" in error)) {
        log.error({ event: "probe-settings", path, reason }, "settings left as they were");
        return;
      }
      seen = reason;
      log.warn({ event: "probe-settings", path, reason }, "no settings for probes");
    }
  }

  look();
  return { settings: () => settings, look };
}
