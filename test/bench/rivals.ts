/**
 * Other programs that take as much by UDP: statsd from npm and InfluxDB's own listener, each in a directory of its own.
 * One that cannot be had here is left out, with the reason.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../shared/loop.ts";

export interface Rival {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** The nine values of a liveness report, as it takes them. */
  readonly payload: string;
}

const values = {
  storage: 1,
  business: 1,
  directory: 1,
  libvirt: 1,
  directory_latency_ms: 7,
  servers_total: 30,
  servers_running: 29,
  storage_age_ms: 200,
  business_age_ms: 300,
};

/** Starts each that there is; the rest as sentences. */
export async function startRivals(
  folder: string,
): Promise<{ readonly rivals: readonly Rival[]; readonly missing: readonly string[] }> {
  const missing: string[] = [];
  const rivals: Rival[] = [];
  for (const start of [startStatsd, startInfluxUdp]) {
    const started = start(folder);
    if (typeof started === "string") missing.push(started);
    else rivals.push(started);
  }
  await sleep(3000);
  return { rivals, missing };
}

function startStatsd(folder: string): Rival | string {
  const home = join(folder, "statsd");
  mkdirSync(home);
  try {
    const words = [
      "install",
      "--prefix",
      home,
      "--omit=optional",
      "--ignore-scripts",
      "statsd@0.9.0",
    ];
    execFileSync("npm", words, { stdio: "ignore", timeout: 120_000 });
  } catch (error) {
    return `statsd: npm install failed: ${String(error).slice(0, 100)}`;
  }
  const port = 18_125;
  const config = join(home, "config.js");
  const settings = { port, mgmt_port: 18_126, address: "127.0.0.1", backends: [] };
  writeFileSync(config, `(${JSON.stringify(settings)})`);
  const program = join(home, "node_modules/statsd/stats.js");
  const child = spawn(process.execPath, [program, config], { stdio: "ignore" });
  const lines = Object.entries(values).map(([name, value]) => `compute-1.${name}:${value}|g`);
  return {
    name: "statsd 0.9.0, nine values, unsigned",
    port,
    process: child,
    payload: lines.join("\n"),
  };
}

function startInfluxUdp(folder: string): Rival | string {
  if (!existsSync("/usr/bin/influxd")) return "influxd: Debian's package influxdb is not installed";
  const port = 18_089;
  const child = startInfluxd(join(folder, "influx-udp"), 18_087, port);
  const fields = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  const payload = `host_liveness,host=compute-1,path=storage ${fields.join(",")}`;
  return { name: "influxd 1.6.7 UDP listener, unsigned", port, process: child, payload };
}

/** An influxd of ours, all of it below `home`; with a UDP listener when it gets a port for one. */
export function startInfluxd(home: string, httpPort: number, udpPort?: number): ChildProcess {
  mkdirSync(home);
  const config = join(home, "influxdb.conf");
  const udp = `[[udp]]\n enabled = true\n bind-address = "127.0.0.1:${udpPort}"\n database = "udp"\n read-buffer = 4194304\n`;
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
 dir = "${home}/meta"
[data]
 dir = "${home}/data"
 wal-dir = "${home}/wal"
 query-log-enabled = false
[http]
 bind-address = "127.0.0.1:${httpPort}"
 log-enabled = false
[monitor]
 store-enabled = false
${udpPort === undefined ? "" : udp}`,
  );
  return spawn("/usr/bin/influxd", ["-config", config], { stdio: "ignore" });
}
