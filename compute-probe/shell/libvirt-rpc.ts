/**
 * libvirt's own RPC over its read-only unix socket: no native code, no libvirt group, and timeouts
 * of our own (calls through the C library fill Node's thread pool when libvirtd hangs). The protocol
 * is libvirt's src/remote/remote_protocol.x, program 0x20008086 version 1.
 */
import { connect, type Socket } from "node:net";
import { describeError, toError } from "../../shared/errors.ts";
import { withDeadline } from "../../shared/loop.ts";
import { XdrReader, XdrWriter } from "./libvirt-xdr.ts";

const remoteProgram = 0x2000_8086;
const keepaliveProgram = 0x6b65_6570;
const headerBytes = 28;
/** libvirt's own limit for one message. */
const messageBytesMax = 33_554_432;
const messageTypes = { call: 0, reply: 1, message: 2 } as const;
const procedures = {
  open: 1,
  capabilities: 7,
  authList: 66,
  registerEvent: 316,
  lifecycleEvent: 318,
  allDomainStats: 344,
} as const;
const keepalive = { ping: 1, pong: 2 } as const;
const readOnlyFlag = 1;
const statsState = 1;
/** State, CPU, balloon, vCPUs, interfaces, block devices. */
const statsAll = 1 | 2 | 4 | 8 | 16 | 32;
/** Running ones only; and do not wait for one that somebody else is asking. */
const [statsActive, statsNoWait] = [1, 0x2000_0000];

/** A domain as ALL_DOMAIN_STATS tells it; the state is virDomainState's number. */
export interface DomainState {
  readonly uuid: string;
  readonly state: number;
}

/** All that libvirt knows of a running domain; fewer fields where its QEMU does not answer. */
export interface DomainStats {
  readonly uuid: string;
  readonly fields: ReadonlyMap<string, number>;
}

/** Something happened to a domain; the numbers are virDomainEventType's and its detail's. */
export interface LifecycleEvent {
  readonly uuid: string;
  readonly event: number;
  readonly detail: number;
}

/** libvirt wants a login on this socket; nothing that waiting would cure. */
export class LibvirtDeniedError extends Error {
  override readonly name = "LibvirtDeniedError";
}

interface Pending {
  resolve(body: XdrReader): void;
  reject(error: Error): void;
}

