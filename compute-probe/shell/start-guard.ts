/**
 * The start guard: runs at boot before nova-compute and libvirt-guests, asks every collector whether the guardian has
 * this host fenced, and ends when its servers may start. Nothing that it lacks makes it fail: without a usable
 * configuration, a network or a collector it waits as it waits for an answer.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { HmacKey } from "../../shared/hmac.ts";
import { silentLogger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import type { HostName } from "../../shared/names.ts";
import { openAcknowledgement, signQuestion } from "../../shared/wire-auth.ts";
import {
  decideStart,
  describeStart,
  type HeardWord,
  type StartDecision,
} from "../core/start-decision.ts";
import { CollectorEndpoint, type CollectorAddress } from "./collector-endpoint.ts";
import { readOverride, readStartState, writeStartState } from "./start-record.ts";

export interface StartIdentity {
  readonly host: HostName;
  readonly keyId: number;
  readonly key: HmacKey;
}

export interface StartGuardSettings {
  readonly giveUpAfterMs: number;
  /** Where its record lies. */
  readonly directory: string;
}

export interface StartAsked {
  readonly identity: StartIdentity;
  readonly collectors: readonly CollectorAddress[];
  readonly settings: StartGuardSettings;
}

export interface StartGuardOptions {
  /** Whom to ask as whom; a text says why that is not known, and it is looked for again. */
  readonly load: () => StartAsked | string;
  /** While nothing could be loaded. */
  readonly fallback: StartGuardSettings;
  readonly bootId: string;
  readonly clock: Clock;
  /** 16 hex digits that nobody can guess. */
  readonly newNonce: () => string;
  /** A line for the console. */
  readonly say: (line: string) => void;
}

/** The answer of a collector that is there comes within this time. */
const answerMs = 500;
const askAfterMs = 500;
/** A fenced host may wait for days. */
const askAfterHeldMs = 4500;
/** A person comes to the console at any time. */
const sayEveryMs = 60_000;
/** Of questions, newest last: an answer to an older one comes too late. */
const noncesMax = 20;

/** Settles when the servers of this host may start. Never rejects. */
export async function guardStart(options: StartGuardOptions): Promise<void> {
  const { clock, bootId, fallback } = options;
  const beganMs = clock.monoMs();
  let asker: Asker | undefined;
  let trouble = "";
  let said: StartDecision | undefined;
  let saidMs = 0;
  let wasFenced = false;

  function look(): void {
    if (asker !== undefined) return;
    const asked = options.load();
    if (typeof asked === "string") trouble = asked;
    else asker = createAsker(asked, options);
    // A guard that was started again in the same boot has not forgotten.
    if (asker !== undefined) wasFenced = readStartState(settings().directory, bootId) === "held";
  }

  const settings = (): StartGuardSettings => asker?.settings ?? fallback;

  function decide(): StartDecision {
    const { directory, giveUpAfterMs } = settings();
    const heard = asker?.heard() ?? [];
    const override = readOverride(directory, bootId);
    const facts = { nowMs: clock.monoMs(), beganMs, giveUpAfterMs, heard, wasFenced, override };
    const decision = decideStart(facts);
    wasFenced ||= decision.state === "held";
    if (asker !== undefined || decision.state === "overridden") return decision;
    return { ...decision, why: `nobody can be asked: ${trouble}` };
  }

  function tell(decision: StartDecision): void {
    const nowMs = clock.monoMs();
    const isNew = decision.state !== said?.state;
    if (!isNew && nowMs - saidMs < sayEveryMs) return;
    [said, saidMs] = [decision, nowMs];
    const { directory, giveUpAfterMs } = settings();
    const times = { waitedMs: nowMs - beganMs, giveUpAfterMs };
    const host = asker?.host ?? "this host";
    for (const line of describeStart(decision, host, times)) options.say(line);
    if (!isNew) return;
    try {
      writeStartState(directory, bootId, decision.state);
    } catch (error) {
      options.say(`the probe will not report this: ${describeError(error)}`);
    }
  }

  for (;;) {
    look();
    asker?.ask();
    await sleep(answerMs);
    const decision = decide();
    tell(decision);
    if (decision.mayStart) break;
    await sleep(wasFenced ? askAfterHeldMs : askAfterMs);
  }
  asker?.close();
}

interface Asker {
  readonly host: HostName;
  readonly settings: StartGuardSettings;
  /** One question to each collector on each path. */
  ask(): void;
  /** The newest word of each collector. */
  heard(): readonly HeardWord[];
  close(): void;
}

function createAsker(
  { identity, collectors, settings }: StartAsked,
  { bootId, clock, newNonce }: StartGuardOptions,
): Asker {
  const { host, keyId, key } = identity;
  const epoch = Math.floor(clock.monoMs());
  const asked = new Map<string, number>();
  const heard = new Map<string, HeardWord>();
  let sequence = 0;

  function take(bytes: Uint8Array): void {
    const ack = openAcknowledgement(key, bytes);
    if (ack?.startAnswer === undefined) return;
    const isOurs = ack.host === host && ack.keyId === keyId && ack.bootId === bootId;
    const { nonce, word, listAgeMs } = ack.startAnswer;
    const askedMs = asked.get(nonce);
    if (!isOurs || ack.probeEpoch !== epoch || askedMs === undefined) return;
    if (askedMs < (heard.get(ack.collector)?.askedMs ?? 0)) return;
    heard.set(ack.collector, { collector: ack.collector, word, askedMs, listAgeMs });
  }

  const endpoints = collectors.map((target) => ({
    path: target.path,
    endpoint: new CollectorEndpoint({
      target,
      // What cannot be sent is not answered: the console says that.
      onError: () => undefined,
      onMessage: take,
      log: silentLogger,
    }),
  }));

  return {
    host,
    settings,
    heard: () => [...heard.values()],
    ask() {
      sequence += 1;
      const nonce = newNonce();
      asked.set(nonce, clock.monoMs());
      const [oldest] = asked.keys();
      if (asked.size > noncesMax && oldest !== undefined) asked.delete(oldest);
      for (const { path, endpoint } of endpoints) {
        const question = { host, keyId, path, bootId, epoch, sequence, nonce };
        endpoint.send(signQuestion(key, question));
      }
    },
    close() {
      for (const { endpoint } of endpoints) endpoint.close();
    },
  };
}
