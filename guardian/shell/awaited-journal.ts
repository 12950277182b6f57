/**
 * The journal, however long it takes to open. Without it nothing may be decided: it says who is fenced and what people
 * hold. But a guardian that ends for it would end again at each start, and nobody would hear of it: so it waits, tells
 * people by the channels themselves, and goes on as soon as the journal opens.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import { say } from "../dispatch/words.ts";
import type { DispatchSettings } from "../dispatch/settings.ts";
import type { AlertMessage, Notifier } from "../ports.ts";
import { JournalHeldError, type OpenJournal } from "./journal.ts";
import { sendOnce } from "./outbox.ts";

export interface AwaitedJournalOptions extends Pick<DispatchSettings, "cloud" | "language"> {
  readonly open: () => OpenJournal;
  readonly channels: readonly Notifier[];
  /** A page that stands is told again so often. */
  readonly repeatPageMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly tryEveryMs?: number;
  /** What is mended by then is told to nobody. */
  readonly tellAfterMs?: number;
}

/** Of one message on one channel. */
const sendDeadlineMs = 10_000;

/** The open journal; undefined when the signal came first. Throws when another guardian holds it: that one guards. */
export async function awaitJournal(
  options: AwaitedJournalOptions,
): Promise<OpenJournal | undefined> {
  const { open, clock, log, signal, tryEveryMs = 2000, tellAfterMs = 10_000 } = options;
  const sinceMs = clock.monoMs();
  let said = "";
  let told = 0;
  let tellAtMs = sinceMs + tellAfterMs;
  while (!signal.aborted) {
    const { journal, reason } = tryToOpen(open);
    if (journal !== undefined) {
      if (told > 0) await tell(options, "resolved", told, said);
      return journal;
    }
    if (reason !== said) log.error({ event: "journal-not-open", reason }, "nothing is guarded");
    said = reason;
    if (clock.monoMs() >= tellAtMs) {
      const isHeard = await tell(options, "firing", told, reason);
      if (isHeard) told += 1;
      tellAtMs = clock.monoMs() + (isHeard ? options.repeatPageMs : tellAfterMs);
    }
    await sleep(tryEveryMs, signal);
  }
  return undefined;
}

type Tried =
  | { readonly journal: OpenJournal; readonly reason: "" }
  | { readonly journal: undefined; readonly reason: string };

function tryToOpen(open: () => OpenJournal): Tried {
  try {
    return { journal: open(), reason: "" };
  } catch (error) {
    if (error instanceof JournalHeldError) throw error;
    return { journal: undefined, reason: describeError(error) };
  }
}

/** By every channel at once; whether one of them took it. */
async function tell(
  options: AwaitedJournalOptions,
  status: AlertMessage["status"],
  count: number,
  reason: string,
): Promise<boolean> {
  const { channels, clock, log, cloud } = options;
  const dedupKey = `guardian/${cloud}/guardian/journal`;
  const wallMs = clock.wallMs();
  const message: AlertMessage = {
    id: `${dedupKey}/${status}/${wallMs}-${count}`,
    dedupKey,
    class: "page",
    status,
    host: undefined,
    incident: undefined,
    kind: "journal",
    title: say(options, "journal.title"),
    why: [reason],
    impact: say(options, "journal.impact"),
    next: say(options, "journal.next"),
    wallMs,
  };
  const outcomes = await Promise.all(
    channels.map(async (channel) => {
      const delivery = await sendOnce(channel, message, sendDeadlineMs);
      if (delivery.kind === "delivered") return true;
      const fields = { event: "journal-not-told", channel: channel.name, reason: delivery.reason };
      log.error(fields, "a channel does not take it");
      return false;
    }),
  );
  return outcomes.includes(true);
}
