/** npm run demo [-- --keep] [-- --fast]: the whole chain on one machine, as an ordinary user. */
import { parseArgs } from "node:util";
import { describeError } from "../../shared/errors.ts";
import { runDemo } from "./demo.ts";
import { createTerminal } from "./terminal.ts";

const usage = `usage: npm run demo -- [--keep] [--fast]
  --keep  leave everything running after the last check, until Ctrl-C
  --fast  shorter limits (the least that the configuration allows)`;

function readArguments(): { readonly keep: boolean; readonly fast: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        keep: { type: "boolean", default: false },
        fast: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (!values.help) return values;
    console.log(usage);
  } catch (error) {
    console.error(`${describeError(error)}\n${usage}`);
    process.exitCode = 2;
  }
  return undefined;
}

const chosen = readArguments();
if (chosen !== undefined) {
  const stopping = new AbortController();
  // Ctrl-C under npm comes twice: the second one must not end the cleaning up.
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stopping.abort());
  // Whoever read our lines has gone (`npm run demo | head`): clean up all the same.
  process.stdout.on("error", () => stopping.abort());
  const terminal = createTerminal({
    write: (text) => void process.stdout.write(text),
    colors: process.stdout.isTTY && !process.env["NO_COLOR"],
  });
  process.exitCode = await runDemo({ ...chosen, terminal, signal: stopping.signal });
}
