/**
 * Before the first move of a fenced host: people are told what fits where, and by name which servers
 * will find no place. A warning, no gate: its servers are down already, and Nova decides.
 */
import type { Effect } from "./effects.ts";
import { forecast, forecastWords, unplacedWords, type Forecast } from "./forecast.ts";
import { say, withPhase } from "./incidents.ts";
import { capacityUnknownWords } from "./inventory.ts";
import { phaseOf, type Evacuating } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words } from "./words.ts";

/** Once for each list that shows servers which were not planned yet. */
export function tellRoom(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const phase = phaseOf(state, host);
  if (phase?.moves === undefined || phase.forecast !== undefined) return state;
  const wanted = Object.values(phase.moves).filter((move) => move.state.kind === "planned");
  const sized = wanted.some(({ size }) => size !== undefined);
  const expected = sized ? forecast(state, host.host, wanted) : undefined;
  const next = withPhase(state, host.host, { ...phase, forecast: expected ?? "unknown" });
  // A Nova that shows no sizes, and an empty list, have nothing to be told of.
  if (!sized) return next;
  const line = { host: host.host, event: "room" } as const;
  if (expected === undefined) {
    const text = words("room.unknown", { reason: capacityUnknownWords(state) });
    return say(next, out, { ...line, level: "warn", text });
  }
  const short = expected.unplaced.length > 0;
  const lacking = expected.unplaced.map((one) => unplacedWords(expected, one));
  const said = forecastWords(expected);
  const text = short ? words("room.short", { forecast: said, servers: lacking }) : said;
  return say(next, out, { ...line, level: short ? "warn" : "info", text });
}

/** The forecast that still holds: of the servers without a place those that did not find one after all. */
export function openForecast({ forecast: expected, moves }: Evacuating): Forecast | undefined {
  if (expected === undefined || expected === "unknown") return undefined;
  const unplaced = expected.unplaced.filter(({ server }) => {
    const kind = moves?.[server]?.state.kind;
    return kind !== undefined && kind !== "finished" && kind !== "left";
  });
  return unplaced.length === 0 ? undefined : { ...expected, unplaced };
}
