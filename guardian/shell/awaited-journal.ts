/**
 * The journal, however long it takes to open. Without it nothing may be decided: it says who is fenced and what people
 * hold. But a guardian that ends for it would end again at each start, and nobody would hear of it: so it waits, tells
 * people by the channels themselves (told-directly.ts), and goes on as soon as the journal opens.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import type { DispatchSettings } from "../dispatch/settings.ts";
import { say } from "../dispatch/words.ts";
import type { AlertMessage, Notifier } from "../ports.ts";
import { JournalHeldError, type OpenJournal } from "./journal.ts";
import { tellDirectly } from "./told-directly.ts";

export interface AwaitedJournalOptions extends Pick<DispatchSettings, "cloud" | "language"> {
  readonly open: () => OpenJournal;
  readonly channels: readonly Notifier[];
  /** A page that stands is told again so often. */
  readonly repeatPageMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly tryEveryMs?: number;
  /** What is mended by then is told to nobody; and the first pause of a channel that fails. */
  readonly tellAfterMs?: number;
}

/**
 * The open journal; undefined when the signal came first. Throws when another guardian that runs holds it: that one
 * guards. Channels that were told hear of the end, too, beside what follows.
 */
export async function awaitJournal(
  options: AwaitedJournalOptions,
): Promise<OpenJournal | undefined> {
  const { open, clock, log, signal, tryEveryMs = 2000, tellAfterMs = 10_000 } = options;
  const tellAtMs = clock.monoMs() + tellAfterMs;
  const telling = tellDirectly({ ...options, pauseMs: tellAfterMs, messageOf: messageOf(options) });
  let said = "";
  while (!signal.aborted) {
    const { journal, reason } = tryToOpen(open);
    if (journal !== undefined) {
      void telling.end(said);
      return journal;
    }
    if (reason !== said) log.error({ event: "journal-not-open", reason }, "nothing is guarded");
    said = reason;
    if (clock.monoMs() >= tellAtMs) telling.round(reason);
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
    if (error instanceof JournalHeldError && isAnother(error.processId)) throw error;
    return { journal: undefined, reason: describeError(error) };
  }
}

/** Whether a process of that id runs that is not this one. */
function isAnother(processId: number | undefined): boolean {
  if (processId === undefined || processId === process.pid) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // It runs, as somebody else.
    return Reflect.get(Object(error), "code") === "EPERM";
  }
}

function messageOf(options: AwaitedJournalOptions) {
  const dedupKey = `guardian/${options.cloud}/guardian/journal`;
  const sinceMs = options.clock.wallMs();
  return (status: AlertMessage["status"], count: number, reason: string): AlertMessage => ({
    id: `${dedupKey}/${status}/${sinceMs}-${count}`,
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
    wallMs: options.clock.wallMs(),
  });
}
