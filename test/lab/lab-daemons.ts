/** Our daemons in the lab: a collector on ctl, a probe in each host, the webhook receiver on grd. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import {
  hosts,
  writeCollectorConfig,
  writeProbeConfig,
  writeProbeHook,
  writeSecrets,
} from "./lab-configs.ts";
import { labFolder, runScript, stateFolder, through } from "./lab-scripts.ts";

/** A daemon of a fresh machine: nothing of the shell that runs the tests leaks in. */
export const daemonEnv: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  GUARDIAN_LAB_DIR: stateFolder,
  OS_CLIENT_CONFIG_FILE: join(stateFolder, "clouds.yaml"),
};

const distFolder = new URL("../../", import.meta.url).pathname;

export interface ReceivedAlert {
  readonly atMs: number;
  readonly class: string;
  readonly status: string;
  readonly host: string | undefined;
  readonly kind: string;
  readonly title: string;
  readonly why: readonly string[];
  readonly impact: string;
}

export interface LabDaemons {
  readonly webhookUrl: string;
  /** Every authentic alert since the daemons were started, in order of arrival. */
  alerts(): readonly ReceivedAlert[];
  /** `storePort`: where it writes, when something stands before the store. */
  startCollector(storePort?: number): Promise<void>;
  killCollector(): Promise<void>;
  /** Each of our daemons that should live now, with version and pid; throws when one does not. */
  parts(): readonly string[];
  /** Pids by name, of those whose cost is worth knowing. */
  pids(): ReadonlyMap<string, number>;
  end(): Promise<void>;
}

/** Issues keys, creates the database, starts everything but the guardian. */
export async function startLabDaemons(folder: string): Promise<LabDaemons> {
  writeSecrets(folder);
  const config = writeCollectorConfig(folder);
  collectorCommand(config, "keys", "init");
  collectorCommand(config, "store", "init");
  for (const host of hosts) {
    collectorCommand(config, "keys", "issue", host, "--out", join(folder, `${host}.key`));
    writeProbeConfig(folder, host);
    writeProbeHook(folder, host, `${distFolder}compute-probe/main.js`);
  }
  const receiver = startDaemon("test/lab/webhook-child.js", [join(folder, "webhook.key")], {
    through: through("grd"),
    env: daemonEnv,
  });
  const listening = await receiver.logged("listening");
  let collector: DaemonProcess | undefined;
  const startCollector = async (storePort?: number): Promise<void> => {
    writeCollectorConfig(folder, storePort);
    collector = startDaemon("collector/main.js", ["--config", config], {
      through: through("ctl"),
      env: daemonEnv,
    });
    await collector.logged("started", 10_000);
  };
  await startCollector();
  for (const host of hosts) await runScript("hosts/host.sh", "probe", host);
  return {
    webhookUrl: String(listening["url"]),
    alerts: () => receiver.entries().flatMap(alertOf),
    startCollector,
    killCollector: async () => void (await collector?.end("SIGKILL")),
    parts: () => [
      part("collector", collector?.pid),
      part("webhook receiver", receiver.pid),
      ...hosts.map((host) => part(`probe of ${host}`, probePid(host))),
    ],
    pids: () =>
      new Map([
        ["collector", collector?.pid ?? 0],
        ["probe of compute-1", probePid("compute-1") ?? 0],
      ]),
    async end() {
      await collector?.end("SIGTERM");
      await receiver.end("SIGTERM");
      writeFileSync(join(folder, "webhooks.log"), receiver.lines.join("\n"));
    },
  };
}

function collectorCommand(config: string, ...words: readonly string[]): void {
  const [enter = "", node = ""] = through("ctl");
  const main = `${distFolder}collector/main.js`;
  const args = [node, process.execPath, main, ...words, "--config", config];
  execFileSync(enter, args, { env: daemonEnv, stdio: ["ignore", "pipe", "pipe"] });
}

function part(name: string, pid: number | undefined): string {
  if (pid === undefined) throw new Error(`${name} does not run`);
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  return `  ${name.padEnd(24)} ${`ours ${version}, node ${process.version}`.padEnd(28)} ${pid}`;
}

/** The pid of the probe inside a host, as the machine outside sees it. */
export function probePid(host: string): number | undefined {
  const pids = execFileSync(`${labFolder}hosts/host.sh`, ["pids", host]);
  return pids
    .toString()
    .split("\n")
    .map(Number)
    .find((pid) => pid > 0 && commandOf(pid).includes("compute-probe/main.js"));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function alertOf(entry: Readonly<Record<string, unknown>>): readonly ReceivedAlert[] {
  if (entry["event"] !== "webhook") return [];
  if (entry["authentic"] !== true) throw new Error("a webhook came without a valid signature");
  const { data } = entry["body"] as { data: Omit<ReceivedAlert, "atMs"> };
  return [{ ...data, atMs: Number(entry["at"]) }];
}
