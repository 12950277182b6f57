/**
 * Other programs that take as much by UDP: statsd from npm, collectd and InfluxDB's own listener, each in a directory of its own.
 * One that cannot be had here is left out, with the reason.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../shared/loop.ts";
import { collectdPacket, collectdPassword, collectdUser } from "./collectd-packet.ts";

export interface Rival {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Which form of the nine values it takes. */
  readonly kind: string;
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

/** The nine values of a liveness report as a program takes them: the datagram of each number below `count`. */
export function payloadOf(kind: string, count: number): (at: number) => Buffer {
  const entries = Object.entries(values);
  if (kind === "collectd") {
    const nowMs = Date.now();
    const packets = Array.from({ length: count }, (_, at) => collectdPacket(values, nowMs, at));
    return (at) => packets[at] ?? Buffer.alloc(0);
  }
  const fields = entries.map(([name, value]) => `${name}=${value}`).join();
  const lines = entries.map(([name, value]) => `compute-1.${name}:${value}|g`).join("\n");
  const same = kind === "influx" ? `host_liveness,host=compute-1,path=storage ${fields}` : lines;
  const payload = Buffer.from(same);
  return () => payload;
}

/** Starts each that there is; the rest as sentences. */
export async function startRivals(
  folder: string,
): Promise<{ readonly rivals: readonly Rival[]; readonly missing: readonly string[] }> {
  const missing: string[] = [];
  const rivals: Rival[] = [];
  for (const start of [startStatsd, startCollectd, startInfluxUdp]) {
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
  return { name: "statsd 0.9.0, nine values, unsigned", port, process: child, kind: "statsd" };
}

function startCollectd(folder: string): Rival | string {
  const collectd = "/usr/sbin/collectd";
  if (!existsSync(collectd)) return "collectd: Debian's package collectd-core is not installed";
  const home = join(folder, "collectd");
  mkdirSync(home);
  const port = 15_826;
  const users = join(home, "users");
  writeFileSync(users, `${collectdUser}: ${collectdPassword}\n`, { mode: 0o600 });
  const config = join(home, "collectd.conf");
  writeFileSync(
    config,
    `BaseDir "${home}"
PIDFile "${home}/pid"
WriteThreads 1
LoadPlugin network
<Plugin network>
 <Listen "127.0.0.1" "${port}">
  SecurityLevel Sign
  AuthFile "${users}"
 </Listen>
</Plugin>
# Taken, looked up in its cache and kept there; nothing is written anywhere.
<Chain "PostCache">
 Target "stop"
</Chain>
`,
  );
  const child = spawn(collectd, ["-f", "-C", config], { stdio: "ignore" });
  return { name: "collectd 5.12.0, nine values, signed", port, process: child, kind: "collectd" };
}

function startInfluxUdp(folder: string): Rival | string {
  if (!existsSync("/usr/bin/influxd")) return "influxd: Debian's package influxdb is not installed";
  const port = 18_089;
  const child = startInfluxd(join(folder, "influx-udp"), 18_087, port);
  const name = "influxd 1.6.7 UDP listener, unsigned";
  return { name, port, process: child, kind: "influx" };
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
