/**
 * Every state that was met, by number: its digest, and what is kept of it once its successors are
 * known. Columns of numbers: as objects, a million of them would keep the collector of garbage busy.
 */
import { TokenList } from "./token-list.ts";

export interface StateRow {
  readonly parent: number;
  /** Index into the list of actions. */
  readonly action: number;
  readonly depth: number;
  /** A bit for each host that is not well and that no alert tells of. */
  readonly alone: number;
}

const columns = { first: 0, second: 1, parent: 2, action: 3, depth: 4, alone: 5, next: 6 } as const;
const width = 7;

export class StateTable {
  #rows = new Int32Array(width * 1024);
  /** Numbers of states by digest, one more than each; 0 is an empty place. */
  #places = new Int32Array(2048);
  readonly #pair = new Int32Array(2);
  /** Instead of digests, where the whole lists are to be compared. */
  readonly #exact: Map<string, number> | undefined;
  size = 0;

  constructor(exact: boolean) {
    this.#exact = exact ? new Map() : undefined;
  }

  /** The number of a state that was met before; else -1, and its place is kept for `add`. */
  find(tokens: TokenList): number {
    tokens.digest(this.#pair);
    if (this.#exact !== undefined) {
      const text = tokens.exact();
      const met = this.#exact.get(text);
      if (met === undefined) this.#exact.set(text, this.size);
      return met ?? -1;
    }
    const number = this.#places[this.#placeOf(this.#pair[0] ?? 0, this.#pair[1] ?? 0)] ?? 0;
    return number - 1;
  }

  /** Adds the state that `find` has just not found. */
  add({ parent, action, depth, alone }: StateRow): number {
    const at = this.size;
    const [first = 0, second = 0] = this.#pair;
    if ((at + 1) * width > this.#rows.length) this.#rows = wider(this.#rows);
    this.#rows.set([first, second, parent, action, depth, alone, -1], at * width);
    this.size += 1;
    if (this.#exact !== undefined) return at;
    if (this.size * 2 > this.#places.length) this.#spread();
    else this.#places[this.#placeOf(first, second)] = at + 1;
    return at;
  }

  get(at: number, column: keyof typeof columns): number {
    return this.#rows[at * width + columns[column]] ?? -1;
  }

  setNext(at: number, next: number): void {
    this.#rows[at * width + columns.next] = next;
  }

  #placeOf(first: number, second: number): number {
    const mask = this.#places.length - 1;
    let place = first & mask;
    for (;;) {
      const number = this.#places[place] ?? 0;
      if (number === 0) return place;
      const row = (number - 1) * width;
      if (this.#rows[row] === first && this.#rows[row + 1] === second) return place;
      place = (place + 1) & mask;
    }
  }

  #spread(): void {
    this.#places = new Int32Array(2 * this.#places.length);
    for (let at = 0; at < this.size; at += 1) {
      this.#places[this.#placeOf(this.get(at, "first"), this.get(at, "second"))] = at + 1;
    }
  }
}

function wider(rows: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(2 * rows.length);
  copy.set(rows);
  return copy;
}
