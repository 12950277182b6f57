/** What happens to a datagram, from its bytes to ingest and to the answer, if it gets one. */
import { randomBytes } from "node:crypto";
import type { Clock } from "../shared/clock.ts";
import type { MasterKeys } from "../shared/key-files.ts";
import type { Logger } from "../shared/log.ts";
import type { CollectorId, HostName } from "../shared/names.ts";
import {
  createReplayTable,
  type Life,
  type RememberedLife,
  type ReplayTable,
} from "../shared/replay-window.ts";
import type { PeerSighting } from "../shared/telemetry.ts";
import type { ProbeSettings } from "../shared/wire-ack.ts";
import { createHostKeys, createReceiver, signAcknowledgement } from "../shared/wire-auth.ts";
import { createAcknowledger } from "./core/acknowledger.ts";
import { createIngest, type Ingest } from "./core/ingest.ts";
import { lossesOf, type PathLoss } from "./core/loss-ledger.ts";
import { createProbeSamples, hasSamples } from "./core/probe-samples.ts";
import { createRing } from "./core/ring.ts";
import { createSampleQueue, type SampleQueue } from "./core/sample-queue.ts";
import { createSightings } from "./core/sightings.ts";
import type { GuardiansFile } from "./shell/guardians-file.ts";
import { createStartGuards, type StartGuards } from "./start-guards.ts";

export interface Reception {
  readonly ingest: Ingest;
  readonly replays: ReplayTable;
  /** What probes say beside their states. */
  readonly samples: SampleQueue;
  readonly starts: StartGuards;
  /** Takes in a datagram that came from an address; the bytes to send back there, if any. */
  take(bytes: Uint8Array, from: string): Uint8Array | undefined;
  /** What peers say of hosts whose own reports do not come. */
  sightingsOfQuiet(): readonly PeerSighting[];
  losses(): readonly PathLoss[];
  /** From now on these are the keys; what was heard under others stays heard. */
  useMasters(masters: MasterKeys): void;
}

export interface ReceptionOptions {
  readonly collector: CollectorId;
  readonly epoch: number;
  readonly masters: MasterKeys;
  readonly restored: readonly RememberedLife[];
  readonly revokedHosts: readonly string[];
  readonly serversMax: number;
  readonly acknowledgeEvery: number;
  readonly inherited: number;
  readonly settings: () => ProbeSettings | undefined;
  /** Who told it of fenced hosts before this start; undefined: nothing is kept over a restart. */
  readonly guardians: GuardiansFile | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Probes' samples that may wait for the store: half an hour of a hundred hosts. */
const samplesMax = 100_000;

/** Reports come every second: before the guardian wonders, peers' words are there. */
const quietForMs = 3000;

export function createReception(options: ReceptionOptions): Reception {
  const { collector, epoch, clock, serversMax, guardians, log } = options;
  const startedMs = clock.monoMs();
  let keys = createHostKeys(options.masters);
  const replays = createReplayTable({
    restored: options.restored,
    newNonce: () => randomBytes(8).toString("hex"),
    onConfirmed: (life, before) => sayConfirmed(life, before, log),
  });
  const revokedHosts = new Set(options.revokedHosts);
  let receiver = createReceiver({ keys, replays, revokedHosts });
  const windows = replays.windows;
  const ingest = createIngest({
    collector,
    epoch,
    serversMax,
    inherited: options.inherited,
    windows,
  });
  const ring = createRing();
  const samples = createSampleQueue(samplesMax);
  const probeSamples = createProbeSamples();
  const sightings = createSightings({ collector, epoch });
  const acknowledger = createAcknowledger({
    collector,
    epoch,
    every: options.acknowledgeEvery,
    settings: options.settings,
    peersOf: (host) => ring.peersOf(host, clock.monoMs()),
  });
  const starts = createStartGuards({ collector, epoch, revokedHosts, guardians, startedMs, log });

  return {
    ingest,
    replays,
    samples,
    starts,
    sightingsOfQuiet() {
      const nowMs = clock.monoMs();
      const heard = new Set<HostName>();
      for (const { host, arrivalMs } of ingest.live()) {
        if (nowMs - arrivalMs < quietForMs) heard.add(host);
      }
      return sightings.about((host) => !heard.has(host), nowMs);
    },
    take(bytes, from) {
      const nowMs = clock.monoMs();
      const received = receiver.receive(bytes, nowMs - startedMs);
      if (received.kind === "refused" && received.reason === "magic") {
        const answer = starts.answer(bytes, keys, nowMs);
        if (answer !== undefined) return answer;
      }
      ingest.take(received, nowMs);
      starts.note(received);
      if (hasSamples(received)) {
        sightings.take(received, nowMs);
        for (const sample of probeSamples.take(received, clock.wallMs())) samples.take(sample);
      }
      const ack = acknowledger.answerTo(received);
      if (ack === undefined) return undefined;
      // Who may be a recording is nobody's witness, and a recording may come from anywhere.
      if (ack.nonce === "") ring.note(ack.host, ack.path, from, nowMs);
      const key = keys.find(ack.keyId, ack.host);
      return key === undefined ? undefined : signAcknowledgement(key, ack);
    },
    losses: () => lossesOf(windows()),
    useMasters(masters) {
      keys = createHostKeys(masters);
      receiver = createReceiver({ keys, replays, revokedHosts });
    },
  };
}

/** A new boot of a host is an event; a new run of its probe is one, too. */
function sayConfirmed(life: Life, before: Life | undefined, log: Logger): void {
  const { host, bootId, probeEpoch } = life;
  const fields = { host, bootId, probeEpoch, formerBootId: before?.bootId };
  if (before === undefined) log.info({ event: "host-heard", ...fields }, "first heard of a host");
  else if (before.bootId === bootId)
    log.info({ event: "probe-started", ...fields }, "probe started");
  else log.warn({ event: "host-booted", ...fields }, "the host has booted");
}
