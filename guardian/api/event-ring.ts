/** The last events, as they are sent; numbered, in bounded memory. */

const textCharsMax = 1000;
const eventsAtOnce = 256;

export interface Piece {
  readonly text: string;
  /** Number of the event that comes after it. */
  readonly next: number;
}

export class EventRing {
  readonly #epoch: number;
  readonly #eventsMax: number;
  readonly #frames: string[] = [];
  /** Number of the next event; the ring holds those before it. */
  #end = 1;

  /** `epoch` tells this process's ids from an earlier one's. */
  constructor(epoch: number, eventsMax: number) {
    this.#epoch = epoch;
    this.#eventsMax = eventsMax;
  }

  get end(): number {
    return this.#end;
  }

  /** The oldest that is kept. */
  get begin(): number {
    return Math.max(1, this.#end - this.#eventsMax);
  }

  push(kind: string, body: Readonly<Record<string, string | number | undefined>>): void {
    const short = Object.entries(body).map(([name, value]) => [
      name,
      typeof value === "string" ? value.slice(0, textCharsMax) : value,
    ]);
    const data: unknown = Object.fromEntries(short);
    this.#frames[this.#end % this.#eventsMax] = this.#frame(kind, this.#end, data);
    this.#end += 1;
  }

  /** Some events from there on. */
  from(first: number): Piece {
    const next = Math.min(this.#end, first + eventsAtOnce);
    let text = "";
    for (let at = first; at < next; at += 1) text += this.#frames[at % this.#eventsMax] ?? "";
    return { text, next };
  }

  /** Where a watcher goes on, and what it is told first: hello, or that something is missing. */
  placeOf(lastEventId: string): Piece {
    if (lastEventId === "") return this.#hello(this.#end);
    const [, epoch, id] = /^(\d{1,15})-(\d{1,15})$/.exec(lastEventId) ?? [];
    const next = Number(id) + 1;
    const isHeld = Number(epoch) === this.#epoch && next >= this.begin && next <= this.#end;
    return isHeld ? this.#hello(next) : this.gapAfter(lastEventId);
  }

  /** For a watcher that the ring has overtaken. */
  gapSince(next: number): Piece {
    return this.gapAfter(`${this.#epoch}-${next - 1}`);
  }

  gapAfter(lastEventId: string): Piece {
    const next = this.begin;
    const why = "events after that one are not kept any more: read the lists anew";
    const data = { after: lastEventId.slice(0, 40), goesOnAt: `${this.#epoch}-${next}`, why };
    return { text: this.#frame("gap", next - 1, data), next };
  }

  #hello(next: number): Piece {
    const newest = `${this.#epoch}-${this.#end - 1}`;
    return { text: this.#frame("hello", next - 1, { newest }), next };
  }

  #frame(kind: string, id: number, data: unknown): string {
    return `id: ${this.#epoch}-${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
