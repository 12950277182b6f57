#!/usr/bin/env node
/** guardian-probe: measures what this compute host's servers depend on, and reports it. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { systemClock } from "../shared/clock.ts";
import { formatProblems } from "../shared/config-problems.ts";
import { describeError } from "../shared/errors.ts";
import { readHostKeyFile, type HostKeyFile } from "../shared/key-files.ts";
import { createProbe } from "./app.ts";
import { readProbeConfig } from "./config.ts";
import { writeBmcGuid } from "./shell/bmc-guid.ts";
import { createLogger } from "./shell/logging.ts";
import { readPlannedEnd } from "./shell/planned-end.ts";

const usage = `guardian-probe [--config FILE] [--check-config] [--once]
  --config FILE   default /etc/guardian/probe.yaml
  --check-config  list every problem of the configuration and exit (0 none, 2 some)
  --once          run every check once, send one report, print it
  --read-bmc      as root, at boot: ask this host's BMC for its GUID, and leave it in bmcGuidFile`;

async function main(): Promise<number> {
  const { values } = readArguments();
  if (values.help) {
    console.log(usage);
    return 0;
  }
  let text: string;
  try {
    text = readFileSync(values.config, "utf8");
  } catch (error) {
    console.error(`guardian-probe: ${describeError(error)}`);
    return 2;
  }
  const loaded = readProbeConfig(text, process.env);
  if (loaded.kind === "problems") {
    console.error(formatProblems(values.config, loaded.problems));
    return 2;
  }
  const { config } = loaded;
  if (values["read-bmc"]) return await readBmc(config.bmcGuidFile);
  const hostKey = tryReadHostKey(config.keyFile);
  if (hostKey === undefined) return 2;
  if (values["check-config"]) {
    console.log(`${values.config}: ok (host ${hostKey.host})`);
    return 0;
  }
  const log = createLogger(config.log.level);
  const host = { hostKey, bootId: readBootId(), plannedEnd: () => readPlannedEnd() };
  const probe = createProbe({ config, ...host, clock: systemClock, log });
  if (values.once) {
    console.log(JSON.stringify(await probe.runOnce(), undefined, 2));
    return 0;
  }
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => stopping.abort());
  }
  log.info({ event: "started", host: hostKey.host, pid: process.pid }, "probe started");
  await probe.run(stopping.signal);
  log.info({ event: "stopped" }, "probe stopped");
  return 0;
}

async function readBmc(file: string): Promise<number> {
  const problem = await writeBmcGuid(file);
  if (problem === undefined) return 0;
  console.error(
    `guardian-probe: ${problem}; the guardian knows its power device by other means, see docs/install.md`,
  );
  return 1;
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        config: { type: "string", default: "/etc/guardian/probe.yaml" },
        "check-config": { type: "boolean", default: false },
        once: { type: "boolean", default: false },
        "read-bmc": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    console.error(`guardian-probe: ${describeError(error)}\n${usage}`);
    process.exit(2);
  }
}

function tryReadHostKey(path: string): HostKeyFile | undefined {
  try {
    return readHostKeyFile(path);
  } catch (error) {
    console.error(`guardian-probe: ${describeError(error)}`);
    return undefined;
  }
}

function readBootId(): string {
  const text = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  return text.replaceAll("-", "").slice(0, 16);
}

try {
  // A check that hangs in the kernel must not keep the process: exit does not wait for it.
  process.exit(await main());
} catch (error) {
  console.error(`guardian-probe: ${describeError(error)}`);
  process.exit(1);
}
