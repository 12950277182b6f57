/** What a collector that was killed left on its disk: every liveness record of its spool, by its key. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeRecords } from "../../collector/shell/spool-segment.ts";
import { livenessKey, parseLine } from "./fake-influx.ts";

/** Keys as the fake store notes them; the directory is only read. */
export function spooledLiveness(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => /^liveness-.*\.(seg|open)$/.test(name));
  return names.flatMap((name) =>
    decodeRecords(readFileSync(join(directory, name)), 0).lines.map(({ line }) => {
      const point = parseLine(line);
      if (point === undefined) throw new Error(`${name}: not a line of ours: ${line}`);
      return livenessKey(point.tags["host"] ?? "", point.fields);
    }),
  );
}
