#!/usr/bin/env node
/** guardian-collector: takes the probes' reports and stores them. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { systemClock } from "../shared/clock.ts";
import { formatProblems } from "../shared/config-problems.ts";
import { describeError } from "../shared/errors.ts";
import { runCollector } from "./app.ts";
import { readCollectorConfig } from "./config.ts";
import { runCommand, secretProblems } from "./one-off-commands.ts";
import { checkStoreOnce } from "./once.ts";
import { createLogger } from "./shell/logging.ts";

const usage = `guardian-collector [--config FILE] [--check-config] [--once]
guardian-collector keys init                     create the master key file
guardian-collector keys add                      add a master key, for a rotation
guardian-collector keys issue HOST [--out FILE]  write one host's key, mode 0600
guardian-collector store init                    create the InfluxDB database and policies
  --config FILE   default /etc/guardian/collector.yaml
  --check-config  list every problem of the configuration and exit (0 none, 2 some)
  --once          write one watermark to the store and exit (0 stored, 1 not)`;

const { values, positionals } = readArguments();
const config = readConfig();
const log = createLogger(config.log.level);

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        config: { type: "string", default: "/etc/guardian/collector.yaml" },
        "check-config": { type: "boolean", default: false },
        once: { type: "boolean", default: false },
        out: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return leave(2, `guardian-collector: ${describeError(error)}\n${usage}`);
  }
}

function readConfig() {
  if (values.help) return leave(0, usage);
  try {
    const loaded = readCollectorConfig(readFileSync(values.config, "utf8"), process.env);
    if (loaded.kind === "config") return loaded.config;
    return leave(2, formatProblems(values.config, loaded.problems));
  } catch (error) {
    return leave(2, `guardian-collector: ${describeError(error)}`);
  }
}

function leave(code: number, text: string): never {
  (code === 0 ? console.log : console.error)(text);
  process.exit(code);
}

async function main(): Promise<void> {
  if (values["check-config"]) {
    const problems = secretProblems(config);
    if (problems.length > 0) leave(2, formatProblems(values.config, problems));
    leave(0, `${values.config}: ok`);
  }
  if (positionals.length > 0) {
    const result = await runCommand(positionals, config, values.out);
    return leave(result?.code ?? 2, result?.text ?? usage);
  }
  if (values.once) {
    const result = await checkStoreOnce({ config, clock: systemClock, log });
    return leave(result.kind === "stored" ? 0 : 1, JSON.stringify(result));
  }
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stopping.abort());
  await runCollector({ config, clock: systemClock, log }, stopping.signal);
  log.info({ event: "stopped" }, "collector stopped");
}

try {
  await main();
  process.exit(0);
} catch (error) {
  leave(1, `guardian-collector: ${describeError(error)}`);
}
