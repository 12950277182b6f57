/**
 * Readings of power devices, so many at once: those of hosts that are acted on first, since their proofs are renewed
 * by them; the others take turns, since in the order of names the same few would be read for ever.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { Look } from "../core/effects.ts";
import type { GuardianEvent } from "../core/events.ts";
import type { PowerController } from "../ports.ts";

type PowerLook = Extract<Look, { kind: "read-power" }>;

export interface PowerReadings {
  /** Begun now, or in its turn; of one device at most one waits. */
  ask(look: PowerLook): void;
  underWay(): number;
}

interface ReadingPorts {
  readonly clock: Clock;
  readonly log: Logger;
  /** By "host/device". */
  readonly power: ReadonlyMap<string, PowerController>;
}

/** Each reading is a child process for ipmitool: more at once would slow the one that counts. */
const readingsMax = 64;
/** A storm of suspects whose devices are mute must not keep the proofs of others from being renewed. */
const urgentReadingsMax = 320;

export function createPowerReadings(
  { clock, log, power }: ReadingPorts,
  dispatch: (event: GuardianEvent) => void,
): PowerReadings {
  let underWay = 0;
  const waiting = new Map<string, PowerLook>();

  async function read({ host, device, deadlineMs }: PowerLook): Promise<void> {
    const askedAt = clock.monoMs();
    // Never within the caller's turn: the loop finishes its round before any result comes in.
    await Promise.resolve();
    const controller = power.get(`${host}/${device}`);
    const reading =
      controller === undefined
        ? ({ power: "unknown", reason: `no power device ${device} is configured` } as const)
        : await controller.read(deadlineMs);
    dispatch({ kind: "power-read", at: clock.monoMs(), askedAt, host, device, reading });
  }

  function begin(look: PowerLook): void {
    underWay += 1;
    read(look)
      .catch((error: unknown) => {
        const [what, reason] = [`read power of ${look.host}`, describeError(error)];
        log.error({ event: "effect-failed", what, reason }, "effect failed");
        // Whatever went wrong, this device has said nothing: people must hear of it.
        const { host, device } = look;
        const at = clock.monoMs();
        const reading = { power: "unknown", reason } as const;
        dispatch({ kind: "power-read", at, askedAt: at, host, device, reading });
      })
      .finally(() => {
        underWay -= 1;
        beginNext();
      });
  }

  function beginNext(): void {
    const [next] = waiting;
    if (next === undefined || underWay >= readingsMax) return;
    const [key, look] = next;
    waiting.delete(key);
    begin(look);
  }

  return {
    ask(look) {
      const most = look.urgent === true ? urgentReadingsMax : readingsMax;
      if (underWay < most) begin(look);
      else waiting.set(`${look.host}/${look.device}`, look);
    },
    underWay: () => underWay,
  };
}
