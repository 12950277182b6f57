/**
 * What to answer to a report: a life that is not confirmed gets a nonce with each of its reports,
 * every other one of so many on each path an acknowledgement.
 */
import type { CollectorId, HostName } from "../../shared/names.ts";
import type { Acknowledgement, ProbeSettings, RingPeer } from "../../shared/wire-ack.ts";
import { windowOf } from "../../shared/replay-window.ts";
import type { Received } from "../../shared/wire-auth.ts";
import type { StartAnswer, StartQuestion } from "../../shared/wire-question.ts";

export interface Acknowledger {
  /** What to send back to where it came from; undefined: nothing. */
  answerTo(received: Received): Acknowledgement | undefined;
}

export function createAcknowledger(options: {
  readonly collector: CollectorId;
  readonly epoch: number;
  /** One of so many is answered. */
  readonly every: number;
  readonly settings: () => ProbeSettings | undefined;
  readonly peersOf: (host: HostName) => readonly RingPeer[];
}): Acknowledger {
  const { collector, epoch, every, settings, peersOf } = options;
  return {
    answerTo(received) {
      if (received.kind === "refused") return undefined;
      const { life, report } = received;
      const { keyId, path, host, bootId, probeEpoch, sequence } = report.header;
      const count = windowOf(life, path)?.received ?? 0;
      const isAsked = !life.confirmed && report.liveness !== undefined;
      if (!isAsked && count % every !== 0) return undefined;
      return {
        keyId,
        path,
        host,
        bootId,
        probeEpoch,
        sequence,
        collector,
        collectorEpoch: epoch,
        nonce: life.confirmed ? "" : life.nonce,
        received: count,
        every,
        settings: settings(),
        peers: peersOf(host),
      };
    },
  };
}

/** The word that a start guard gets, bound to its question. */
export function answerToQuestion(
  { keyId, path, host, bootId, epoch, sequence, nonce }: StartQuestion,
  said: Omit<StartAnswer, "nonce">,
  by: { readonly collector: CollectorId; readonly epoch: number },
): Acknowledgement {
  return {
    keyId,
    path,
    host,
    bootId,
    probeEpoch: epoch,
    sequence,
    collector: by.collector,
    collectorEpoch: by.epoch,
    // It is no life that could be confirmed, nothing of it was received, and nothing is set.
    nonce: "",
    received: 0,
    every: 1,
    settings: undefined,
    peers: [],
    startAnswer: { nonce, ...said },
  };
}
