/** Appends to a journal as fast as it can and prints each number it was told is safe; then is killed. */
import { openJournal } from "../../guardian/shell/journal.ts";
import { systemClock } from "../../shared/clock.ts";

const journal = openJournal({ path: process.argv[2] ?? "", clock: systemClock });
for (let n = 1; n <= 100_000; n += 1) {
  const [monoMs, wallMs] = [systemClock.monoMs(), systemClock.wallMs()];
  if (n % 10 === 0) journal.saveState(JSON.stringify({ version: 1, n }), []);
  journal.append([{ monoMs, wallMs, kind: "intent", body: `order ${n}` }]);
  process.stdout.write(`${n}\n`);
}
