/** What happens to the web page, one message after the other: what is asked of people, sent, kept and forgotten. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { arm, incidentActions, serverActions, type Action } from "../../guardian/page/actions.ts";
import { intentOf } from "../../guardian/page/keys.ts";
import type { Message } from "../../guardian/page/messages.ts";
import { due, needs, paths } from "../../guardian/page/needs.ts";
import { textOf } from "../../guardian/page/node.ts";
import { type PageState } from "../../guardian/page/state.ts";
import { cutStream } from "../../guardian/page/stream.ts";
import { update, type Updated } from "../../guardian/page/update.ts";
import { view } from "../../guardian/page/view.ts";
import { explained, hostLine, pageState } from "../support/page-state.ts";

const english = { language: "en" } as const;

function told(state: PageState, ...messages: readonly Message[]): Updated {
  let result: Updated = { state, orders: [] };
  for (const message of messages) result = update(result.state, message);
  return result;
}

function problemOf({ state }: Updated): string {
  return state.asking?.problem ?? "";
}

test("an action is asked about first: without a reason, or under another name, nothing is sent", () => {
  const action = arm("demo");
  const asking = told(pageState(), { kind: "ask", action });
  assert.deepEqual(asking.orders, []);
  assert.match(textOf(view(asking.state)), /Type demo to confirm/);
  const answer = (fields: Readonly<Record<string, string>>): Updated =>
    told(asking.state, { kind: "answer", fields });
  assert.match(problemOf(answer({ reason: " ", again: "demo" })), /reason is needed/);
  assert.match(problemOf(answer({ reason: "mended", again: "prod" })), /That is not demo/);
  assert.deepEqual(answer({ reason: " ", again: "demo" }).orders, []);
  const sent = answer({ reason: " mended ", again: "demo" });
  // The API is not told what was typed to confirm, where it does not ask for that.
  assert.deepEqual(sent.orders, [{ kind: "send", action, body: { reason: "mended" } }]);
  // A second Enter sends nothing.
  assert.deepEqual(
    told(sent.state, { kind: "answer", fields: { reason: "a", again: "demo" } }).orders,
    [],
  );
  const refused = told(sent.state, {
    kind: "done",
    action,
    status: 403,
    body: { detail: "needs admin" },
  });
  assert.match(problemOf(refused), /needs admin/);
  const done = told(sent.state, { kind: "done", action, status: 200, body: { done: true } });
  assert.equal(done.state.asking, undefined);
  assert.deepEqual(done.orders, [{ kind: "look", anew: false }]);
  assert.equal(told(asking.state, { kind: "cancel" }).state.asking, undefined);
});

test("a console's link is one of the web's; anything else is no link", () => {
  const action = serverActions("id", "vm", "ACTIVE").find(({ verb }) => verb === "server.console");
  assert.ok(action !== undefined);
  const linkOf = (url: string): string =>
    told(pageState(), { kind: "done", action, status: 200, body: { url } }).state.notice?.link ??
    "-";
  assert.equal(linkOf("https://nova.example/console?x=1"), "https://nova.example/console?x=1");
  assert.equal(linkOf("javascript:alert(1)"), "");
});

test("what a server can be asked follows its state; approving asks for the host's name", () => {
  const verbs = (state: string): string =>
    serverActions("id", "vm", state)
      .map(({ verb }) => verb.replace("server.", ""))
      .join(" ");
  assert.match(verbs("ACTIVE"), /^stop pause suspend reboot lock unlock live-migrate console$/);
  assert.equal(verbs("SHUTOFF"), "start lock unlock");
  assert.equal(verbs("PAUSED"), "unpause lock unlock");
  const again = incidentActions("i1-c", "c").map(({ verb, again: typed }) => `${verb} ${typed}`);
  assert.deepEqual(again, ["approve c", "hold ", "dismiss c", "ack "]);
});

test("a token that is refused is forgotten, with all that was shown under it", () => {
  const state = pageState({ [paths.hosts]: [hostLine("c-1")] });
  const { state: out, orders } = told(state, {
    kind: "missed",
    path: paths.hosts,
    status: 401,
    problem: "this token is not known",
  });
  assert.deepEqual(
    [out.token, out.known.size, out.loginProblem],
    ["", 0, "this token is not known"],
  );
  assert.deepEqual(orders, [{ kind: "keep", where: "session", name: "token", value: "" }]);
  assert.match(textOf(view(out)), /Log in.*this token is not known/);
  assert.deepEqual(needs(out), []);
  const empty = told(out, { kind: "log-in", fields: { token: "  " } });
  assert.equal(empty.state.loginProblem, "A token is needed.");
  assert.equal(told(out, { kind: "log-in", fields: { token: " gdn_y " } }).state.token, "gdn_y");
});

test("a failed look keeps what was known and says why; what is gone is not shown any more", () => {
  const route = { kind: "host", host: "c-1" } as const;
  const path = paths.host(english, "c-1");
  const state = pageState({ [path]: explained("c-1") }, { route });
  const missed = (code: number): string =>
    textOf(view(told(state, { kind: "missed", path, status: code, problem: "no answer" }).state));
  assert.match(missed(0), /it reports/);
  assert.match(missed(404), /no answer/);
  assert.doesNotMatch(missed(404), /it reports/);
});

test("what is looked up is due by its age, sooner when something happened, never in between", () => {
  const state = pageState();
  const asked = new Map(needs(state).map(({ path }) => [path, 1000]));
  const paths_ = (nowMs: number, isUrgent: boolean): readonly string[] =>
    due(state, asked, nowMs, isUrgent).map(({ path }) => path);
  assert.deepEqual(paths_(1300, true), []);
  assert.deepEqual(paths_(1500, true), [paths.status(english), paths.incidents(english)]);
  assert.deepEqual(paths_(1500, false), []);
  // Hosts come by events: their list is not asked for with each of them.
  assert.ok(!paths_(30_000, true).includes(paths.hosts));
  assert.ok(paths_(61_000, false).includes(paths.hosts));
  assert.ok(!needs(state).some(({ path }) => path === paths.demo), "no demo, no demo route");
});

test("events are cut into frames wherever the network cut them", () => {
  const text =
    'retry: 2000\nid: 7-1\nevent: hello\ndata: {}\n\n: alive\n\nid: 7-2\nevent: line\ndata: {"text":"a\\nb"}\n\nid: 7-3\nev';
  for (let cut = 0; cut <= text.length; cut += 1) {
    const first = cutStream(text.slice(0, cut));
    const second = cutStream(first.rest + text.slice(cut));
    const events = [...first.events, ...second.events];
    assert.deepEqual(
      events.map(({ id, kind }) => `${id} ${kind}`),
      ["7-1 hello", "7-2 line"],
    );
    assert.equal(events[1]?.data["text"], "a\nb");
    assert.equal(second.rest, "id: 7-3\nev");
  }
});

test("keys: / searches, j and k step, Esc goes back; not while somebody types or is asked", () => {
  const press = (key: string, changes: object = {}): string =>
    intentOf({ key, isChord: false, isTyping: false, isAsking: false, ...changes });
  assert.deepEqual(
    ["/", "j", "k", "ArrowDown", "Escape", "x"].map((key) => press(key)),
    ["search", "next", "previous", "next", "back", "none"],
  );
  assert.equal(press("j", { isTyping: true }), "none");
  assert.equal(press("Escape", { isTyping: true }), "back");
  assert.equal(press("Escape", { isAsking: true }), "none");
  assert.equal(press("j", { isChord: true }), "none");
});

test("what the demo alone can do is not offered elsewhere", () => {
  const answers = { [paths.hosts]: [hostLine("c-1")], [paths.demo]: { faults: [], broken: [] } };
  assert.match(textOf(view(pageState(answers, { isDemo: true }))), /Break something/);
  assert.doesNotMatch(textOf(view(pageState(answers))), /Break something/);
  const broken: Action = { ...arm("x"), fixed: { fault: "glitch", reason: "tried out" } };
  assert.deepEqual(told(pageState(), { kind: "ask", action: broken }).orders, [
    { kind: "send", action: broken, body: broken.fixed },
  ]);
});

test("a host that changed comes as an event: its line alone is another, and one that has gone is gone", () => {
  const lines = [hostLine("c-1"), hostLine("c-2")];
  const heard = (data: object, kind = "host"): Updated =>
    told(pageState({ [paths.hosts]: lines }), {
      kind: "heard",
      events: [{ id: "1-1", kind, data: { ...data } }],
      nowMs: 5,
    });
  const shown = ({ state }: Updated): unknown => state.known.get(paths.hosts)?.value;
  const dead = hostLine("c-2", { verdict: "dead" });
  assert.deepEqual(shown(heard(dead)), [lines[0], dead]);
  assert.equal((shown(heard(dead)) as readonly unknown[])[0], lines[0]);
  assert.deepEqual(shown(heard({ host: "c-1", verdict: "gone" })), [lines[1]]);
  assert.deepEqual(shown(heard(hostLine("c-3"))), [...lines, hostLine("c-3")]);
  // Of two events at once the newer counts.
  const both = [hostLine("c-2", { verdict: "silent" }), dead].map((line, at) => {
    return { id: `1-${at}`, kind: "host", data: { ...line } };
  });
  const twice = told(pageState({ [paths.hosts]: lines }), {
    kind: "heard",
    events: both,
    nowMs: 5,
  });
  assert.deepEqual(shown(twice), [lines[0], dead]);
  assert.deepEqual(heard(dead).orders, [], "a storm of events asks for nothing");
  assert.deepEqual(heard(dead).state.events, []);
  // Where something was missed, everything is looked at anew.
  assert.deepEqual(heard({}, "gap").orders, [{ kind: "look", anew: true }]);
  assert.equal(heard({}, "line").state.heardMs, 5);
});

test("what is looked at again and again stays known, however many hosts were looked at in between", () => {
  const got = (path: string): Message => ({ kind: "got", path, value: [], nowMs: 1 });
  const visits = Array.from({ length: 200 }, (_, at) => [got(paths.hosts), got(`hosts/c-${at}`)]);
  const { state } = told(pageState(), ...visits.flat());
  assert.ok(state.known.has(paths.hosts) && state.known.has("hosts/c-199"));
  assert.ok(state.known.size <= 60, `${state.known.size} answers are kept`);
});
