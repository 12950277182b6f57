/** The operator's verbs. Each asks the daemon over its socket and shows the answer as a table. */
import { Command, CommanderError, Option } from "commander";
import type { SettingLine } from "./api/settings-shown.ts";
import type { CloudCheckUp } from "./cloud-doctor.ts";
import { checkHost } from "./cli-check.ts";
import { askBy, type Way } from "./cli-client.ts";
import { cloudVerbs } from "./cli-cloud.ts";
import { bashCompletion } from "./cli-complete.ts";
import { defaultConfig, isReadyToAct } from "./cli-config.ts";
import { doctorVerb } from "./cli-doctor.ts";
import { formatAs, formats, type Output } from "./cli-format.ts";
import { notifyVerbs } from "./cli-notify.ts";
import { tokenVerbs } from "./cli-token.ts";
import { watchVerbs } from "./cli-watch.ts";
import { policyVerbs, type PolicyVerb, type VerbOptions, type Words } from "./cli-policy.ts";
import { gateList } from "./core/gate-list.ts";
import { showTable } from "./core/show.ts";
import { defaultTable } from "./core/verdict-table.ts";
import { languages } from "./core/words.ts";
import type { ReplayOptions } from "./replay-command.ts";

/** What only main.ts may touch: the process, the environment, the terminal. */
export interface CommandActions {
  readonly run: (config: string) => Promise<number>;
  /** As if it had this mode, where one is named. */
  readonly checkConfig: (config: string, mode?: string) => Promise<number>;
  readonly schema: () => string;
  /** A cloud of clouds.yaml, before anything of ours is installed. */
  readonly checkCloud: (cloud: string) => Promise<CloudCheckUp>;
  /** Every value of a file as it counts; undefined when it has problems, which were said. */
  readonly shownConfig: (config: string) => readonly SettingLine[] | undefined;
  readonly replay: (options: ReplayOptions) => Promise<number>;
  readonly user: () => string;
  /** What the person types after a question; undefined when there is no terminal. */
  readonly typed: (question: string) => Promise<string | undefined>;
  readonly print: (text: string) => void;
  /** What is so while a verb waits: beside what it prints, so that scripts read one record. */
  readonly note: (text: string) => void;
  readonly isTerminal: boolean;
}

const defaultSocket = "/run/guardian/guardian.sock";

interface Reasoned {
  readonly reason: string;
}

type Global = Way & Output;

/** Parses argv and runs the verb; returns the exit code: 0 ok, 1 error, 2 usage. */
export async function buildCommands(
  actions: CommandActions,
  argv: readonly string[],
): Promise<number> {
  let code = 0;
  const program = bareProgram();
  const global = (): Global => program.opts<Global>();
  program
    .command("run")
    .description("run the daemon")
    .option("--config <file>", "configuration", defaultConfig)
    .action(async (options: { config: string }) => {
      code = await actions.run(options.config);
    });
  const print = (value: unknown): void => actions.print(formatAs(value, global()));
  const shown = (path: string): Promise<unknown> => askBy(global(), "GET", path);
  const show = async (path: string): Promise<void> => print(await shown(path));
  const tell = async (path: string, words: Words): Promise<void> => {
    const by = global().api === undefined ? { by: actions.user() } : {};
    print(await askBy(global(), "POST", path, { ...by, ...words }));
  };
  addVerbs(program, show, tell);
  const confirm = async (wanted: string, what: string): Promise<void> => {
    const typed = await actions.typed(`${what}\nType ${wanted} to go on: `);
    if (typed === undefined) {
      return program.error(
        `no terminal to ask on: see --yes in the help of this command (${what})`,
      );
    }
    if (typed.trim() !== wanted)
      throw new Error(`"${typed.trim()}" is not ${wanted}: nothing done`);
  };
  const { print: say, note } = actions;
  const isTable = (): boolean => global().format === "table";
  const verbActions = { show, shown, tell, confirm, print, say, note };
  addPolicyVerbs(program, [
    ...policyVerbs(verbActions),
    ...notifyVerbs(verbActions),
    ...cloudVerbs(verbActions),
    ...tokenVerbs(verbActions),
    ...watchVerbs(verbActions),
    doctorVerb({ ...verbActions, checkCloud: actions.checkCloud, isTable }),
  ]);
  const asking = { shown, table: print, print: actions.print, socket: () => global().socket };
  addConfig(
    program,
    actions,
    print,
    (result) => (code = result),
    () => isReadyToAct(asking),
  );
  addReplay(program, async (options) => {
    code = await actions.replay({ ...options, socket: global().socket });
  });
  addPolicyTables(program, show, print);
  addCheck(program, shown, actions.print, (result) => (code = result));
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    // Commander has said what was wrong; help and version end here too, with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return code;
}

function bareProgram(): Command {
  return new Command("guardian")
    .description("keeps the servers of an OpenStack cloud alive when its compute hosts fail")
    .option("--socket <path>", "the daemon's socket", defaultSocket)
    .option("--api <url>", "its address on the network, such as https://guardian:8775")
    .option("--token-file <path>", "with --api: a file, mode 0600, that holds the token")
    .option("--ca-file <path>", "with --api: the authorities that count, instead of the system's")
    .addOption(
      new Option("-f, --format <format>", "of what is printed")
        .choices([...formats])
        .default("table"),
    )
    .option("-c, --column <name>", "this column alone; may be given again", collect, [])
    .option("--sort-column <name>", "in the order of this column")
    .option("--noindent", "JSON in one line")
    .exitOverride();
}

