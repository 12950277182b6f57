/** What people ask about alerts and channels: silences, acknowledgements, a test of a channel. */
import { describeWall } from "../../shared/time.ts";
import type { AlertClass, Silence } from "../dispatch/model.ts";
import { silenceProblem } from "../dispatch/silences.ts";
import { say } from "../dispatch/words.ts";
import type { AlertMessage, Delivery } from "../ports.ts";
import { problem, type Reply } from "../api/route.ts";
import { acknowledge, needsReason, readUntil, type Asked } from "./control-verbs.ts";

/** Limit of each of the two messages of a test: the command line waits for 10 s. */
const testDeadlineMs = 4000;

/** The first parts of paths below /api/v1 that are answered here. */
export const notifyPaths: readonly string[] = ["notify", "silences", "alerts"];

/** Answers one of them. */
export async function performNotify(asked: Asked): Promise<Reply> {
  const [kind, id = "", verb] = asked.parts;
  if (kind === "notify" && verb === "test") return testChannel(asked, id);
  if (kind === "silences" && id === "") return addSilence(asked);
  if (kind === "silences" && verb === "end") return endSilence(asked, id);
  if (kind === "alerts" && verb === "ack") return acknowledgeAlert(asked, id);
  return problem(404, `no such path: /api/v1/${asked.parts.join("/")}`);
}

/** A page that begins and ends, past every rule; with what the provider answered to each. */
async function testChannel(asked: Asked, channel: string): Promise<Reply> {
  const { outbox, by } = asked;
  const known = [...outbox.state().settings.channels.keys()];
  if (!known.includes(channel)) {
    const names = known.join(", ") || "none is configured";
    return problem(404, `no such channel: ${channel}; known: ${names}`);
  }
  const answers: Record<string, string> = {};
  for (const status of ["firing", "resolved"] as const) {
    const message = testMessage(asked, channel, status);
    const delivery = await outbox.test(channel, message, testDeadlineMs);
    answers[status] = delivery === undefined ? "not sent" : answerOf(delivery);
  }
  const done = Object.values(answers).every((text) => text.startsWith("delivered"));
  return { status: 200, body: { done, by, channel, ...answers } };
}

function answerOf(delivery: Delivery): string {
  if (delivery.kind === "delivered") {
    return delivery.answer === undefined ? "delivered" : `delivered: ${delivery.answer}`;
  }
  return delivery.retryable ? `${delivery.reason} (may pass)` : delivery.reason;
}

function testMessage(asked: Asked, channel: string, status: AlertMessage["status"]): AlertMessage {
  const { by, wall } = asked;
  const { settings } = asked.outbox.state();
  const dedupKey = `guardian/${settings.cloud}/guardian/test-${channel}`;
  return {
    id: `${dedupKey}/${status}/${wall}`,
    dedupKey,
    class: "page",
    status,
    host: undefined,
    incident: undefined,
    kind: "test",
    title: say(settings, "test.title", { channel, by }),
    why: [say(settings, "test.why", { channel })],
    impact: say(settings, "test.impact"),
    next: say(settings, "test.next"),
    wallMs: wall,
  };
}

const classes: readonly AlertClass[] = ["page", "notification", "ticket", "log"];

function addSilence(asked: Asked): Reply {
  const { wall, by, field, outbox } = asked;
  const missing = needsReason(asked, "silence");
  if (missing !== undefined) return missing;
  const alertClass = classes.find((known) => known === field("class"));
  if (field("class") !== "" && alertClass === undefined) {
    return problem(400, `class "${field("class")}" is none of ${classes.join(", ")}`);
  }
  const until = readUntil(field("until"), wall);
  if (until.kind === "bad") return problem(400, until.reason);
  if (until.untilWall === undefined) return problem(400, "a silence needs an end, such as 2h");
  const [host, kind, domain] = ["host", "kind", "domain"].map(field);
  const silence: Silence = {
    id: freeId(outbox.state().silences, wall),
    match: {
      ...(host ? { host } : {}),
      ...(kind ? { kind } : {}),
      ...(domain ? { domain } : {}),
      ...(alertClass === undefined ? {} : { class: alertClass }),
    },
    reason: field("reason"),
    owner: field("owner") || by,
    by,
    fromWall: wall,
    untilWall: until.untilWall,
  };
  const wrong = silenceProblem(silence);
  if (wrong !== undefined) return problem(400, wrong);
  outbox.tell({ kind: "silence-set", silence });
  const end = describeWall(silence.untilWall);
  const note =
    "pages about the guardian itself, storms and quarantined hosts are told all the same";
  return { status: 200, body: { done: true, by, id: silence.id, until: end, note } };
}

/** Short enough to type. */
function freeId(silences: ReadonlyMap<string, Silence>, wall: number): string {
  for (let n = Math.floor(wall / 1000); ; n += 1) {
    const id = `s${n.toString(36)}`;
    if (!silences.has(id)) return id;
  }
}

function endSilence(asked: Asked, id: string): Reply {
  const { outbox, by, field } = asked;
  const missing = needsReason(asked, "silence end");
  if (missing !== undefined) return missing;
  if (!outbox.state().silences.has(id)) {
    return problem(404, `no silence ${id} is in force; see: guardian silence list`);
  }
  outbox.tell({ kind: "silence-ended", id, by, reason: field("reason") });
  return { status: 200, body: { done: true, by, id } };
}

/**
 * The core knows acknowledgements of hosts. It is told where nothing else that was told of the host is
 * open: otherwise it would stop repeating pages that nobody has taken note of.
 */
function acknowledgeAlert(asked: Asked, key: string): Reply {
  const { outbox, by, field } = asked;
  const missing = needsReason(asked, "alert ack");
  if (missing !== undefined) return missing;
  const { alerts } = outbox.state();
  const tracked = alerts.get(key);
  if (tracked?.message.status !== "firing") {
    return problem(404, `no alert ${key} fires; see: guardian alert list`);
  }
  const { host } = tracked.message;
  const others = [...alerts.values()].filter(
    ({ message, ack }) =>
      message.host === host &&
      message.dedupKey !== key &&
      message.class === "page" &&
      message.status === "firing" &&
      ack === undefined,
  );
  const reason = field("reason");
  const alone = tracked.own || others.length > 0;
  if (!alone) acknowledge(asked, host);
  outbox.tell({ kind: "acknowledged", host, key, by, reason, ...(alone ? { alone } : {}) });
  const open = others.map(({ message }) => message.dedupKey);
  return { status: 200, body: { done: true, by, key, stillOpen: open } };
}
