/** The verdict table as an operator changed it: other actions for some rows, of the cloud or a group. */
import type { HostName } from "../../shared/names.ts";
import type { RowAction } from "./assessment.ts";
import { groupsOf } from "./modes.ts";
import type { RowActions } from "./settings.ts";
import type { GuardianState } from "./state.ts";
import { validateTable } from "./validate-table.ts";
import { defaultTable, type Row } from "./verdict-table.ts";

/** From the most careful to the boldest: of several groups the most careful counts. */
export const actionsByBoldness: readonly RowAction[] = [
  "none",
  "watch",
  "ticket",
  "alert",
  "page",
  "fence",
];

/** Actions that may be configured; `none` is for rows without trouble. */
export const configurableActions = ["watch", "ticket", "alert", "page", "fence"] as const;

const tables = new WeakMap<RowActions, readonly Row[]>();

/** The default table with some rows' actions replaced. */
export function tableWith(actions: RowActions): readonly Row[] {
  if (actions.size === 0) return defaultTable;
  const known = tables.get(actions);
  if (known !== undefined) return known;
  const table = defaultTable.map((row) => ({ ...row, action: actions.get(row.row) ?? row.action }));
  tables.set(actions, table);
  return table;
}

/** The table by which a host is judged. */
export function tableOf(state: GuardianState, host: HostName): readonly Row[] {
  const { settings } = state;
  if (!settings.groupsHaveRows) return tableWith(settings.rows);
  const own = groupsOf(state, host).flatMap((name) => settings.groups.get(name)?.rows ?? []);
  const changing = own.filter((actions) => actions.size > 0);
  const [first] = changing;
  if (first === undefined) return tableWith(settings.rows);
  if (changing.length === 1 && settings.rows.size === 0) return tableWith(first);
  return tableWith(merged([settings.rows, ...changing]));
}

const merges = new Map<string, RowActions>();

/** A group's action goes before the cloud's; between groups the more careful one counts. */
function merged([cloud, ...groups]: readonly RowActions[]): RowActions {
  const result = new Map<string, RowAction>();
  for (const group of groups) {
    for (const [row, action] of group) {
      const other = result.get(row);
      if (other === undefined || isBolder(other, action)) result.set(row, action);
    }
  }
  for (const [row, action] of cloud ?? []) if (!result.has(row)) result.set(row, action);
  // One and the same object for the same actions, so that its table is made once.
  const key = [...result]
    .map(([row, action]) => `${row} ${action}`)
    .sort()
    .join(", ");
  const known = merges.get(key);
  if (known !== undefined) return known;
  merges.set(key, result);
  return result;
}

function isBolder(left: RowAction, right: RowAction): boolean {
  return actionsByBoldness.indexOf(left) > actionsByBoldness.indexOf(right);
}

/** What is wrong with configured actions, by row. */
export function rowActionProblems(
  actions: Readonly<Record<string, RowAction>>,
): readonly (readonly [row: string, problem: string])[] {
  const problems: (readonly [string, string])[] = [];
  for (const [row, action] of Object.entries(actions)) {
    if (!defaultTable.some((known) => known.row === row)) {
      const known = defaultTable.map((one) => one.row).join(", ");
      problems.push([row, `no such row; known: ${known} (guardian policy show)`]);
    } else if (validateTable(tableWith(new Map([[row, action]]))).length > 0) {
      problems.push([row, `action ${action}: this row may hold for a host that lives`]);
    }
  }
  return problems;
}
