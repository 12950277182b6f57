#!/usr/bin/env node
/** guardian-probe: measures what this compute host's servers depend on, and reports it. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { systemClock } from "../shared/clock.ts";
import { formatProblems } from "../shared/config-problems.ts";
import { describeError } from "../shared/errors.ts";
import { readHostKeyFile, type HostKeyFile } from "../shared/key-files.ts";
import { silentLogger, type Logger } from "../shared/log.ts";
import { hostName } from "../shared/names.ts";
import { importKey } from "../shared/wire-auth.ts";
import { createProbe, reloading, type Probe } from "./app.ts";
import { defaultStartGuard, readProbeConfig, type ProbeConfig } from "./config.ts";
import { exitOf, renderStandings } from "./core/once-table.ts";
import { writeBmcGuid } from "./shell/bmc-guid.ts";
import { writeDmiSerial } from "./shell/dmi-serial.ts";
import { createLogger } from "./shell/logging.ts";
import { readPlannedEnd } from "./shell/planned-end.ts";
import { guardStart, type StartAsked } from "./shell/start-guard.ts";
import { writeOverride } from "./shell/start-record.ts";

const usage = `guardian-probe [--config FILE] [--check-config | --once [--json] | --read-bmc | --start-guard]
  --config FILE   default /etc/guardian/probe.yaml; a SIGHUP reads it again
  --check-config  list every problem of the configuration and exit (0 none, 2 some)
  --once          run every check once, send one report, print what was found as a table
                  (exit 0 all well, 1 a warning or something unknown, 2 something is down)
  --json          with --once: as JSON
  --read-bmc      as root, at boot: ask this host's BMC for its GUID, and leave it in bmcGuidFile;
                  leave the serial number of its firmware in serialFile
  --start-guard   at boot, before nova-compute and libvirt-guests: end when a collector says that the
                  guardian has not fenced this host, or after startGuard.giveUpAfter without a word
  --override --reason TEXT
                  with --start-guard: let it end now, in this boot`;

async function main(): Promise<number> {
  const { values } = readArguments();
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (values["start-guard"]) {
    return values.override
      ? override(values.config, values.reason)
      : await startGuard(values.config);
  }
  const loaded = load(values.config, { withKey: !values["read-bmc"] });
  if (loaded.kind === "problems") {
    console.error(formatProblems(values.config, loaded.problems));
    return 2;
  }
  const { config, hostKey } = loaded;
  if (values["read-bmc"]) return await readHardware(config);
  if (values["check-config"]) {
    console.log(`${values.config}: ok (host ${hostKey.host})`);
    return 0;
  }
  // The table is all that is to be read then.
  const log = values.once ? silentLogger : createLogger(config.log.level);
  if (!values.once) return await serve(values.config, loaded, log);
  const standings = await makeProbe(loaded, log).runOnce();
  const table = renderStandings(hostKey.host, standings);
  console.log(values.json ? JSON.stringify({ host: hostKey.host, standings }) : table);
  return exitOf(standings);
}

interface Loaded {
  readonly kind: "loaded";
  readonly config: ProbeConfig;
  readonly hostKey: HostKeyFile;
}

type Problems = { readonly kind: "problems"; readonly problems: readonly string[] };

const noKey: HostKeyFile = { host: hostName("unknown"), keyId: 0, key: new Uint8Array(32) };

/** The configuration with its key, and a probe that could be made of it; or every problem at once. */
function load(file: string, { withKey }: { readonly withKey: boolean }): Loaded | Problems {
  try {
    const read = readProbeConfig(readFileSync(file, "utf8"), process.env);
    if (read.kind === "problems") return read;
    const { config } = read;
    return { kind: "loaded", config, hostKey: withKey ? readHostKeyFile(config.keyFile) : noKey };
  } catch (error) {
    return { kind: "problems", problems: [describeError(error)] };
  }
}

function makeProbe({ config, hostKey }: Loaded, log: Logger): Probe {
  return createProbe({
    config,
    hostKey,
    bootId: readBootId(),
    clock: systemClock,
    random: Math.random,
    log,
    plannedEnd: () => readPlannedEnd(),
  });
}

