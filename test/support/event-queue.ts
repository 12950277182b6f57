/** Virtual time: things to do, in order of their time and then of their booking. */

interface Booking {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class EventQueue {
  #bookings: Booking[] = [];
  #order = 0;
  #now = 0;

  get now(): number {
    return this.#now;
  }

  /** Books `run` for `ms` from now. */
  in(ms: number, run: () => void): void {
    this.at(this.#now + Math.max(0, ms), run);
  }

  at(at: number, run: () => void): void {
    this.#order += 1;
    const booking = { at, order: this.#order, run };
    let index = this.#bookings.length;
    while (index > 0 && this.#isBefore(booking, this.#bookings[index - 1])) index -= 1;
    this.#bookings.splice(index, 0, booking);
  }

  #isBefore(left: Booking, right: Booking | undefined): boolean {
    return (
      right !== undefined &&
      (left.at < right.at || (left.at === right.at && left.order < right.order))
    );
  }

  /** Runs everything booked until `until`, calling `afterEach` after each booking. */
  runUntil(until: number, afterEach: () => void): void {
    for (;;) {
      const next = this.#bookings[0];
      if (next === undefined || next.at > until) break;
      this.#bookings.shift();
      this.#now = next.at;
      next.run();
      afterEach();
    }
    this.#now = until;
  }
}
