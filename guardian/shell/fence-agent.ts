/**
 * Power through a fence agent of ClusterLabs. Everything goes in as key=value lines on its standard
 * input, secrets too; its arguments stay empty. Each call is a child of its own with a deadline, killed
 * with all that it started. One call at a time: many outlets allow one login. An order that has waited for
 * its turn too long is not given any more: the host may have come back, or be evacuated by now.
 *
 * Agents end `status` with 0 for on and 2 for off. But 2 is also how Python ends when it cannot open
 * a script, and how shells end on a wrong call: only 2 together with the words "Status: OFF" is off.
 * An agent shows nothing of whose power it switches, so the device has no identity.
 */
import type { Secret } from "../../shared/secret.ts";
import type {
  Objection,
  PowerController,
  PowerOffAnswer,
  PowerOnAnswer,
  PowerReading,
} from "../ports.ts";
import { runChild, type ChildResult } from "./child.ts";
import { identityProblem, noIdentity } from "./power-identity.ts";

export interface FenceAgentOptions {
  /** "fence_apc_snmp", or an absolute path. */
  readonly agent: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, Secret>>;
  /** An agent waits until the power is off, which may take longer than a reading. */
  readonly offDeadlineMs: number;
  /** Names that the agent knows, of its own patience among others. */
  readonly known: ReadonlySet<string>;
}

/** An agent's own patience, set so that it ends with words before it is killed. */
const patience = ["login_timeout", "shell_timeout", "power_timeout"] as const;

/** An order waits for a reading under way and for the one behind it, each killed at its deadline. */
const waitFor = (deadlineMs: number): number => 2 * deadlineMs;

export function createFenceAgent(options: FenceAgentOptions): PowerController {
  const name = describeAgent(options);
  let last: Promise<unknown> = Promise.resolve();

  const call = (
    action: "status" | "off" | "on",
    deadlineMs: number,
    waitMsMax = Infinity,
    objection?: Objection,
  ): Promise<ChildResult | NotSent> => {
    const askedMs = performance.now();
    const begin = async (): Promise<ChildResult | NotSent> => {
      const waitedMs = performance.now() - askedMs;
      if (waitedMs > waitMsMax) return { kind: "not-sent", why: tooLate(waitedMs, waitMsMax) };
      const why = objection?.();
      if (why !== undefined) return { kind: "not-sent", why };
      return runChild({
        command: options.agent,
        args: [],
        deadlineMs,
        ownGroup: true,
        stdin: agentInput(options, action, deadlineMs),
      });
    };
    const next = last.then(begin);
    // runChild never throws: the next call does not wait for more than this one's deadline.
    last = next;
    return next;
  };

  return {
    name,
    async read(deadlineMs) {
      return readingOf(name, await call("status", deadlineMs), deadlineMs, options);
    },
    async powerOff(expected, deadlineMs, objection) {
      const problem = identityProblem(expected, noIdentity);
      if (problem !== undefined) return { kind: "refused", reason: `${name}: ${problem}` };
      const offMs = Math.max(deadlineMs, options.offDeadlineMs);
      return answerOf(
        name,
        await call("off", offMs, waitFor(deadlineMs), objection),
        offMs,
        options,
      );
    },
    async powerOn(expected, deadlineMs) {
      const problem = identityProblem(expected, noIdentity);
      if (problem !== undefined) return { kind: "refused", reason: `${name}: ${problem}` };
      // An agent waits until the power is on, too.
      const onMs = Math.max(deadlineMs, options.offDeadlineMs);
      return answerToOn(name, await call("on", onMs, waitFor(deadlineMs)), onMs, options);
    },
  };
}

/** It was not run: other calls of this device took so long, or it is not wanted any more. */
interface NotSent {
  readonly kind: "not-sent";
  readonly why: string;
}

function tooLate(waitedMs: number, waitMsMax: number): string {
  const waited = Math.round(waitedMs);
  return `it waited ${waited} ms for the device's calls before it, limit ${waitMsMax} ms`;
}

/** "fence_apc_snmp 192.0.2.7 plug 12": for people, without any secret. */
function describeAgent({ agent, parameters }: FenceAgentOptions): string {
  const own = agent.split("/").at(-1) ?? agent;
  const { ip = parameters["ipaddr"], plug = parameters["port"] } = parameters;
  return [own, ip ?? "", plug === undefined ? "" : `plug ${plug}`]
    .filter((part) => part !== "")
    .join(" ");
}

