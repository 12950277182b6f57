/** What this collector has to do with the start guards of hosts: their questions, the guardian's list, what they came to. */
import type { FencedList } from "../shared/fenced-list.ts";
import type { Logger } from "../shared/log.ts";
import type { CollectorId, HostName } from "../shared/names.ts";
import {
  openQuestion,
  signAcknowledgement,
  type HostKeys,
  type Received,
} from "../shared/wire-auth.ts";
import { isQuestion, type StartQuestion, type StartWord } from "../shared/wire-question.ts";
import { answerToQuestion } from "./core/acknowledger.ts";
import { createFencedHosts, type FencedHosts } from "./core/fenced-hosts.ts";
import type { GuardiansFile } from "./shell/guardians-file.ts";

/** Boots of one host that are remembered as asking. */
const bootsMax = 16;

export interface StartGuards {
  /** What the guardian says of fenced hosts. */
  readonly fenced: FencedHosts;
  /** Takes a guardian's list, and notes for the next start who has spoken; why not, when it is refused. */
  takeList(
    list: FencedList,
    at: { readonly nowMs: number; readonly wallMs: number },
  ): string | undefined;
  /** The bytes to send back; undefined when this is no authentic question of a host that may ask. */
  answer(bytes: Uint8Array, keys: HostKeys, nowMs: number): Uint8Array | undefined;
  /** Authentic questions, by the word that they got. */
  questions(): ReadonlyMap<StartWord, number>;
  /** Says what a host's start guard came to, once. */
  note(received: Received): void;
}

export function createStartGuards(options: {
  readonly collector: CollectorId;
  readonly epoch: number;
  readonly revokedHosts: ReadonlySet<string>;
  /** Undefined: nothing is kept over a restart. */
  readonly guardians: GuardiansFile | undefined;
  readonly startedMs: number;
  readonly log: Logger;
}): StartGuards {
  const { collector, epoch, revokedHosts, guardians, log } = options;
  const fenced = createFencedHosts(guardians?.before, options.startedMs);
  const sayList = createListLog(log);
  const questions = new Map<StartWord, number>();
  /** As bounded as the hosts whose reports are taken. */
  const said = new Map<HostName, { readonly bootId: string; readonly startGuard: string }>();
  /** When each host began to ask in each of its boots: a recording of an earlier one's does not count for this one. */
  const began = new Map<HostName, Map<string, number>>();
  const firstAskedMs = ({ host, bootId }: StartQuestion, nowMs: number): number => {
    const boots = began.get(host) ?? new Map<string, number>();
    began.set(host, boots);
    const first = boots.get(bootId) ?? nowMs;
    boots.set(bootId, first);
    const [oldest] = boots.keys();
    if (boots.size > bootsMax && oldest !== undefined) boots.delete(oldest);
    return first;
  };
  return {
    fenced,
    takeList(list, { nowMs, wallMs }) {
      const refused = fenced.take(list, nowMs);
      guardians?.note(fenced.guardians(nowMs), wallMs);
      sayList(list, refused);
      return refused;
    },
    questions: () => questions,
    answer(bytes, keys, nowMs) {
      if (!isQuestion(bytes)) return undefined;
      // Nothing is remembered of it but when the first of its boot came: a recording of one gets its old nonce back, and no start guard takes that.
      const opened = openQuestion(keys, bytes);
      if (opened === undefined || revokedHosts.has(opened.question.host)) return undefined;
      const { question, key } = opened;
      const askedMs = firstAskedMs(question, nowMs);
      const answer = fenced.wordFor(question.host, nowMs, askedMs);
      questions.set(answer.word, (questions.get(answer.word) ?? 0) + 1);
      return signAcknowledgement(key, answerToQuestion(question, answer, { collector, epoch }));
    },
    note(received) {
      if (received.kind === "refused" || !received.life.confirmed) return;
      const startGuard = received.report.liveness?.startGuard;
      if (startGuard === undefined) return;
      const { host, bootId } = received.life;
      const last = said.get(host);
      if (last?.startGuard === startGuard && last.bootId === bootId) return;
      said.set(host, { bootId, startGuard });
      const fields = { event: "start-guard", host, bootId, startGuard };
      const isDoubtful = startGuard === "without-word" || startGuard === "overridden";
      if (isDoubtful) log.warn(fields, "the host started its servers without our word");
      else log.info(fields, "start guard of a host");
    },
  };
}

/** Changes are told in the log; that it came again as it was is not. */
function createListLog(log: Logger): (list: FencedList, refused: string | undefined) => void {
  let said = "";
  return ({ guardian, epoch, version, fenced }, refused) => {
    const saying = refused ?? `${guardian} ${epoch} ${version}`;
    if (saying === said) return;
    said = saying;
    const fields = { event: "fenced-list", guardian, epoch, version, fenced: fenced.length };
    if (refused === undefined) log.info(fields, "the guardian says who is fenced");
    else log.warn({ ...fields, refused }, "a list of fenced hosts is refused");
  };
}
