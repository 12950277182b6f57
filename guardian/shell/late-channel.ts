/**
 * A channel of which something cannot be read when the guardian starts: its secret, its authorities, its program. It
 * stands all the same, and is built anew with each message until it can be: hosts are guarded meanwhile, and the other
 * channels are told that this one is broken.
 */
import type { AlertMessage, Delivery, Notifier } from "../ports.ts";
import { isFollowing, type FollowingNotifier, type StandingAlert } from "./following.ts";

export interface BuiltChannel {
  /** Without what could not be read it has its name and its shape, and nothing that could be sent. */
  readonly notifier: Notifier;
  readonly problems: readonly string[];
}

/** `build` reads everything again; it is not asked any more once it had no problem. Never rejects for a problem of it. */
export function createLateChannel({ notifier }: BuiltChannel, build: () => BuiltChannel): Notifier {
  let ready: Notifier | undefined;
  const tryBuild = (): readonly string[] => {
    if (ready !== undefined) return [];
    const { notifier: built, problems } = build();
    if (problems.length === 0) ready = built;
    return problems;
  };
  const late: Notifier = {
    name: notifier.name,
    ...(notifier.rate === undefined ? {} : { rate: notifier.rate }),
    async send(message: AlertMessage, deadlineMs: number): Promise<Delivery> {
      const problems = tryBuild();
      if (ready !== undefined) return ready.send(message, deadlineMs);
      return { kind: "undelivered", retryable: true, reason: problems.join("; ") };
    },
  };
  if (!isFollowing(notifier)) return late;
  const following: FollowingNotifier = {
    ...late,
    followEveryMs: notifier.followEveryMs,
    async follow(standing: readonly StandingAlert[], deadlineMs: number) {
      const problems = tryBuild();
      if (ready === undefined || !isFollowing(ready)) return problems.join("; ");
      return ready.follow(standing, deadlineMs);
    },
  };
  return following;
}
