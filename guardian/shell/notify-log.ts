/** Alerts as log lines: the channel that is always there. */
import type { Logger } from "../../shared/log.ts";
import type { Notifier } from "../ports.ts";

export function createLogNotifier(log: Logger): Notifier {
  return {
    name: "log",
    send(message) {
      const { class: alertClass, wallMs, ...rest } = message;
      const fields = { event: "alert", class: alertClass, alertWallMs: wallMs, ...rest };
      if (alertClass === "page" && message.status === "firing") log.error(fields, "alert");
      else if (alertClass === "log" || message.status === "resolved") log.info(fields, "alert");
      else log.warn(fields, "alert");
      return Promise.resolve({ kind: "delivered" });
    },
  };
}