/** Runs until a signal to stop. A SIGHUP goes on with the new configuration; a bad one changes nothing. */
async function serve(file: string, first: Loaded, firstLog: Logger): Promise<number> {
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => stopping.abort());
  }
  let [loaded, log] = [first, firstLog];
  let probe = makeProbe(first, firstLog);
  log.info({ event: "started", host: first.hostKey.host, pid: process.pid }, "probe started");
  let next: { readonly loaded: Loaded; readonly log: Logger; readonly probe: Probe } | undefined;
  let running = new AbortController();
  stopping.signal.addEventListener("abort", () => running.abort());
  process.on("SIGHUP", () => {
    next = reload(file, log);
    if (next !== undefined) running.abort(reloading);
  });
  for (;;) {
    await probe.run(running.signal);
    if (stopping.signal.aborted || next === undefined) break;
    ({ loaded, log, probe } = next);
    next = undefined;
    running = new AbortController();
    log.info({ event: "reloaded", host: loaded.hostKey.host }, "going by the new configuration");
  }
  log.info({ event: "stopped" }, "probe stopped");
  return 0;
}

/** A probe of the file as it is now; undefined, with the reasons in the log, when it makes no sense. */
function reload(file: string, log: Logger) {
  const loaded = load(file, { withKey: true });
  const problems = loaded.kind === "problems" ? loaded.problems : [];
  try {
    if (loaded.kind === "loaded") {
      const nextLog = createLogger(loaded.config.log.level);
      return { loaded, log: nextLog, probe: makeProbe(loaded, nextLog) };
    }
  } catch (error) {
    log.error({ event: "reload-refused", file, problems: [describeError(error)] }, reloadRefused);
    return undefined;
  }
  log.error({ event: "reload-refused", file, problems }, reloadRefused);
  return undefined;
}

const reloadRefused = "the new configuration is refused; the old one stays in force";

/** Ends when the servers of this host may start; nothing that is wrong on this host makes it fail. */
async function startGuard(file: string): Promise<number> {
  const say = (line: string): void => console.log(`guardian-start-guard: ${line}`);
  await guardStart({
    load: () => loadStart(file),
    fallback: startSettings(undefined),
    bootId: readBootId(),
    clock: systemClock,
    newNonce: () => randomBytes(8).toString("hex"),
    say,
  });
  return 0;
}

function loadStart(file: string): StartAsked | string {
  const loaded = load(file, { withKey: true });
  if (loaded.kind === "problems") return formatProblems(file, loaded.problems);
  const { config, hostKey } = loaded;
  const { host, keyId, key } = hostKey;
  const identity = { host, keyId, key: importKey(key) };
  const collectors = config.collectors.map((one) => ({
    ...one,
    sourceAddress: one.sourceAddress,
  }));
  return { identity, collectors, settings: startSettings(config) };
}

function startSettings(config: ProbeConfig | undefined): StartAsked["settings"] {
  const { giveUpAfter, directory } = config?.startGuard ?? defaultStartGuard;
  return { giveUpAfterMs: giveUpAfter, directory };
}

/** A person's word on this host, for this boot. */
function override(file: string, reason: string | undefined): number {
  if (reason === undefined || reason.trim() === "") {
    console.error(`guardian-probe: --override needs --reason TEXT\n${usage}`);
    return 2;
  }
  const loaded = load(file, { withKey: false });
  const { directory } = startSettings(loaded.kind === "loaded" ? loaded.config : undefined);
  const { username, uid } = userInfo();
  const caller = process.env["SUDO_USER"];
  const by = `${username} (uid ${uid})${caller === undefined ? "" : `, says ${caller}`}`;
  writeOverride(directory, readBootId(), { by, reason: reason.trim().slice(0, 500) });
  console.log(`the start guard of this boot lets this host start: ${by}: ${reason}`);
  return 0;
}

/** What only root may read: the firmware's serial, and what the host's own BMC shows it. */
async function readHardware({ bmcGuidFile, serialFile }: ProbeConfig): Promise<number> {
  const isSerial = writeDmiSerial(serialFile);
  console.log(isSerial ? `serial number in ${serialFile}` : "the firmware shows no serial number");
  if (!readdirSync("/dev").some((name) => name.startsWith("ipmi"))) {
    console.log("no BMC is seen from inside: no /dev/ipmi*");
    return 0;
  }
  const problem = await writeBmcGuid(bmcGuidFile);
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
        json: { type: "boolean", default: false },
        "read-bmc": { type: "boolean", default: false },
        "start-guard": { type: "boolean", default: false },
        override: { type: "boolean", default: false },
        reason: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    console.error(`guardian-probe: ${describeError(error)}\n${usage}`);
    process.exit(2);
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
