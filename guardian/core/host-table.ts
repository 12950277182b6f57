/**
 * All hosts by name, sorted, never changed in place. A change copies one flat list of references,
 * not a hash table: with 10,000 hosts that is some microseconds, and an echo changes one host.
 */
import type { HostName } from "../../shared/names.ts";

interface Named {
  readonly host: HostName;
}

export class HostTable<T extends Named> {
  readonly #places: ReadonlyMap<HostName, number>;
  readonly #list: readonly T[];

  private constructor(places: ReadonlyMap<HostName, number>, list: readonly T[]) {
    this.#places = places;
    this.#list = list;
  }

  /** A table of these hosts; the last one of a name counts. */
  static of<T extends Named>(entries: Iterable<T>): HostTable<T> {
    const byName = new Map<HostName, T>();
    for (const entry of entries) byName.set(entry.host, entry);
    const list = [...byName.values()].sort((left, right) => (left.host < right.host ? -1 : 1));
    return new HostTable(new Map(list.map((entry, at) => [entry.host, at])), list);
  }

  get size(): number {
    return this.#list.length;
  }

  get(host: HostName): T | undefined {
    const place = this.#places.get(host);
    return place === undefined ? undefined : this.#list[place];
  }

  has(host: HostName): boolean {
    return this.#places.has(host);
  }

  /** All hosts, in the order of their names. */
  values(): readonly T[] {
    return this.#list;
  }

  /** The table with one host changed, or added. */
  with(entry: T): HostTable<T> {
    const place = this.#places.get(entry.host);
    if (place === undefined) return HostTable.of([...this.#list, entry]);
    if (this.#list[place] === entry) return this;
    const list = this.#list.slice();
    list[place] = entry;
    return new HostTable(this.#places, list);
  }

  /** The table with many hosts changed or added, at the cost of one copy. */
  withAll(entries: ReadonlyMap<HostName, T>): HostTable<T> {
    if (entries.size === 0) return this;
    for (const name of entries.keys()) {
      if (!this.#places.has(name)) return HostTable.of([...this.#list, ...entries.values()]);
    }
    const list = this.#list.slice();
    for (const [name, entry] of entries) list[this.#places.get(name) ?? -1] = entry;
    return new HostTable(this.#places, list);
  }

  /** Each host through `change`; the same table when nothing changed. */
  map(change: (entry: T) => T): HostTable<T> {
    let list: T[] | undefined;
    for (let at = 0; at < this.#list.length; at += 1) {
      const before = this.#list[at];
      if (before === undefined) continue;
      const after = change(before);
      if (after === before) continue;
      list ??= this.#list.slice();
      list[at] = after;
    }
    return list === undefined ? this : new HostTable(this.#places, list);
  }
}
