/** A password or key that cannot be printed by accident. */
import { inspect } from "node:util";

const shown = "[secret]";

/** Holds a secret; `reveal()` is the only way to the value, so that every use can be found. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}
