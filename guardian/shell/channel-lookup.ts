/**
 * Names of those who tell people (alert channels, their proxies, the heartbeat) are looked up few at a time. getaddrinfo
 * runs on libuv's pool, which lends it half of its threads, and nothing ends one that has begun: with the resolver out of
 * reach each stands for many seconds, after its caller has given up, too. Channels would hold every thread there is,
 * and Nova, Keystone, BMCs, the store and live views, which look up past this gate, would wait behind them even with
 * their names in /etc/hosts.
 */
import type { LookupAddress, LookupOptions } from "node:dns";
import { lookup as systemLookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { toError } from "../../shared/errors.ts";
import { withDeadline } from "../../shared/loop.ts";
import { describeMs } from "../../shared/time.ts";

/**
 * A `lookup` for net.connect and tls.connect. It answers within `deadlineMs`, as dns.lookup does or with an error that names
 * the host and the limit: the lookup did not begin by then, or did not end. What has begun goes on for who asks next.
 */
export type ChannelLookup = (deadlineMs: number) => LookupFunction;

export interface ChannelLookupOptions {
  /** Every address of a name; getaddrinfo when left out. Rejects when there is none. */
  readonly resolve?: (name: string, options: LookupOptions) => Promise<readonly LookupAddress[]>;
  /** How many names are looked up at once; 1 when left out. */
  readonly atOnce?: number;
  /** Names that wait for their turn; one more is refused at once. */
  readonly waitingMax?: number;
}

type Answer =
  | { readonly kind: "found"; readonly addresses: readonly LookupAddress[] }
  | { readonly kind: "failed"; readonly error: Error };

/** One getaddrinfo, waiting or under way, and who waits for it. */
interface Flight {
  readonly name: string;
  readonly options: LookupOptions;
  readonly callers: Set<(answer: Answer) => void>;
}

const waitingMaxByDefault = 64;
/** The words of a refusal come before those of the caller's own deadline, which know less. */
const marginMs = 20;

/** Threads of libuv's pool when the environment does not say. */
const poolThreads = 4;

/** Half of what libuv lends to lookups, by the size of its pool: the other half stays for what moves servers. */
export function lookupsAtOnce(env: Readonly<Record<string, string | undefined>>): number {
  const size = Number(env["UV_THREADPOOL_SIZE"] ?? poolThreads);
  const lent = Math.floor(((size > 0 ? size : poolThreads) + 1) / 2);
  return Math.max(1, Math.floor(lent / 2));
}

/** One for the process: whatever shares it has so many getaddrinfo under way between them, and one of a name. */
export function createChannelLookup(options: ChannelLookupOptions = {}): ChannelLookup {
  const gate = new LookupGate(options);
  return (deadlineMs) => (name, asked, callback) => {
    void gate.ask(name, asked, deadlineMs).then((answer) => {
      if (answer.kind === "failed") return callback(answer.error, []);
      if (asked.all === true) return callback(null, [...answer.addresses]);
      const [first] = answer.addresses;
      if (first === undefined) return callback(new Error(`${name} has no address`), []);
      callback(null, first.address, first.family);
    });
  };
}

class LookupGate {
  readonly #resolve: NonNullable<ChannelLookupOptions["resolve"]>;
  readonly #waitingMax: number;
  readonly #atOnce: number;
  /** In the order in which they were asked for; those under way are among them. */
  readonly #flights = new Map<string, Flight>();
  readonly #underWay = new Set<Flight>();

  constructor({ resolve, atOnce = 1, waitingMax = waitingMaxByDefault }: ChannelLookupOptions) {
    this.#atOnce = atOnce;
    this.#resolve = resolve ?? ((name, asked) => systemLookup(name, { ...asked, all: true }));
    this.#waitingMax = waitingMax;
  }

  /** Never rejects. */
  async ask(name: string, asked: LookupOptions, deadlineMs: number): Promise<Answer> {
    const family = isIP(name);
    if (family !== 0) return { kind: "found", addresses: [{ address: name, family }] };
    const options = { ...asked, all: true };
    const { hints, order, verbatim } = options;
    const key = JSON.stringify([name, options.family, hints, order, verbatim]);
    const known = this.#flights.get(key);
    const waiting = this.#flights.size - this.#underWay.size;
    if (known === undefined && waiting >= this.#waitingMax) {
      return failed(`lookup of ${name} refused: ${this.#waitingMax} names wait for theirs already`);
    }
    const flight = known ?? { name, options, callers: new Set() };
    this.#flights.set(key, flight);
    this.#beginNext();
    return this.#answerOf(flight, key, deadlineMs);
  }

  #answerOf(flight: Flight, key: string, deadlineMs: number): Promise<Answer> {
    const { name, callers } = flight;
    let settle: (answer: Answer) => void = () => undefined;
    const answer = new Promise<Answer>((resolve) => callers.add((settle = resolve)));
    return withDeadline(answer, Math.max(1, deadlineMs - marginMs), () => {
      callers.delete(settle);
      const limit = `within ${describeMs(deadlineMs)}`;
      if (this.#underWay.has(flight)) return failed(`lookup of ${name} has not ended ${limit}`);
      // Nobody waits for it any more: it must not take the turn of one that somebody waits for.
      if (callers.size === 0) this.#flights.delete(key);
      const others = [...this.#underWay].map((other) => other.name).join(", ");
      const why = others === "" ? "" : `: that of ${others} has not ended`;
      return failed(`lookup of ${name} not begun ${limit}${why}`);
    });
  }

  #beginNext(): void {
    for (const [key, flight] of this.#flights) {
      if (this.#underWay.size >= this.#atOnce) return;
      if (this.#underWay.has(flight)) continue;
      this.#underWay.add(flight);
      void this.#run(flight).then((answer) => {
        this.#underWay.delete(flight);
        this.#flights.delete(key);
        for (const settle of flight.callers) settle(answer);
        this.#beginNext();
      });
    }
  }

  async #run({ name, options }: Flight): Promise<Answer> {
    try {
      const addresses = await this.#resolve(name, options);
      return addresses.length === 0
        ? failed(`${name} has no address`)
        : { kind: "found", addresses };
    } catch (error) {
      return { kind: "failed", error: toError(error) };
    }
  }
}

function failed(reason: string): Answer {
  return { kind: "failed", error: new Error(reason) };
}
