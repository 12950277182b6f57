/** What a kind of fault is. */
import type { WorldHost } from "../support/world-host.ts";
import type { Scene } from "./scene.ts";

export interface Draw {
  readonly host: WorldHost;
  /** Another host; it may be the same. */
  readonly other: WorldHost;
  readonly lastsMs: number;
  readonly luck: readonly [number, number];
}

export interface FaultKind {
  readonly name: string;
  /** Its tickets in the draw. */
  readonly weight: number;
  /** Does it, or answers false: it would be unfair, or would change nothing. */
  readonly inject: (scene: Scene, draw: Draw) => boolean;
}

/** An element by a number in [0, 1). */
export function byLuck<T>(luck: number, from: readonly [T, ...T[]]): T {
  return from[Math.floor(luck * from.length)] ?? from[0];
}
