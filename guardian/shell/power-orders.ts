/** Orders to power devices: given only while they are wanted, and never later than their deadline. */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { Order } from "../core/effects.ts";
import type { GuardianState } from "../core/state.ts";
import { objectionToOff } from "../core/still-wanted.ts";
import type { ComputeApi, PowerController, PowerOffAnswer, PowerOnAnswer } from "../ports.ts";
import { whyNotEmpty } from "./empty-host.ts";

interface PowerPorts {
  readonly clock: Clock;
  readonly compute: ComputeApi;
  /** By "host/device". */
  readonly power: ReadonlyMap<string, PowerController>;
  readonly state: () => GuardianState;
}

/** Never rejects. What is to be off while it is empty was so when it was looked at, not half a minute later. */
export async function switchOff(
  { clock, compute, power, state }: PowerPorts,
  effect: Extract<Order, { kind: "power-off" }>,
  askedAt: MonoMs,
): Promise<PowerOffAnswer> {
  const { host, device, expected, deadlineMs } = effect;
  const controller = power.get(`${host}/${device}`);
  if (controller === undefined) return notConfigured(device);
  const notEmpty = await whyNotEmpty(compute, effect);
  if (notEmpty !== undefined) return notEmpty;
  const lookedMs = Math.round(clock.monoMs() - askedAt);
  if (lookedMs > deadlineMs) {
    const reason = `not sent: Nova took ${lookedMs} ms to say what is on it, limit ${deadlineMs} ms`;
    return { kind: "refused", reason };
  }
  const objection = (): string | undefined => objectionToOff(state(), effect);
  const objected = objection();
  if (objected !== undefined) return { kind: "refused", reason: `not sent: ${objected}` };
  return await controller.powerOff(expected, deadlineMs, objection).catch(noAnswer);
}

/** Never rejects. */
export async function switchOn(
  { power }: PowerPorts,
  { host, device, expected, deadlineMs }: Extract<Order, { kind: "power-on" }>,
): Promise<PowerOnAnswer> {
  const controller = power.get(`${host}/${device}`);
  if (controller === undefined) return notConfigured(device);
  return await controller.powerOn(expected, deadlineMs).catch(noAnswer);
}

function notConfigured(device: string): PowerOnAnswer {
  return { kind: "refused", reason: `no power device ${device} is configured` };
}

/** Whatever went wrong in an adapter of ours, nobody knows what became of the order. */
function noAnswer(error: unknown): PowerOnAnswer {
  return { kind: "no-answer", reason: describeError(error) };
}