/** One connection. After the first failure it is closed for good; open another one. */
export class LibvirtConnection {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #received: Buffer = Buffer.alloc(0);
  #serial = 0;
  #closedBy: Error | undefined;
  #onLifecycle: ((event: LifecycleEvent) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("libvirt closed the connection")));
  }

  /** Connects and opens `uri`, read-only when the socket is the read-only one. */
  static async open(path: string, uri: string, deadlineMs: number): Promise<LibvirtConnection> {
    const socket = connect(path);
    const connection = new LibvirtConnection(socket);
    try {
      await withDeadline(
        new Promise<void>((resolve, reject) => {
          socket.once("connect", resolve);
          socket.once("error", reject);
        }),
        deadlineMs,
        () => socket.destroy(new Error(`no connection to ${path} within ${deadlineMs} ms`)),
      );
      await connection.#login(deadlineMs);
      const flags = path.endsWith("-ro") ? readOnlyFlag : 0;
      const body = new XdrWriter().uint(1).text(uri).uint(flags).bytes();
      await connection.#call(procedures.open, body, deadlineMs);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#closedBy === undefined;
  }

  /** The state of every domain, defined or running, in one call. */
  async domainStates(deadlineMs: number): Promise<readonly DomainState[]> {
    const body = new XdrWriter().uint(0).uint(statsState).uint(0).bytes();
    const reply = await this.#call(procedures.allDomainStats, body, deadlineMs);
    const domains: DomainState[] = [];
    const count = reply.uint();
    for (let index = 0; index < count; index += 1) {
      reply.text();
      const uuid = reply.fixed(16).toString("hex");
      reply.int();
      domains.push({ uuid, state: readFields(reply).get("state.state") ?? 0 });
    }
    return domains;
  }

  /** Everything about the running domains: one question to each QEMU. It may never be answered. */
  async fullStats(deadlineMs: number): Promise<readonly DomainStats[]> {
    const flags = statsActive | statsNoWait;
    const body = new XdrWriter().uint(0).uint(statsAll).uint(flags).bytes();
    const reply = await this.#call(procedures.allDomainStats, body, deadlineMs);
    return Array.from({ length: reply.uint() }, () => {
      reply.text();
      const uuid = reply.fixed(16).toString("hex");
      reply.int();
      return { uuid, fields: readFields(reply) };
    });
  }

  /** Hears of every domain that starts, stops, crashes, …; possible on the read-only socket, too. */
  async watchLifecycle(
    onEvent: (event: LifecycleEvent) => void,
    deadlineMs: number,
  ): Promise<void> {
    this.#onLifecycle = onEvent;
    const body = new XdrWriter().uint(0).uint(0).bytes();
    await this.#call(procedures.registerEvent, body, deadlineMs);
  }

  /** The UUID of the host itself (libvirt takes it from DMI, or from host_uuid in its settings). */
  async hostUuid(deadlineMs: number): Promise<string> {
    const reply = await this.#call(procedures.capabilities, Buffer.alloc(0), deadlineMs);
    const match = /<host>\s*<uuid>([0-9a-f-]{36})<\/uuid>/i.exec(reply.text());
    return (match?.[1] ?? "").replaceAll("-", "").toLowerCase();
  }

  close(): void {
    this.#fail(new Error("closed"));
  }

  async #login(deadlineMs: number): Promise<void> {
    const reply = await this.#call(procedures.authList, Buffer.alloc(0), deadlineMs);
    const types = Array.from({ length: reply.uint() }, () => reply.int());
    if (types.length > 0 && !types.includes(0)) {
      throw new LibvirtDeniedError(`libvirt asks for authentication (type ${types.join(", ")})`);
    }
  }

  #call(procedure: number, body: Buffer, deadlineMs: number): Promise<XdrReader> {
    if (this.#closedBy !== undefined) return Promise.reject(this.#closedBy);
    this.#serial += 1;
    const serial = this.#serial;
    const answer = new Promise<XdrReader>((resolve, reject) => {
      this.#pending.set(serial, { resolve, reject });
    });
    this.#send(remoteProgram, procedure, messageTypes.call, serial, body);
    const late = Symbol("late");
    return withDeadline<XdrReader | typeof late>(answer, deadlineMs, () => late).then((reply) => {
      if (reply !== late) return reply;
      const error = new Error(`libvirt gave no answer within ${deadlineMs} ms`);
      // Its answer may still come; a fresh connection cannot mistake it for another call's.
      this.#fail(error);
      throw error;
    });
  }

  #send(program: number, procedure: number, type: number, serial: number, body: Buffer): void {
    const header = Buffer.alloc(headerBytes);
    const fields = [headerBytes + body.length, program, 1, procedure, type, serial, 0];
    for (const [index, field] of fields.entries()) header.writeUInt32BE(field, 4 * index);
    this.#socket.write(Buffer.concat([header, body]));
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    try {
      while (this.#received.length >= 4) {
        const length = this.#received.readUInt32BE(0);
        if (length < headerBytes || length > messageBytesMax) {
          throw new RangeError(`libvirt sent a message of ${length} bytes`);
        }
        if (this.#received.length < length) return;
        const message = this.#received.subarray(0, length);
        this.#received = this.#received.subarray(length);
        this.#handle(message);
      }
    } catch (error) {
      this.#fail(toError(error));
    }
  }

  #handle(message: Buffer): void {
    const procedure = message.readUInt32BE(12);
    if (message.readUInt32BE(4) === keepaliveProgram) {
      if (procedure !== keepalive.ping) return;
      this.#send(keepaliveProgram, keepalive.pong, messageTypes.message, 0, Buffer.alloc(0));
      return;
    }
    const type = message.readUInt32BE(16);
    if (type === messageTypes.message && procedure === procedures.lifecycleEvent) {
      this.#onLifecycle?.(readLifecycle(new XdrReader(message.subarray(headerBytes))));
    }
    if (type !== messageTypes.reply) return;
    const serial = message.readUInt32BE(20);
    const pending = this.#pending.get(serial);
    this.#pending.delete(serial);
    const body = new XdrReader(message.subarray(headerBytes));
    if (message.readUInt32BE(24) === 0) pending?.resolve(body);
    else pending?.reject(readRemoteError(body));
  }

  #fail(error: Error): void {
    this.#closedBy ??= error;
    this.#socket.destroy();
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

function readFields(reply: XdrReader): ReadonlyMap<string, number> {
  const fields = new Map<string, number>();
  const parameters = reply.uint();
  for (let index = 0; index < parameters; index += 1) {
    const { field, value } = reply.typedParameter();
    if (value !== undefined) fields.set(field, value);
  }
  return fields;
}

/** The callback's number, the domain (name, UUID, id), what happened, and why. */
function readLifecycle(body: XdrReader): LifecycleEvent {
  body.int();
  body.text();
  const uuid = body.fixed(16).toString("hex");
  body.int();
  return { uuid, event: body.int(), detail: body.int() };
}

function readRemoteError(body: XdrReader): Error {
  try {
    const code = body.int();
    body.int();
    return new Error(`libvirt error ${code}: ${body.optionalText() ?? "no message"}`);
  } catch (error) {
    return new Error(`libvirt failed without a readable reason: ${describeError(error)}`);
  }
}
