/** The logging port. The message is constant; data goes into fields. */

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  /** We refused, or something is degraded. */
  warn(fields: LogFields, message: string): void;
  /** A human must act. */
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Logger;
}

/** Says nothing; for tests that look elsewhere. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
