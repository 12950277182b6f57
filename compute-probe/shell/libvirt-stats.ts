/**
 * Full statistics ask every QEMU, and one that hangs never answers: the call stays in libvirtd until it does. So each
 * unanswered call keeps a connection of its own, none is ever made anew in its place, and there are a few at most:
 * else we would fill libvirtd's workers, and Nova could ask nothing any more.
 */
import { withDeadline } from "../../shared/loop.ts";
import { LibvirtConnection, type DomainStats } from "./libvirt-rpc.ts";

/** libvirtd has 20 workers. Each call behind an unanswered one shows the server that this one waits for. */
const seatsMax = 5;
/** As good as for ever: a timer takes no more. */
const patienceMs = 2_147_483_647;

export interface LibvirtStats {
  /** The statistics of all running domains; undefined when nobody answers by the deadline. */
  look(deadlineMs: number): Promise<readonly DomainStats[] | undefined>;
  /** Calls that libvirtd still owes an answer. */
  unanswered(): number;
  close(): void;
}

interface Seat {
  readonly connection: LibvirtConnection;
  isAsking: boolean;
}

export function createLibvirtStats(options: {
  readonly socket: string;
  readonly uri: string;
}): LibvirtStats {
  let seats: Seat[] = [];

  async function takeSeat(deadlineMs: number): Promise<Seat | undefined> {
    seats = seats.filter(({ connection }) => connection.isOpen);
    const free = seats.find(({ isAsking }) => !isAsking);
    if (free !== undefined || seats.length >= seatsMax) return free;
    const connection = await LibvirtConnection.open(options.socket, options.uri, deadlineMs);
    const seat = { connection, isAsking: false };
    seats.push(seat);
    return seat;
  }

  async function ask(seat: Seat): Promise<readonly DomainStats[] | undefined> {
    seat.isAsking = true;
    try {
      return await seat.connection.fullStats(patienceMs);
    } catch {
      // The connection ended, by us or by a libvirtd that did: the next look opens another one.
      return undefined;
    } finally {
      seat.isAsking = false;
    }
  }

  return {
    unanswered: () =>
      seats.filter(({ isAsking, connection }) => isAsking && connection.isOpen).length,
    async look(deadlineMs) {
      // The second call passes by the server that the first one waits for, and so on.
      for (let count = 0; count < seatsMax; count += 1) {
        const seat = await takeSeat(deadlineMs);
        if (seat === undefined) return undefined;
        const stats = await withDeadline(ask(seat), deadlineMs, () => undefined);
        if (stats !== undefined) return stats;
        if (!seat.connection.isOpen) return undefined;
      }
      return undefined;
    },
    close() {
      for (const { connection } of seats) connection.close();
    },
  };
}
