/**
 * API tokens: a file with a name, a role and the hash (scrypt) of each; the token itself is shown once, when it
 * is made. The file is read again when it changes, so a token that was revoked serves no longer.
 */
import { createHash, randomBytes, scrypt, scryptSync, timingSafeEqual } from "node:crypto";
import {
  closeSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { describeError } from "../../shared/errors.ts";
import { roles, type Role } from "../api/route.ts";
import { asList, asRecord, parseJson, textOf } from "./json.ts";

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly created: string;
  /** "" for ever. */
  readonly expires: string;
  readonly salt: string;
  readonly hash: string;
}

/** Dear enough that nobody tries many, cheap enough that one is checked in some 50 ms. */
const cost = { N: 16_384, r: 8, p: 1 } as const;
const hashBytes = 32;
const tokensMax = 1000;
const shape = /^gdn_([0-9a-f]{12})_([\w-]{43})$/;

/** Every token of a file. Throws with the reason when it cannot be used. */
export function readTokens(path: string): readonly TokenRecord[] {
  let text: string;
  try {
    const mode = statSync(path).mode & 0o777;
    if ((mode & 0o037) !== 0) throw new Error(`mode is ${mode.toString(8)}; run chmod 640`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new Error(`${path}: ${describeError(error)}`, { cause: error });
  }
  const list = asRecord(parseJson(text))["tokens"];
  if (!Array.isArray(list)) throw new Error(`${path}: holds no "tokens"`);
  return asList(list)
    .slice(0, tokensMax)
    .flatMap((entry) => readOne(entry) ?? []);
}

function readOne(value: unknown): TokenRecord | undefined {
  const record = asRecord(value);
  const text = (name: string): string => textOf(record[name]) ?? "";
  const role = roles.find((known) => known === record["role"]);
  const [id, hash, salt] = [text("id"), text("hash"), text("salt")];
  if (role === undefined || id === "" || !/^[0-9a-f]{64}$/.test(hash)) return undefined;
  const [name, created, expires] = [text("name"), text("created"), text("expires")];
  return { id, hash, salt, role, name, created, expires };
}

/** Makes a token; returns it, to be shown once. Throws when the name is taken or the file cannot be written. */
export function createToken(
  path: string,
  wanted: { readonly name: string; readonly role: Role; readonly expires: string },
  nowMs: number,
): string {
  const tokens = readTokens(path);
  if (!/^[\w.@-]{1,64}$/.test(wanted.name)) {
    throw new Error(`"${wanted.name}": a name has 1 to 64 letters, digits, dots, dashes`);
  }
  if (tokens.some(({ name }) => name === wanted.name)) {
    throw new Error(`${path} has a token ${wanted.name} already; revoke it first`);
  }
  if (tokens.length >= tokensMax) throw new Error(`${path} holds ${tokensMax} tokens, the most`);
  const [id, secret] = [randomBytes(6).toString("hex"), randomBytes(32).toString("base64url")];
  const salt = randomBytes(16).toString("hex");
  const hash = scryptSync(secret, salt, hashBytes, cost).toString("hex");
  const created = new Date(nowMs).toISOString();
  writeTokens(path, [...tokens, { id, ...wanted, created, salt, hash }]);
  return `gdn_${id}_${secret}`;
}

/** By name or id. Throws when there is none. */
export function revokeToken(path: string, named: string): void {
  const tokens = readTokens(path);
  const kept = tokens.filter(({ id, name }) => id !== named && name !== named);
  if (kept.length === tokens.length) throw new Error(`${path} has no token ${named}`);
  writeTokens(path, kept);
}

/** Whole or not at all. */
function writeTokens(path: string, tokens: readonly TokenRecord[]): void {
  const beside = `${path}.${randomBytes(4).toString("hex")}`;
  // The daemon's group reads it; a file that is there keeps its mode.
  let mode = 0o640;
  let owner: { readonly uid: number; readonly gid: number } | undefined;
  try {
    const seen = statSync(path);
    mode = seen.mode & 0o777;
    owner = seen;
  } catch {
    // It is made now.
  }
  const descriptor = openSync(beside, "wx", mode);
  try {
    if (owner !== undefined) fchownSync(descriptor, owner.uid, owner.gid);
    writeSync(descriptor, `${JSON.stringify({ tokens }, undefined, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(beside, path);
}

export type Checked =
  | { readonly kind: "known"; readonly token: TokenRecord }
  | { readonly kind: "unknown"; readonly reason: string }
  /** Too many are tried at once. */
  | { readonly kind: "busy" };

export interface TokenCheck {
  /** Whether it was found good before: who has such a one is kept out by nobody's wrong tokens. */
  remembers(text: string): boolean;
  check(text: string): Promise<Checked>;
}

const hashedAtOnceMax = 8;
const rememberedMax = 1000;

/**
 * Checks against the file as it is now. A token that was hashed once is known by a cheap hash afterwards, in
 * memory alone. One is hashed at a time: the threads that do it also write files for the decision loop.
 */
export function createTokenCheck(path: string, wallMs: () => number): TokenCheck {
  let read: { readonly stamp: string; readonly tokens: readonly TokenRecord[] } | undefined;
  const remembered = new Map<string, string>();
  const asking = new Map<string, Promise<boolean>>();
  let turn: Promise<unknown> = Promise.resolve();

  function tokens(): readonly TokenRecord[] {
    const stamp = stampOf(path);
    if (read?.stamp !== stamp) read = { stamp, tokens: readTokens(path) };
    return read.tokens;
  }

  /** Who comes with the same token at the same time shares one answer: many come back after a restart. */
  function matches(secret: string, token: TokenRecord): Promise<boolean> | "busy" {
    const quick = quickHash(secret, token);
    if (remembered.get(quick) === token.hash) return Promise.resolve(true);
    const name = `${quick} ${token.hash}`;
    const shared = asking.get(name);
    if (shared !== undefined) return shared;
    if (asking.size >= hashedAtOnceMax) return "busy";
    const mine = turn.then(async () => {
      const hash = await hashOf(secret, token.salt);
      const known = timingSafeEqual(hash, Buffer.from(token.hash, "hex"));
      if (known && remembered.size >= rememberedMax) remembered.clear();
      if (known) remembered.set(quick, token.hash);
      return known;
    });
    asking.set(name, mine);
    turn = mine.catch(() => undefined).then(() => asking.delete(name));
    return mine;
  }

  return {
    remembers(text) {
      const [, id = "", secret = ""] = shape.exec(text) ?? [];
      const token = read?.tokens.find((one) => one.id === id);
      return token !== undefined && remembered.get(quickHash(secret, token)) === token.hash;
    },
    async check(text) {
      const [, id = "", secret = ""] = shape.exec(text) ?? [];
      if (id === "") return { kind: "unknown", reason: "this is no token of ours" };
      let all: readonly TokenRecord[];
      try {
        all = tokens();
      } catch (error) {
        return { kind: "unknown", reason: `tokens cannot be read: ${describeError(error)}` };
      }
      const token = all.find((one) => one.id === id);
      if (token === undefined) return { kind: "unknown", reason: "this token is not known" };
      const match = matches(secret, token);
      if (match === "busy") return { kind: "busy" };
      if (!(await match)) return { kind: "unknown", reason: "this token is not known" };
      if (token.expires !== "" && !(wallMs() < Date.parse(token.expires))) {
        return { kind: "unknown", reason: `token ${token.name} expired at ${token.expires}` };
      }
      return { kind: "known", token };
    },
  };
}

/** Of a secret that was found good; kept in memory alone. */
function quickHash(secret: string, { salt }: TokenRecord): string {
  return createHash("sha256").update(`${salt}:${secret}`).digest("hex");
}

function hashOf(secret: string, salt: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, hashBytes, cost, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "";
  }
}
