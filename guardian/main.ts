#!/usr/bin/env node
/** guardian: the daemon (`guardian run`) and the operator's command line in one. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { formatProblems } from "../shared/config-problems.ts";
import { describeError } from "../shared/errors.ts";
import { buildCommands, type CommandActions } from "./cli.ts";
import { checkCloud } from "./cloud-doctor.ts";
import { settingLines, type SettingLine } from "./api/settings-shown.ts";
import { configSchema, parseYaml, readGuardianConfig, type GuardianConfig } from "./config.ts";
import { prepare, runDaemon } from "./daemon.ts";
import { runReplay } from "./replay-command.ts";
import { createLogger } from "./shell/logging.ts";

const exits = { ok: 0, error: 1, usage: 2 } as const;

interface ReadConfig {
  readonly config: GuardianConfig;
  readonly shownSettings: readonly SettingLine[];
}

function readConfig(path: string, mode: string | undefined): ReadConfig | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    console.error(`guardian: ${describeError(error)}`);
    return undefined;
  }
  const as = mode === undefined ? {} : { GUARDIAN__MODE: mode };
  const env = { ...process.env, ...as };
  const loaded = readGuardianConfig(text, env);
  if (loaded.kind === "config") {
    const { config } = loaded;
    return { config, shownSettings: settingLines(config, parseYaml(text), env) };
  }
  console.error(formatProblems(path, loaded.problems));
  return undefined;
}

async function run(path: string, checkOnly: boolean, mode?: string): Promise<number> {
  const read = readConfig(path, mode);
  if (read === undefined) return exits.usage;
  const { config, shownSettings } = read;
  const log = createLogger({ name: "guardian", level: config.log.level });
  const preparation = await prepare(config, process.env, process.cwd(), log);
  if (preparation.kind === "problems") {
    console.error(formatProblems(path, preparation.problems));
    return exits.usage;
  }
  const { late } = preparation;
  if (checkOnly && late.length > 0) {
    console.error(formatProblems(path, late));
    return exits.usage;
  }
  if (checkOnly) {
    const { settings, ports } = preparation.prepared;
    const hosts = `${settings.hosts.size} hosts`;
    console.log(
      `${path}: ok (cloud ${settings.cloud}, mode ${settings.mode}, ${hosts}, ${ports.pinger.name})`,
    );
    return exits.ok;
  }
  for (const reason of late) {
    const next =
      "mend it: a channel is read again with each message, the heartbeat at the next start";
    const fields = { event: "channel-late", reason, next };
    log.error(fields, "a way to tell people is not there: hosts are guarded without it");
  }
  const stopping = new AbortController();
  // Its configuration is read at the start alone: nothing of it may end because somebody asks the probe's way.
  process.on("SIGHUP", () =>
    log.warn({ event: "sighup" }, "nothing is read again: start it again"),
  );
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => stopping.abort());
  }
  return runDaemon({ ...preparation.prepared, shownSettings }, stopping.signal);
}

const actions: CommandActions = {
  run: (path) => run(path, false),
  checkConfig: (path, mode) => run(path, true, mode),
  checkCloud: (cloud) => checkCloud(cloud, process.env, process.cwd()),
  shownConfig: (path) => readConfig(path, undefined)?.shownSettings,
  schema: () => JSON.stringify(configSchema(), undefined, 2),
  user: () => process.env["SUDO_USER"] ?? process.env["USER"] ?? `uid ${process.getuid?.() ?? -1}`,
  typed: async (question) => {
    if (!process.stdin.isTTY) return undefined;
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await terminal.question(question);
    } finally {
      terminal.close();
    }
  },
  replay: (options) => runReplay(options, (text) => console.log(text)),
  print: (text) => console.log(text),
  note: (text) => console.error(text),
  isTerminal: process.stdout.isTTY,
};

try {
  process.exit(await buildCommands(actions, process.argv));
} catch (error) {
  console.error(`guardian: ${describeError(error)}`);
  process.exit(exits.error);
}
