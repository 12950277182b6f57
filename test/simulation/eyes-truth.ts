/** Since when each part of the guardian's eyes has truly been good, sampled at every round. */
import type { World } from "../support/world.ts";

/** A moment that never came. */
const never = Number.NEGATIVE_INFINITY;

export class EyesTruth {
  /** Everything has been good since then, so that delays are the only excuse. */
  goodSince = 0;
  /** When each of these was last bad. */
  legsGoneSince: number | undefined;
  novaGoneSince: number | undefined;
  /** When Nova last could not show a cell. */
  unreadableAt = Number.NEGATIVE_INFINITY;
  disarmedFileSince: number | undefined;
  /** When a datagram was last lost by a collector that runs. */
  droppedAt = never;
  /** When the clock was stepped, whether the guardian ran or not: its hours are the wall clock's. */
  steppedAt = never;
  /** When it was stepped between two rounds of one process; another one reads its clock afresh. */
  stepSeenAt = never;
  resumedAt = never;
  #dropped = 0;
  #offset = 0;
  #roundAt = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Called once a round. */
  look(): void {
    const { now } = this.#world.queue;
    const { guardian, collectors, legs, settings } = this.#world;
    const legsGone = settings.networks.every(({ name }) => !legs[name]);
    this.legsGoneSince = legsGone ? (this.legsGoneSince ?? now) : undefined;
    this.novaGoneSince = this.#world.novaUp ? undefined : (this.novaGoneSince ?? now);
    const { disarmedFile } = this.#world;
    this.disarmedFileSince = disarmedFile ? (this.disarmedFileSince ?? now) : undefined;
    const dropped = collectors.all.reduce((sum, collector) => sum + collector.dropped, 0);
    if (dropped > this.#dropped) this.droppedAt = now;
    this.#dropped = dropped;
    const isSameProcess = guardian.startedAt < this.#roundAt;
    if (Math.abs(guardian.wallOffsetMs - this.#offset) > 2100) {
      this.steppedAt = now;
      if (isSameProcess) this.stepSeenAt = now;
    }
    this.#offset = guardian.wallOffsetMs;
    if (now - this.#roundAt > 2100 && isSameProcess) this.resumedAt = now;
    this.#roundAt = now;
    if (!this.#isGood()) this.goodSince = now;
    if (this.#world.nova.unreadable.size > 0) this.unreadableAt = now;
  }

  /** How long everything has been good without a break. */
  goodForMs(): number {
    const { guardian, queue } = this.#world;
    const from = Math.max(this.goodSince, guardian.startedAt, this.resumedAt, this.steppedAt);
    return queue.now - from;
  }

  #isGood(): boolean {
    const { guardian, collectors, legs, silentAnchors, settings, liveUp } = this.#world;
    const { nova: records, novaUp, novaAnswerMs } = this.#world;
    const legsGood = settings.networks.every(({ name }) => legs[name] && !silentAnchors.has(name));
    const storeGood =
      collectors.storeUp && collectors.storeLagMs < 1000 && collectors.staleShare === 0;
    const collectorsGood = collectors.all.every(
      (collector) => collector.up && (liveUp || !collector.storeStuck),
    );
    const heard = guardian.answerLossShare === 0 && guardian.journalWritable;
    const nova = novaUp && novaAnswerMs < 1000 && !records.standsStill;
    return legsGood && collectorsGood && (liveUp || storeGood) && heard && nova;
  }

  /** When a collector last ran. */
  collectorRanAt(): number {
    const { collectors, queue } = this.#world;
    return collectors.all.reduce(
      (latest, { up, ranAt }) => Math.max(latest, up ? queue.now : ranAt),
      never,
    );
  }
}
