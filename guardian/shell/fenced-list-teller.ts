/**
 * Tells every collector which hosts are fenced: the whole list, at once when it changed and every two seconds else. A
 * collector that does not take it is tried again; its start guards hear "not known" meanwhile, and wait.
 */
import type { Clock } from "../../shared/clock.ts";
import { fencedListEveryMs, fencedListPath, type FencedList } from "../../shared/fenced-list.ts";
import type { Logger } from "../../shared/log.ts";
import { runLoop } from "../../shared/loop.ts";
import type { Secret } from "../../shared/secret.ts";
import { fencedHostsOf, type FencedHostNames } from "../fenced-list.ts";
import type { GuardianState } from "../core/state.ts";
import { sendHttp } from "./http-request.ts";

/** A collector with a live view: the list goes to the same port, under the same token. */
export interface ToldCollector {
  readonly id: string;
  readonly url: string;
  readonly token: Secret;
}

const lookEveryMs = 250;
const deadlineMs = 1500;

/** Until the signal; never rejects. */
export async function tellFenced(options: {
  readonly guardianId: string;
  /** When its journal began. */
  readonly journalBegan: number;
  readonly collectors: readonly ToldCollector[];
  readonly state: () => GuardianState;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { guardianId, journalBegan, state, clock, log, signal } = options;
  const newest = createVersions();
  await Promise.all(
    options.collectors.map(async (collector) => {
      let [sentAt, sentVersion] = [Number.NEGATIVE_INFINITY, 0];
      let wasTaken: boolean | undefined;
      await runLoop(clock, lookEveryMs, signal, async () => {
        const now = state();
        const list = newest(fencedHostsOf(now));
        if (list === undefined) return;
        const isDue = clock.monoMs() - sentAt >= fencedListEveryMs;
        if (list.version === sentVersion && !isDue) return;
        [sentAt, sentVersion] = [clock.monoMs(), list.version];
        const speaker = { guardian: guardianId, journal: journalBegan, epoch: now.epoch };
        const refused = await send(collector, { ...speaker, ...list });
        // Told when it begins and when it ends: the words of a failure differ from one to the next.
        const isTaken = refused === undefined;
        if (isTaken === wasTaken) return;
        wasTaken = isTaken;
        const fields = { event: "fenced-list", collector: collector.id };
        if (isTaken) log.info(fields, "the collector knows who is fenced");
        else log.warn({ ...fields, reason: refused }, "the collector does not know who is fenced");
      });
    }),
  );
}

type VersionedHosts = FencedHostNames & Pick<FencedList, "version">;

/** Counts changes, for all collectors alike. */
function createVersions(): (hosts: FencedHostNames | undefined) => VersionedHosts | undefined {
  let newest: VersionedHosts | undefined;
  return (hosts) => {
    if (hosts === undefined) return undefined;
    const text = (one: FencedHostNames): string => JSON.stringify([one.fenced, one.unknown]);
    if (newest === undefined || text(newest) !== text(hosts)) {
      newest = { ...hosts, version: (newest?.version ?? 0) + 1 };
    }
    return newest;
  };
}

/** Why it was not taken; undefined when it was. */
async function send({ url, token }: ToldCollector, list: FencedList): Promise<string | undefined> {
  const outcome = await sendHttp({
    method: "PUT",
    url: new URL(fencedListPath, url).href,
    headers: {
      authorization: `Bearer ${token.reveal()}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(list),
    deadlineMs,
    answerBytesMax: 10_000,
  });
  if (outcome.kind !== "answer") return outcome.reason;
  if (outcome.status === 204) return undefined;
  if (outcome.status === 405) return "it is of an earlier release, which has no start guards";
  return `answered ${outcome.status}: ${outcome.body.slice(0, 300)}`;
}
