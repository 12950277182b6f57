/** Our logger port over pino: JSON lines on stdout, written at once. */
import { destination, pino, type Logger as PinoLogger } from "pino";
import type { Logger } from "../../shared/log.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export function createLogger(level: LogLevel): Logger {
  return adapt(pino({ level, base: { daemon: "probe" } }, destination({ fd: 1, sync: true })));
}

function adapt(logger: PinoLogger): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => adapt(logger.child(fields)),
  };
}
