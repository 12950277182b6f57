/** pino behind our Logger port: JSON lines, written before the call returns. */
import {
  destination,
  pino,
  stdTimeFunctions,
  type DestinationStream,
  type Logger as Pino,
} from "pino";
import type { LogFields, Logger } from "../../shared/log.ts";

export interface LoggingOptions {
  readonly name: string;
  readonly level?: "debug" | "info" | "warn" | "error";
  /** For tests; stdout otherwise. */
  readonly stream?: DestinationStream;
}

/**
 * The `Secret` type is what keeps secrets out of logs; this is the backstop for a plain one that
 * slipped into a field. pino looks no deeper than the levels written here.
 */
const secretNames = ["password", "secret", "token", "authorization", "key"];
const redacted = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export function createLogger(options: LoggingOptions): Logger {
  // Synchronous on purpose: a few lines a minute, and the last one before a crash is the one needed.
  const stream = options.stream ?? destination({ dest: 1, sync: true });
  const base = pino(
    {
      name: options.name,
      level: options.level ?? "info",
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redacted, censor: "[secret]" },
    },
    stream,
  );
  return wrap(base);
}

function wrap(inner: Pino<never>): Logger {
  return {
    debug: (fields, message) => inner.debug(fields, message),
    info: (fields, message) => inner.info(fields, message),
    warn: (fields, message) => inner.warn(fields, message),
    error: (fields, message) => inner.error(fields, message),
    child: (fields: LogFields) => wrap(inner.child(fields)),
  };
}
