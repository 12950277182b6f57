/** Virtual time: things to do, in order of their time and then of their booking (a binary heap). */

interface Booking {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class EventQueue {
  readonly #heap: Booking[] = [];
  #order = 0;
  #now = 0;

  get now(): number {
    return this.#now;
  }

  /** Books `run` for `ms` from now. */
  in(ms: number, run: () => void): void {
    this.at(ms > 0 ? this.#now + ms : this.#now, run);
  }

  at(at: number, run: () => void): void {
    this.#order += 1;
    const booking = { at, order: this.#order, run };
    const heap = this.#heap;
    let index = heap.length;
    heap.push(booking);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(booking, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = booking;
  }

  /** Runs everything booked until `until`, calling `afterEach` after each booking. */
  runUntil(until: number, afterEach?: () => void): void {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > until) break;
      this.#removeFirst();
      this.#now = next.at;
      next.run();
      afterEach?.();
    }
    this.#now = until;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const moved = heap.pop();
    if (moved === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        child += 1;
        below = right;
      }
      if (!isBefore(below, moved)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = moved;
  }
}

function isBefore(left: Booking, right: Booking): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}
