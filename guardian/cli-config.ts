/** The configuration's own commands: what is wrong with it, and what is missing before anybody acts by it. */
import { Option, type Command } from "commander";
import { describeError } from "../shared/errors.ts";

export const defaultConfig = "/etc/guardian/guardian.yaml";

interface ConfigActions {
  /** As if it had this mode, where one is named; 0: sound. */
  readonly checkConfig: (config: string, mode?: string) => Promise<number>;
  readonly schema: () => string;
  readonly print: (text: string) => void;
  readonly table: (rows: unknown) => void;
  /** What a running guardian says. */
  readonly shown: (path: string) => Promise<unknown>;
  readonly socket: () => string;
}

export function addConfig(
  program: Command,
  actions: ConfigActions,
  ended: (code: number) => void,
): void {
  const config = program.command("config").description("the configuration file");
  const mode = new Option("--mode <mode>", "as if it had this mode").choices([
    "observe",
    "ask",
    "act",
  ]);
  config
    .command("check")
    .description("list every problem of the configuration; starts nothing")
    .option("--config <file>", "configuration", defaultConfig)
    .addOption(mode)
    .action(async (options: { readonly config: string; readonly mode?: string }) => {
      const code = await actions.checkConfig(options.config, options.mode);
      const acts = code === 0 && options.mode === "act";
      ended(acts && !(await isReadyToAct(actions)) ? 1 : code);
    });
  config
    .command("schema")
    .description("the configuration as JSON Schema")
    .action(() => actions.print(actions.schema()));
}

/** No fence goes through a device that is not verified: each is listed with its way out. */
async function isReadyToAct({ shown, table, print, socket }: ConfigActions): Promise<boolean> {
  let answer: Readonly<Record<string, unknown>>;
  try {
    answer = Object(await shown("/api/v1/doctor")) as typeof answer;
  } catch (error) {
    const by = `at ${socket()} (${describeError(error)})`;
    print(
      `which power devices are verified only a running guardian knows, and none answers ${by}:`,
    );
    print("start it in mode observe, which does nothing, and check again");
    return false;
  }
  const devices: unknown = answer["devices"];
  const lines = Array.isArray(devices)
    ? (devices as readonly Readonly<Record<string, unknown>>[])
    : [];
  const missing = lines.filter((line) => line["verified"] !== "yes");
  if (missing.length > 0) table(missing);
  table({ share: answer["share"] });
  return missing.length === 0;
}
