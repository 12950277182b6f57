/**
 * What a state is compared by, as a list of whole numbers: one for each field's name, value, age and
 * bracket. A text or a number that is none of the small ones has a number of its own, given once.
 */

/** The lowest bits tell what a token is, so that no age is taken for a count, no count for a text. */
const kinds = { mark: 0, text: 1, count: 2, age: 3, number: 4 } as const;
const kindBits = 3;
const smallMax = 2 ** (31 - kindBits);

const brackets = ["{", "}", "[", "]", "<", ">"] as const;
const plain = ["yes", "no", "nothing", "there", "old", "unknown"] as const;
export type Mark = (typeof brackets)[number] | (typeof plain)[number];
const markTokens = new Map<Mark, number>(
  [...brackets, ...plain].map((mark, at) => [mark, at << kindBits]),
);

export class TokenList {
  #items = new Int32Array(4096);
  #length = 0;
  readonly #texts = new Map<string, number>();
  readonly #numbers = new Map<number, number>();

  clear(): void {
    this.#length = 0;
  }

  push(token: number): void {
    if (this.#length === this.#items.length) {
      const wider = new Int32Array(2 * this.#length);
      wider.set(this.#items);
      this.#items = wider;
    }
    this.#items[this.#length] = token;
    this.#length += 1;
  }

  mark(mark: Mark): void {
    this.push(markTokens.get(mark) ?? -1);
  }

  text(text: string): void {
    this.push(this.tokenOf(text));
  }

  /** The same for the same text, always. */
  tokenOf(text: string): number {
    return (numberOf(this.#texts, text) << kindBits) | kinds.text;
  }

  number(value: number): void {
    const isSmall = Number.isInteger(value) && Math.abs(value) < smallMax;
    if (isSmall) this.push((value << kindBits) | kinds.count);
    else this.push((numberOf(this.#numbers, value) << kindBits) | kinds.number);
  }

  age(tenths: number): void {
    this.push((tenths << kindBits) | kinds.age);
  }

  /** The whole list as a text: equal for equal lists, and for no others. */
  exact(): string {
    return this.#items.subarray(0, this.#length).join(" ");
  }

  /** Two numbers of 32 bits: two million lists share a pair by chance once in ten million runs. */
  digest(pair: Int32Array): void {
    let [one, two] = [0x243f6a88, 0x13198a2e];
    for (let at = 0; at < this.#length; at += 1) {
      const token = this.#items[at] ?? 0;
      let mixed = Math.imul(token, 0x239b961b);
      one ^= Math.imul((mixed << 15) | (mixed >>> 17), 0xab0e9789);
      one = (Math.imul((one << 19) | (one >>> 13), 5) + two) | 0;
      mixed = Math.imul(token, 0x38b34ae5);
      two ^= Math.imul((mixed << 17) | (mixed >>> 15), 0xa1e38b93);
      two = (Math.imul((two << 13) | (two >>> 19), 5) + one) | 0;
    }
    pair[0] = finished((one ^ this.#length) | 0);
    pair[1] = finished((two + one) | 0);
  }
}

function numberOf<T>(known: Map<T, number>, value: T): number {
  let number = known.get(value);
  if (number === undefined) {
    number = known.size;
    known.set(value, number);
  }
  return number;
}

/** The last mixing of MurmurHash3: every bit of the outcome hangs on every bit before. */
function finished(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
