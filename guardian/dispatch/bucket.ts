/** A channel's allowance under its provider's limit, with room kept for pages. */
import type { SendRate } from "../ports.ts";
import { laneOf, type DispatchState, type Lane } from "./model.ts";
import { defaultRate, pageReserve } from "./settings.ts";

export function rateOf({ settings }: DispatchState, channel: string): SendRate {
  return settings.channels.get(channel)?.rate ?? defaultRate;
}

/** Tokens that are there now. */
export function tokensNow(state: DispatchState, channel: string): number {
  const { burst, perMinute } = rateOf(state, channel);
  const { tokens, tokensAt } = laneOf(state, channel);
  return Math.min(burst, tokens + ((state.at - tokensAt) / 60_000) * perMinute);
}

/** What is kept for pages: of a small allowance about half. */
export function reserveOf(state: DispatchState, channel: string): number {
  return Math.min(pageReserve, Math.floor(rateOf(state, channel).burst * 0.6));
}

/** Whether one more message may be sent now. */
export function maySend(state: DispatchState, channel: string, page: boolean): boolean {
  const kept = page ? 0 : reserveOf(state, channel);
  return tokensNow(state, channel) >= kept + 1;
}

/** The lane after one try: a failed one counts with the provider, too. */
export function withTokenTaken(state: DispatchState, channel: string): Lane {
  const tokens = Math.max(0, tokensNow(state, channel) - 1);
  return { ...laneOf(state, channel), tokens, tokensAt: state.at };
}
