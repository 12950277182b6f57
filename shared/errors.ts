/** What is thrown is not always an Error; what is logged should say the whole chain of causes. */

/** The thrown value as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The message of an error and of its causes, outermost first, in one line. */
export function describeError(thrown: unknown): string {
  const parts: string[] = [];
  let current: unknown = thrown;
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth += 1) {
    const error = toError(current);
    parts.push(error.message === "" ? error.name : error.message);
    current = error.cause;
  }
  return parts.join(": ");
}
