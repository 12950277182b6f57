/** Assertions that stay on in production: a broken invariant must not reach a power button. */

/** A promise of the design that does not hold: a bug of ours, never an operating error. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Throws `InvariantError` with `message` unless `condition` holds. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