/** What machines ask: monitoring, and the shell. */
function addCheck(
  program: Command,
  shown: (path: string) => Promise<unknown>,
  say: (text: string) => void,
  ended: (code: number) => void,
): void {
  program
    .command("check")
    .description("for Nagios and its kin: exit code 0 ok, 1 warning, 2 critical, 3 unknown")
    .command("host <host>")
    .action(async (name: string) => {
      const { text, code } = await checkHost(shown, name);
      say(text);
      ended(code);
    });
  program
    .command("completion")
    .description("for bash: source <(guardian completion)")
    .action(() => say(bashCompletion(program)));
}

/** Options that may be given again, as a list. */
function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

const api = "/api/v1";
const at = (name: string): string => encodeURIComponent(name);

/** The tables by which is decided: as delivered, or as a host's policy has them. */
function addPolicyTables(
  program: Command,
  show: (path: string) => Promise<void>,
  print: (rows: readonly unknown[]) => void,
): void {
  const policy = program.command("policy").description("what is concluded from what");
  policy
    .command("show [host]")
    .description("the verdict table as delivered, or as it counts for a host")
    .action((host: string | undefined) =>
      host === undefined ? print(showTable(defaultTable)) : show(`${api}/policy/${at(host)}`),
    );
  policy
    .command("gates")
    .description("every gate before an action, whether it fails open or closed, and why")
    .action(() => print(gateList));
}

function addConfig(
  program: Command,
  actions: CommandActions,
  print: (value: unknown) => void,
  ended: (code: number) => void,
  isReady: () => Promise<boolean>,
): void {
  const config = program.command("config").description("the configuration file");
  const asMode = new Option("--mode <mode>", "as if it had this mode");
  config
    .command("check")
    .description("list every problem of the configuration; starts nothing")
    .option("--config <file>", "configuration", defaultConfig)
    .addOption(asMode.choices(["observe", "ask", "act"]))
    .action(async (options: { readonly config: string; readonly mode?: string }) => {
      const code = await actions.checkConfig(options.config, options.mode);
      const acts = code === 0 && options.mode === "act";
      ended(acts && !(await isReady()) ? 1 : code);
    });
  config
    .command("show")
    .description("every value as it counts, and where it is from; needs no daemon")
    .option("--config <file>", "configuration", defaultConfig)
    .action(({ config: path }: { readonly config: string }) => {
      const lines = actions.shownConfig(path);
      if (lines === undefined) return ended(2);
      print(lines);
    });
  config
    .command("schema")
    .description("the configuration as JSON Schema")
    .action(() => actions.print(actions.schema()));
}

function addReplay(
  program: Command,
  run: (options: Omit<ReplayOptions, "socket">) => Promise<void>,
): void {
  program
    .command("replay [incident]")
    .description("an incident again, from what was recorded; without one: what is recorded")
    .option(
      "--journal <file>",
      "a copy of the journal, or what --save wrote; else the daemon is asked",
    )
    .option(
      "--policy <file>",
      "another guardian.yaml: what would it have done with the same inputs",
    )
    .option("--for <duration>", "how much of the incident", "15m")
    .option("--save <file>", "keep its recording")
    .action((incident: string | undefined, options: Partial<ReplayOptions>) => {
      const { journal, policy, save } = options;
      return run({ incident, journal, policy, save, for: options.for ?? "15m" });
    });
}

function addVerbs(
  program: Command,
  show: (path: string) => Promise<void>,
  tell: (path: string, words: Words) => Promise<void>,
): void {
  program
    .command("status")
    .description("the guardian itself")
    .action(() => show(`${api}/status`));
  const host = program.command("host").description("compute hosts");
  host
    .command("list")
    .description("every host in one line")
    .action(() => show(`${api}/hosts`));
  host
    .command("show <host>")
    .description("the same as explain")
    .action((name: string) => show(`${api}/hosts/${at(name)}`));
  host
    .command("explain <host>")
    .description("the verdict, its evidence, what holds an action, and what would change it")
    .addOption(
      new Option("--language <language>", "of the sentences; without it the daemon's").choices([
        ...languages,
      ]),
    )
    .action((name: string, { language }: { readonly language?: string }) =>
      show(`${api}/hosts/${at(name)}${language === undefined ? "" : `?language=${language}`}`),
    );
  host
    .command("release <host>")
    .description("a fenced host is people's business again")
    .requiredOption("--reason <text>", "what was repaired")
    .action((name: string, { reason }: Reasoned) =>
      tell(`${api}/hosts/${at(name)}/release`, { reason }),
    );
  const incident = program.command("incident").description("open incidents");
  incident.command("list").action(() => show(`${api}/incidents`));
  incident.command("show <id>").action((id: string) => show(`${api}/incidents/${at(id)}`));
  program
    .command("fence")
    .description("power devices")
    .command("vouch <hosts...>")
    .description("the power devices of these hosts, as they answer now, are theirs")
    .requiredOption("--reason <text>", "how you know")
    .action(async (hosts: string[], { reason }: Reasoned) => {
      for (const name of hosts) await tell(`${api}/hosts/${at(name)}/vouch`, { reason });
    });
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Verbs as data, made into commands. */
function addPolicyVerbs(program: Command, verbs: readonly PolicyVerb[]): void {
  for (const verb of verbs) {
    const parent = program.commands.find((found) => found.name() === verb.under);
    const group = verb.under === undefined ? program : (parent ?? program.command(verb.under));
    const command = group.command(verb.usage).description(verb.description);
    for (const { flags, description, required } of verb.options) {
      if (required) command.requiredOption(flags, description);
      else command.option(flags, description);
    }
    command.action(async (...given: unknown[]) => {
      // Commander hands the arguments, then the options, then the command; the last may be several.
      const [argument = "", ...further] = given.slice(0, -2).flat().filter(isText);
      await verb.run(argument, Object(given.at(-2)) as VerbOptions, further);
    });
  }
}
