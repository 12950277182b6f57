/** Which servers are moved, as scenarios write it. */
import type { EvacuationPolicy } from "../../guardian/core/evacuation-policy.ts";

/**
 * select tagged; select without-name PATTERN; select without-tag TAG; select without-project ID;
 * select reset STATE: of servers in a state that Nova does not evacuate; select first NAME PATTERN: a further group of servers, by their names
 */
export function readSelection(
  policy: EvacuationPolicy,
  [what = "", value = "", pattern = ""]: readonly string[],
): EvacuationPolicy {
  const { exclude } = policy;
  switch (what) {
    case "tagged":
      return { ...policy, servers: "tagged" };
    case "without-name":
      return { ...policy, exclude: { ...exclude, names: [...exclude.names, value] } };
    case "without-tag":
      return { ...policy, exclude: { ...exclude, tags: [...exclude.tags, value] } };
    case "without-project":
      return { ...policy, exclude: { ...exclude, projects: [...exclude.projects, value] } };
    case "reset":
      return { ...policy, states: { ...policy.states, [value]: "reset" } };
    case "first": {
      const group = { name: value, names: [pattern], tags: [] };
      return { ...policy, groups: [...policy.groups, group] };
    }
    default:
      throw new Error(`unknown: select ${what}`);
  }
}
