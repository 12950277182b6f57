/**
 * Power over IPMI, through ipmitool: it carries twenty years of vendors' quirks. One child is one
 * session: identity and reading, or identity and order, never from two sessions, between which an
 * address could change hands.
 *
 * Its `shell` is used because it prints each answer at once (`exec` holds everything back until it
 * ends), so an order is written only after the identity was read. Its exit code says nothing
 * (0 for refused commands, 1 for every kind of silence); what it prints with `-v` does.
 */
import { bmcIdentity, isTellingUuid } from "../../shared/bmc-identity.ts";
import type { Secret } from "../../shared/secret.ts";
import type {
  DeviceIdentity,
  PowerController,
  PowerOffAnswer,
  PowerOnAnswer,
  PowerReading,
  PowerRestore,
} from "../ports.ts";
import { runChild, type ChildResult } from "./child.ts";
import { identityProblem, noIdentity } from "./power-identity.ts";

export interface IpmiOptions {
  readonly address: string;
  readonly port?: number | undefined;
  readonly username: string;
  readonly password: Secret;
  /** 3 by default; 17 for devices that have switched off SHA-1. Without one ipmitool may wait 10 s. */
  readonly cipherSuite?: number | undefined;
  /** ADMINISTRATOR, OPERATOR (enough for power on most devices) or USER (readings only). */
  readonly privilege?: "ADMINISTRATOR" | "OPERATOR" | "USER" | undefined;
  readonly command?: string | undefined;
}

/** Get System GUID (IPMI 2.0, 22.14), and the MAC address of the channel that we speak over (23.2, parameter 5). */
const readIdentity = "raw 0x06 0x37\nraw 0x0c 0x02 0x0e 0x05 0x00 0x00\n";
const readPower = "chassis power status\n";
const orders = { off: "chassis power off\n", on: "chassis power on\n" } as const;
const readStatus = "chassis status\n";
const policyEveryMs = 3_600_000;
// Without it, ipmitool's shell spins for ever at the end of its input.
const exit = "exit\n";

export function createIpmi(options: IpmiOptions): PowerController {
  const port = options.port ?? 623;
  const name = `ipmi ${options.address}${port === 623 ? "" : `:${port}`}`;
  let askedMs = Number.NEGATIVE_INFINITY;
  const session = (
    deadlineMs: number,
    stdin: string,
    onOutput?: (printed: string) => string | undefined,
  ): Promise<ChildResult> =>
    runChild({
      command: options.command ?? "ipmitool",
      args: ipmitoolArguments(options, port),
      env: { IPMI_PASSWORD: options.password.reveal(), HOME: "/nonexistent" },
      deadlineMs,
      stdin,
      onOutput,
    });

  return {
    name,
    async read(deadlineMs) {
      // Asked now and then: it hardly ever changes, and a slow device has better things to answer.
      const asks = performance.now() - askedMs >= policyEveryMs;
      if (asks) askedMs = performance.now();
      const status = asks ? readStatus : "";
      const result = await session(deadlineMs, readIdentity + readPower + status + exit);
      return readingOf(name, result, deadlineMs);
    },
    async powerOff(expected, deadlineMs, objection) {
      const untilMs = performance.now() + deadlineMs;
      let objected: string | undefined;
      // A loop that stood still hears its device before its own timers: what is late is not sent.
      const mayStill = (): boolean => {
        const late = performance.now() >= untilMs ? `later than ${deadlineMs} ms` : undefined;
        objected = late ?? objection?.();
        return objected === undefined;
      };
      const guarded = orderWhenItself(expected, orders.off, mayStill);
      const result = await session(deadlineMs, readIdentity, guarded);
      if (objected !== undefined) {
        return { kind: "refused", reason: `${name}: not sent: ${objected}` };
      }
      return answerOf(name, expected, result, deadlineMs);
    },
    async powerOn(expected, deadlineMs) {
      const untilMs = performance.now() + deadlineMs;
      const inTime = (): boolean => performance.now() < untilMs;
      const guarded = orderWhenItself(expected, orders.on, inTime);
      const result = await session(deadlineMs, readIdentity, guarded);
      return answerToOn(name, expected, result, deadlineMs);
    },
  };
}

