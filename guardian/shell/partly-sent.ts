/** Who has a message already, so that a try after a failure goes to the others alone. */

/** Messages that are remembered; the oldest give way. */
const messagesMax = 100;

export class PartlySent {
  readonly #reached = new Map<string, ReadonlySet<string>>();

  has(messageId: string, recipient: string): boolean {
    return this.#reached.get(messageId)?.has(recipient) === true;
  }

  add(messageId: string, recipients: readonly string[]): void {
    const known = this.#reached.get(messageId) ?? [];
    this.#reached.set(messageId, new Set([...known, ...recipients]));
    const [oldest] = this.#reached.keys();
    if (this.#reached.size > messagesMax && oldest !== undefined) this.#reached.delete(oldest);
  }

  /** Everybody has it. */
  done(messageId: string): void {
    this.#reached.delete(messageId);
  }
}
