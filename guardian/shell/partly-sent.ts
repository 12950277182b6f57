/** Who has a message already, so that a try after a failure goes to the others alone. */

/** Messages that are remembered; the oldest give way. */
const messagesMax = 100;

export class PartlySent<Part> {
  readonly #reached = new Map<string, ReadonlySet<Part>>();

  has(messageId: string, part: Part): boolean {
    return this.#reached.get(messageId)?.has(part) === true;
  }

  add(messageId: string, parts: readonly Part[]): void {
    const known = this.#reached.get(messageId) ?? [];
    this.#reached.set(messageId, new Set([...known, ...parts]));
    const [oldest] = this.#reached.keys();
    if (this.#reached.size > messagesMax && oldest !== undefined) this.#reached.delete(oldest);
  }

  /** Everybody has it. */
  done(messageId: string): void {
    this.#reached.delete(messageId);
  }
}
