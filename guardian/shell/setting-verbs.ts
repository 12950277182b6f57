/** What people have changed while the guardian runs: by the file's own schema, within what the configuration allows, all of it or nothing. */
import {
  limitConfigured,
  limitNames,
  limitNow,
  limitProblems,
  limitText,
} from "../core/changed-limits.ts";
import type { LimitName } from "../core/changed-limits.ts";
import { readLimits } from "../config-limits.ts";
import { problem, type Reply } from "../api/route.ts";
import type { Asked } from "./control-verbs.ts";

/** Sets the limits that are named, or gives them back to the configuration. */
export function setLimits({ guardian, at, wall, by, field }: Omit<Asked, "parts">): Reply {
  const texts = new Map<LimitName, string>();
  for (const name of limitNames) if (field(name) !== "") texts.set(name, field(name));
  if (texts.size === 0) {
    return problem(400, "name a setting and its value; see: guardian setting list");
  }
  const state = guardian.state();
  const { wishes, problems } = readLimits(texts);
  const wrong = [...problems, ...limitProblems(state, wishes)];
  if (wrong.length > 0) {
    const errors = wrong.map(({ name, message }) => ({ at: name, message }));
    const detail = wrong.map(({ name, message }) => `${name}: ${message}`).join("; ");
    return problem(problems.length > 0 ? 400 : 409, detail, errors);
  }
  const before = new Map(wishes.map(({ name }) => [name, limitNow(state, name)]));
  guardian.tell({ kind: "limits-set", at, wall, wishes, by, reason: field("reason") });
  const after = guardian.state();
  const changed = wishes.map(({ name }) => ({
    key: name,
    value: limitText(name, limitNow(after, name)),
    before: limitText(name, before.get(name) ?? 0),
    configured: limitText(name, limitConfigured(after, name)),
  }));
  const note = "kept over restarts until it is given back, or until the file says something else";
  return { status: 200, body: { done: true, by, changed, note } };
}