function agentInput(options: FenceAgentOptions, action: string, deadlineMs: number): string {
  const lines = [`action=${action}`];
  // Switching takes an agent its patience and some readings beside it.
  const share = action === "status" ? 0.8 : 0.6;
  const ownSeconds = Math.max(1, Math.floor((deadlineMs / 1000) * share));
  for (const key of patience) {
    if (options.known.has(key) && options.parameters[key] === undefined) {
      lines.push(`${key}=${ownSeconds}`);
    }
  }
  for (const [key, value] of Object.entries(options.parameters)) lines.push(`${key}=${value}`);
  for (const [key, secret] of Object.entries(options.secrets))
    lines.push(`${key}=${secret.reveal()}`);
  return `${lines.join("\n")}\n`;
}

function readingOf(
  name: string,
  result: ChildResult | NotSent,
  deadlineMs: number,
  options: FenceAgentOptions,
): PowerReading {
  if (result.kind === "exited") {
    const said = /^Status: (ON|OFF)\s*$/im.exec(result.output)?.[1]?.toUpperCase();
    if (result.code === 0 && said === "ON") return { power: "on", identity: noIdentity };
    if (result.code === 2 && said === "OFF") return { power: "off", identity: noIdentity };
  }
  return { power: "unknown", reason: `${name}: ${describeFailure(result, deadlineMs, options)}` };
}

function answerOf(
  name: string,
  result: ChildResult | NotSent,
  deadlineMs: number,
  options: FenceAgentOptions,
): PowerOffAnswer {
  if (result.kind === "exited" && result.code === 0) {
    return { kind: /^Success: Already OFF\s*$/im.test(result.output) ? "already-off" : "done" };
  }
  const words = describeFailure(result, deadlineMs, options);
  const output = "output" in result ? result.output : "";
  // It answered, ordered off and watched: what is on then is told at once, not waited for.
  const heard = /Timed out waiting to power OFF|correct privileges/i.test(output);
  return { kind: heard ? "refused" : "no-answer", reason: `${name}: ${words}` };
}

function answerToOn(
  name: string,
  result: ChildResult | NotSent,
  deadlineMs: number,
  options: FenceAgentOptions,
): PowerOnAnswer {
  if (result.kind === "exited" && result.code === 0) return { kind: "done" };
  const words = describeFailure(result, deadlineMs, options);
  const output = "output" in result ? result.output : "";
  const heard = /Timed out waiting to power ON|correct privileges/i.test(output);
  return { kind: heard ? "refused" : "no-answer", reason: `${name}: ${words}` };
}

/** What agents' words mean; the first that fits. Most agents do not tell a password from a plug. */
const explanations: readonly (readonly [RegExp, string])[] = [
  [/correct privileges/i, "the user may not do this"],
  [/Timed out waiting to power OFF/i, "off was ordered, and it still reads on"],
  [/Timed out waiting to power ON/i, "on was ordered, and it still reads off"],
  [/Unable to connect\/login/i, "cannot connect or log in: address, user name or password"],
  [
    /Unable to obtain correct plug status/i,
    "no plug status: wrong password, wrong plug or a fault of the device (the agent does not tell which)",
  ],
  [/Connection lost/i, "connection lost"],
  [
    /Connection timed out|timed out|Failed to connect|Connection refused|No route to host/i,
    "out of reach: connection timed out or refused",
  ],
];

function describeFailure(
  result: ChildResult | NotSent,
  deadlineMs: number,
  options: FenceAgentOptions,
): string {
  if (result.kind === "not-sent") return `not sent: ${result.why}`;
  if (result.kind === "not-started") return `it cannot be run: ${result.reason}`;
  const known = explanations.find(([pattern]) => pattern.test(result.output))?.[1];
  if (known !== undefined) return known;
  if (result.kind === "late") return `no answer within ${deadlineMs} ms, killed`;
  const said = /^.*\b(?:ERROR|Failed|error):\s*(.+)$/m.exec(result.output)?.[1];
  const ending = `ended with ${result.code}, wanted 0 with "Status: ON" or 2 with "Status: OFF"`;
  return said === undefined ? ending : `${withoutSecrets(said, options)} (${ending})`;
}

/** An agent may print what it was given. */
function withoutSecrets(text: string, { secrets }: FenceAgentOptions): string {
  return Object.values(secrets)
    .map((secret) => secret.reveal())
    .filter((value) => value !== "")
    .reduce((shown, value) => shown.replaceAll(value, "…"), text)
    .slice(0, 200);
}
