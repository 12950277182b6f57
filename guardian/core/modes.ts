/** Which mode holds for a host: its own, else its groups', else the cloud's. */
import type { HostName } from "../../shared/names.ts";
import type { Mode } from "./settings.ts";
import type { GuardianState } from "./state.ts";
import { render, words, type Words } from "./words.ts";

const strictestFirst: readonly Mode[] = ["observe", "ask", "act"];

export interface ModeChoice {
  readonly mode: Mode;
  /** "cloud", "host" or "group gpu": where it comes from. */
  readonly from: string;
}

/** The mode in effect for a host. Of several groups the strictest counts. */
export function modeOf(state: GuardianState, host: HostName): ModeChoice {
  const { settings } = state;
  const own = settings.hosts.get(host)?.mode;
  if (own !== undefined) return { mode: own, from: "host" };
  let choice: ModeChoice | undefined;
  for (const name of groupsOf(state, host)) {
    const mode = settings.groups.get(name)?.mode;
    if (mode === undefined) continue;
    if (choice === undefined || isStricter(mode, choice.mode)) {
      choice = { mode, from: `group ${name}` };
    }
  }
  return choice ?? { mode: settings.mode, from: "cloud" };
}

/** "act", or "ask (group gpu)" where it is not the cloud's. */
export function describeMode(choice: ModeChoice): string {
  return render(modeWords(choice));
}

/** The same as words. */
export function modeWords({ mode, from }: ModeChoice): Words {
  return from === "cloud"
    ? words("value.mode", { mode })
    : words("value.mode-from", { mode, from });
}

/** Names of the configured groups that a host belongs to, by their lists or by Nova's aggregates. */
export function groupsOf(state: GuardianState, host: HostName): readonly string[] {
  const names: string[] = [];
  const aggregates = state.inventory.aggregates.get(host) ?? [];
  for (const [name, group] of state.settings.groups) {
    if (aggregates.includes(name) || group.hosts.includes(host)) names.push(name);
  }
  return names;
}

/** The hosts of a configured group: its list, and Nova's aggregate of its name. */
export function membersOf(state: GuardianState, group: string): readonly HostName[] {
  const listed = state.settings.groups.get(group)?.hosts ?? [];
  const inNova = [...state.inventory.aggregates].flatMap(([host, names]) =>
    names.includes(group) ? [host] : [],
  );
  return [...listed, ...inNova];
}

function isStricter(mode: Mode, than: Mode): boolean {
  return strictestFirst.indexOf(mode) < strictestFirst.indexOf(than);
}