function ipmitoolArguments(options: IpmiOptions, port: number): readonly string[] {
  const target = `-H ${options.address} -p ${port}`.split(" ");
  const access = ["-U", options.username, "-L", options.privilege ?? "ADMINISTRATOR", "-E"];
  // One second, one repeat. 0 repeats would mean the default: 20 s of silence.
  const patience = "-N 1 -R 1".split(" ");
  const suite = `-v -I lanplus -C ${options.cipherSuite ?? 3}`.split(" ");
  return [...suite, ...patience, ...target, ...access, "shell"];
}

/** Writes the order once the identity has been printed and is the expected one; else leaves. */
function orderWhenItself(
  expected: DeviceIdentity | undefined,
  order: string,
  mayStill: () => boolean,
): (printed: string) => string | undefined {
  let decided = false;
  return (printed) => {
    if (decided) return undefined;
    const seen = identityIn(printed);
    if (seen === undefined && !isBusy(printed)) return undefined;
    decided = true;
    if (seen === undefined) return exit;
    if (identityProblem(expected, seen) !== undefined || !mayStill()) return exit;
    return order + readPower + exit;
  };
}

/** The identity, as soon as the answer to `readIdentity` is complete; undefined before, and while it is busy. */
function identityIn(printed: string): DeviceIdentity | undefined {
  // The 16 bytes as they came over the wire: ipmitool's own `mc guid` prints guesses at their order.
  const guid = bytesIn(printed, /^((?: [0-9a-f]{2}){16})\s*$/m);
  if (guid !== undefined && isTellingUuid(guid)) return { ...noIdentity, guid };
  if (guid === undefined && !hasRefused(printed, "0x6", "0x37")) return undefined;
  // Behind the parameter's revision.
  const mac = bytesIn(printed, /^ [0-9a-f]{2}((?: [0-9a-f]{2}){6})\s*$/m);
  if (mac === undefined && !hasRefused(printed, "0xc", "0x2")) return undefined;
  return { ...noIdentity, guid: bmcIdentity(guid, mac) };
}

function bytesIn(printed: string, pattern: RegExp): string | undefined {
  return pattern.exec(printed)?.[1]?.replaceAll(" ", "");
}

/** It was asked, and has no such thing to show; a device that is busy (0xc0) or late (0xc3) has said nothing. */
function hasRefused(printed: string, netFn: string, command: string): boolean {
  const request = `netfn=${netFn} lun=0x0 cmd=${command} `;
  const refusals = printed.match(/^.*Unable to send RAW command.*$/gm) ?? [];
  return refusals.some((line) => line.includes(request) && !busy.test(line));
}

const busy = /Unable to send RAW command .*rsp=0xc[03]\)/;

/** Too busy to say who it is. */
function isBusy(printed: string): boolean {
  return busy.test(printed);
}

function readingOf(name: string, result: ChildResult, deadlineMs: number): PowerReading {
  const output = result.kind === "not-started" ? "" : result.output;
  const power = /^Chassis Power is (on|off)\s*$/m.exec(output)?.[1];
  const identity = identityIn(output);
  if (result.kind === "exited" && (power === "on" || power === "off")) {
    if (identity === undefined)
      return {
        power: "unknown",
        reason: `${name}: ${isBusy(output) ? "busy" : "it did not say who it is"}`,
      };
    const restore = restoreIn(output);
    return restore === undefined ? { power, identity } : { power, identity, restore };
  }
  return { power: "unknown", reason: `${name}: ${describeSilence(result, deadlineMs)}` };
}

/** "Power Restore Policy : always-off", among the lines of the chassis status. */
function restoreIn(output: string): PowerRestore | undefined {
  const said = /^Power Restore Policy\s*: (\S+)\s*$/m.exec(output)?.[1];
  if (said === "previous") return "last-state";
  return said === "always-on" || said === "always-off" ? said : undefined;
}

