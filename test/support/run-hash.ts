/** A hash of everything that happened in a run, cheap enough to be taken always: two FNV-1a lanes. */

export class RunHash {
  #low = 0x811c9dc5;
  #high = 0x1b873593;

  /** Takes in a number, to a sixteenth. */
  number(value: number): void {
    this.#mix(Math.round(value * 16) | 0);
  }

  text(value: string): void {
    for (let at = 0; at < value.length; at += 1) this.#mix(value.charCodeAt(at));
  }

  /** Sixteen hex digits. */
  digest(): string {
    return [this.#high, this.#low]
      .map((lane) => (lane >>> 0).toString(16).padStart(8, "0"))
      .join("");
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193);
    this.#high = Math.imul(this.#high ^ (this.#low >>> 15) ^ value, 0x85ebca6b);
  }
}
