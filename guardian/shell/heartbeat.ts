/**
 * The dead man's switch: somebody outside (healthchecks, an Uptime Kuma push address) is told in a steady beat
 * that decisions are made, and calls people when the beat stops. It is sent only while the decision loop gets
 * on: a process that is there and decides nothing must look dead.
 */
import { readFileSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { Secret } from "../../shared/secret.ts";
import { describeMs, describeWall } from "../../shared/time.ts";
import type { GuardianConfig } from "../config.ts";
import { readSecret, type Problems } from "./build-ports.ts";
import type { ChannelLookup } from "./channel-lookup.ts";
import { secretReader } from "./channel-secrets.ts";
import { proxyOf, type Proxy } from "./proxy.ts";
import { sendHttp } from "./http-request.ts";

/** Where the beat goes. */
export interface HeartbeatTarget {
  /** Its path is the watcher's key to it, so it is never shown. */
  readonly url: Secret;
  readonly method: "GET" | "POST";
  readonly everyMs: number;
  readonly caFile: string | undefined;
  readonly proxy?: Proxy | undefined;
  readonly lookup: ChannelLookup;
}

export interface HeartbeatOptions {
  readonly target: HeartbeatTarget;
  /** When the decision loop last completed a round. */
  readonly decidedAt: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Heartbeat {
  readonly everyMs: number;
  /** One beat, or none while the decision loop stands still. Never rejects. */
  beat(): Promise<void>;
  /** As a row of `guardian notify list`. */
  show(): Readonly<Record<string, string | number>>;
}

/** A loop that has not decided for so long is not making progress. */
export const stalledMs = 10_000;
const deadlineMs = 8000;

/** The watcher's address; undefined where none is configured. */
export function readHeartbeat(
  { alerts }: GuardianConfig,
  problems: Problems,
  lookup: ChannelLookup,
): HeartbeatTarget | undefined {
  const { heartbeat } = alerts;
  if (heartbeat === undefined) return undefined;
  const { urlFile, method, every, caFile } = heartbeat;
  const url = readSecret(urlFile, "alerts.heartbeat.urlFile", problems);
  if (!/^https?:\/\//.test(url.reveal()) || !URL.canParse(url.reveal())) {
    problems.list.push(
      `alerts.heartbeat.urlFile: ${urlFile} does not hold an http or https address`,
    );
  }
  const proxy = proxyOf(secretReader("alerts.heartbeat", problems), heartbeat);
  return { url, method, everyMs: every, caFile, proxy, lookup };
}

export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { target, decidedAt, clock, log } = options;
  let sentWall: number | undefined;
  let sent = 0;
  let problem: string | undefined;

  /** Said again only when it changes. */
  function note(found: string | undefined): void {
    if (found !== undefined && found !== problem) {
      log.warn({ event: "heartbeat-missed", reason: found }, "heartbeat missed");
    }
    problem = found;
  }

  return {
    everyMs: target.everyMs,
    async beat() {
      const stoodMs = clock.monoMs() - decidedAt();
      if (stoodMs > stalledMs) {
        return note(`nothing was decided for ${describeMs(stoodMs)}, > ${describeMs(stalledMs)}`);
      }
      const failure = await send(target);
      note(failure);
      if (failure !== undefined) return;
      sent += 1;
      sentWall = clock.wallMs();
    },
    show: () => ({
      notifier: "heartbeat",
      health: problem === undefined ? "ok" : "failing",
      takes: `a beat every ${describeMs(target.everyMs)}`,
      lastDelivered: sentWall === undefined ? "" : describeWall(sentWall),
      delivered: sent,
      problem: problem ?? "",
    }),
  };
}

/** Why it did not arrive; undefined: it did. */
async function send(target: HeartbeatTarget): Promise<string | undefined> {
  const { url, method, caFile, proxy, lookup } = target;
  try {
    const ca = caFile === undefined ? undefined : readFileSync(caFile, "utf8");
    const outcome = await sendHttp({
      method,
      url: url.reveal(),
      headers: { "user-agent": "compute-guardian" },
      deadlineMs,
      tls: { verify: true, ca },
      proxy,
      lookup,
    });
    if (outcome.kind !== "answer") return outcome.reason.replaceAll(url.reveal(), "[url]");
    return outcome.status >= 200 && outcome.status < 300 ? undefined : `answered ${outcome.status}`;
  } catch (error) {
    return describeError(error).replaceAll(url.reveal(), "[url]");
  }
}