function answerOf(
  name: string,
  expected: DeviceIdentity | undefined,
  result: ChildResult,
  deadlineMs: number,
): PowerOffAnswer {
  const output = result.kind === "not-started" ? "" : result.output;
  if (/^Chassis Power Control: Down\/Off\s*$/m.test(output)) return { kind: "done" };
  const wrong = notItself(name, expected, result, deadlineMs);
  if (wrong !== undefined) return wrong;
  const refusal = /^Set Chassis Power Control to Down\/Off failed: (.+)$/m
    .exec(output)?.[1]
    ?.trim();
  if (refusal === undefined) {
    return { kind: "no-answer", reason: `${name}: ${describeSilence(result, deadlineMs)}` };
  }
  const offAlready = /^Chassis Power is off\s*$/m.test(output);
  if (offAlready && /not supported in present state/i.test(refusal)) return { kind: "already-off" };
  return { kind: "refused", reason: `${name}: power off: ${refusal}` };
}

function answerToOn(
  name: string,
  expected: DeviceIdentity | undefined,
  result: ChildResult,
  deadlineMs: number,
): PowerOnAnswer {
  const output = result.kind === "not-started" ? "" : result.output;
  if (/^Chassis Power Control: Up\/On\s*$/m.test(output)) return { kind: "done" };
  const wrong = notItself(name, expected, result, deadlineMs);
  if (wrong !== undefined) return wrong;
  const refusal = /^Set Chassis Power Control to Up\/On failed: (.+)$/m.exec(output)?.[1]?.trim();
  return refusal === undefined
    ? { kind: "no-answer", reason: `${name}: ${describeSilence(result, deadlineMs)}` }
    : { kind: "refused", reason: `${name}: power on: ${refusal}` };
}

/** Why no order was given: it showed no identity in time, or another one; undefined when it was. */
function notItself(
  name: string,
  expected: DeviceIdentity | undefined,
  result: ChildResult,
  deadlineMs: number,
): PowerOnAnswer | undefined {
  const output = result.kind === "not-started" ? "" : result.output;
  const seen = identityIn(output);
  if (seen === undefined) {
    if (isBusy(output)) return { kind: "refused", reason: `${name}: its identity: Node busy` };
    return { kind: "no-answer", reason: `${name}: ${describeSilence(result, deadlineMs)}` };
  }
  const problem = identityProblem(expected, seen);
  return problem === undefined ? undefined : { kind: "refused", reason: `${name}: ${problem}` };
}

/** What ipmitool's words mean; the first that fits. */
const explanations: readonly (readonly [RegExp, string])[] = [
  [/RAKP 2 HMAC is invalid/, "wrong password"],
  [/unauthorized name/, "unknown user name, or not allowed this privilege level"],
  [
    /unauthorized role|privilege level cannot be obtained/i,
    "user may not have this privilege level",
  ],
  [
    /invalid (authentication|integrity|confidentiality) algorithm|no matching cipher suite/i,
    "cipher suite not supported: set cipherSuite to 3 or 17",
  ],
  [/Node busy/, "busy"],
  [/Get Auth Capabilities error/, "no answer (nothing speaks IPMI at this address and port)"],
  [/Unable to [sg]et Chassis Power/, "it stopped answering in the middle of the session"],
  [/Address lookup for .* failed|Could not open socket/, "address cannot be resolved or reached"],
];

function describeSilence(result: ChildResult, deadlineMs: number): string {
  if (result.kind === "not-started") return `ipmitool cannot be run: ${result.reason}`;
  const known = explanations.find(([pattern]) => pattern.test(result.output))?.[1];
  if (known !== undefined) return known;
  if (result.kind === "late") return `no answer within ${deadlineMs} ms`;
  const said = /^(?:.* failed: .*|Error: .*)$/m.exec(result.output)?.[0];
  return said ?? `ipmitool ended with ${result.code} and no power state`;
}
