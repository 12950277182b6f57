/**
 * A libvirtd that behaves as far as the probe asks: login, open, states of all domains, errors, and
 * silence on demand. Byte layout checked against libvirtd 9.0.
 */
import { createServer, type Socket } from "node:net";

const procedures = { open: 1, capabilities: 7, authList: 66, allDomainStats: 344 } as const;

/** The beginning of what libvirt 9.0 answers; the host's UUID is all that the probe takes from it. */
const capabilities =
  "<capabilities>\n\n  <host>\n    <uuid>a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90</uuid>\n    <cpu/>\n  </host>\n</capabilities>\n";

export interface FakeLibvirt {
  /** 32 hex digits to virDomainState's number. */
  domains: Record<string, number>;
  /** What each of them tells beyond its state when it is asked for everything. */
  statistics: Readonly<Record<string, number>>;
  /** Takes calls and answers none, as a stopped libvirtd does. */
  silent: boolean;
  /** Answers every call with this error. */
  errorText: string | undefined;
  readonly connections: number;
  close(): Promise<void>;
}

export async function startFakeLibvirt(path: string): Promise<FakeLibvirt> {
  const sockets = new Set<Socket>();
  const fake = {
    domains: {} as Record<string, number>,
    statistics: {} as Readonly<Record<string, number>>,
    silent: false,
    errorText: undefined as string | undefined,
    connections: 0,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  const server = createServer((socket) => {
    fake.connections += 1;
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= received.readUInt32BE(0)) {
        const message = received.subarray(0, received.readUInt32BE(0));
        received = received.subarray(message.length);
        if (!fake.silent) answer(socket, message, fake);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return fake;
}

function answer(
  socket: Socket,
  call: Buffer,
  fake: Pick<FakeLibvirt, "domains" | "statistics" | "errorText">,
): void {
  const procedure = call.readUInt32BE(12);
  const isError = fake.errorText !== undefined;
  const body = isError
    ? Buffer.concat([uint(1), uint(0), uint(1), text(fake.errorText ?? "")])
    : bodyOf(procedure, fake.domains, isStateAlone(call) ? {} : fake.statistics);
  const header = Buffer.from(call.subarray(0, 28));
  header.writeUInt32BE(28 + body.length, 0);
  header.writeUInt32BE(1, 16);
  header.writeUInt32BE(isError ? 1 : 0, 24);
  const whole = Buffer.concat([header, body]);
  // In two pieces, as a stream may deliver it.
  socket.write(whole.subarray(0, 10));
  setImmediate(() => socket.write(whole.subarray(10)));
}

/** A call for statistics that asks for states only: no list of domains, and one flag. */
function isStateAlone(call: Buffer): boolean {
  return call.length < 36 || call.readUInt32BE(32) === 1;
}

function bodyOf(
  procedure: number,
  domains: Readonly<Record<string, number>>,
  statistics: Readonly<Record<string, number>>,
): Buffer {
  if (procedure === procedures.authList) return uint(0);
  if (procedure === procedures.capabilities) return text(capabilities);
  if (procedure !== procedures.allDomainStats) return Buffer.alloc(0);
  const entries = Object.entries(domains).map(([uuid, state], index) =>
    Buffer.concat([
      text(`instance-0000000${index}`),
      Buffer.from(uuid, "hex"),
      uint(index + 1),
      uint(2 + Object.keys(statistics).length),
      text("state.state"),
      uint(1),
      uint(state),
      text("state.reason"),
      uint(1),
      uint(1),
      ...Object.entries(statistics).flatMap(([field, value]) => [
        text(field),
        uint(4),
        uint(0),
        uint(value),
      ]),
    ]),
  );
  return Buffer.concat([uint(entries.length), ...entries]);
}

function uint(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([uint(bytes.length), bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
