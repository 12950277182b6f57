/** Two mutants for each row of the default table: it does the opposite, and it never matches. */
import { defaultTable } from "../../guardian/core/verdict-table.ts";
import { appending, core, type Mutant } from "./mutant.ts";

export const rowMutants: readonly Mutant[] = defaultTable.flatMap(({ row, action }) => {
  const find = `defaultTable.findIndex(({ row }) => row === ${JSON.stringify(row)})`;
  const opposite = action === "fence" ? "page" : "fence";
  const does = `defaultTable[${find}].action = ${JSON.stringify(opposite)};`;
  return [
    {
      name: `row ${row} does the opposite`,
      changes: [appending(core("verdict-table"), does)],
    },
    {
      name: `row ${row} never matches`,
      changes: [appending(core("verdict-table"), `defaultTable.splice(${find}, 1);`)],
    },
  ];
});
