/** npm run demo [-- --once | --page] [-- --fast]: the whole chain on one machine, as an ordinary user. */
import { parseArgs } from "node:util";
import { describeError } from "../../shared/errors.ts";
import { runDemo } from "./demo.ts";
import { createTerminal } from "./terminal.ts";

const usage = `usage: npm run demo -- [--once | --keep] [--page | --observe] [--fast]
  tells two stories and checks them; then, on a terminal, stays with its web page until Ctrl-C
  --once  ends after the last check, also on a terminal
  --keep  stays until Ctrl-C, also without a terminal
  --page  no stories: the web page at once, until Ctrl-C
  --observe  the same in mode observe, as every cloud begins: it says what it would do
  --fast  shorter limits (the least that the configuration allows)`;

interface Chosen {
  readonly stories: boolean;
  readonly stays: boolean;
  readonly fast: boolean;
  readonly mode: "observe" | "act";
}

function readArguments(): Chosen | undefined {
  const flag = { type: "boolean", default: false } as const;
  try {
    const { values } = parseArgs({
      options: { once: flag, keep: flag, page: flag, observe: flag, fast: flag, help: flag },
    });
    const { once, keep, observe, fast, help } = values;
    const page = values.page || observe;
    if (once && (keep || page)) throw new Error("--once ends, the others stay: give one");
    const stays = page || keep || (process.stdout.isTTY && !once);
    if (!help) return { stories: !page, stays, fast, mode: observe ? "observe" : "act" };
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
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => stopping.abort());
  // Whoever read our lines has gone (`npm run demo | head`): clean up all the same.
  process.stdout.on("error", () => stopping.abort());
  const terminal = createTerminal({
    write: (text) => void process.stdout.write(text),
    colors: process.stdout.isTTY && !process.env["NO_COLOR"],
  });
  process.exitCode = await runDemo({ ...chosen, terminal, signal: stopping.signal });
}
