/** A real probe process, and a socket that hears every report of it: when each came, and what it said. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { decodeHeader, decodeRecords, type Report } from "../../shared/wire.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { waitFor } from "../support/wait-for.ts";

export interface Traffic {
  readonly reports: number;
  readonly datagrams: number;
  readonly bytes: number;
}

const noTraffic: Traffic = { reports: 0, datagrams: 0, bytes: 0 };

export interface ObservedProbe {
  readonly process: DaemonProcess;
  /** Waits for a report of which this holds; how long it took, ms. */
  until(what: string, holds: (report: Report) => boolean, withinMs: number): Promise<number>;
  /** The longest time without a liveness record since the last call, ms. */
  longestGapMs(): number;
  /** What left it since the last call. */
  takeTraffic(): Traffic;
  /** Volumes of a sample's newest values, by resource. */
  samples(name: string): ReadonlyMap<string, number>;
  /** May be called twice. */
  end(): Promise<void>;
}

/** `checks` is YAML of the section of that name, and of what may follow it. */
export async function observeProbe(
  directory: string,
  checks: string,
  samplesEvery = "1s",
): Promise<ObservedProbe> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  const [keyFile, config] = [join(directory, "probe.key"), join(directory, "probe.yaml")];
  const key = { host: "compute-1", keyId: 1, key: "07".repeat(32) };
  writeFileSync(keyFile, JSON.stringify(key), { mode: 0o600 });
  const collectors = `[{ address: 127.0.0.1, port: ${port}, path: management }]`;
  const head = `keyFile: ${keyFile}\ncollectors: ${collectors}\nsamplesEvery: ${samplesEvery}\nchecks:\n`;
  writeFileSync(config, head + checks);
  const reports: Report[] = [];
  const values = new Map<string, Map<string, number>>();
  let lastMs = performance.now();
  let gapMs = 0;
  let traffic = noTraffic;
  let hasEnded = false;
  socket.on("message", (bytes) => {
    const header = decodeHeader(bytes);
    const report = typeof header === "string" ? undefined : decodeRecords(header, bytes);
    if (report === undefined) return;
    traffic = {
      reports: traffic.reports + (report.liveness === undefined ? 0 : 1),
      datagrams: traffic.datagrams + 1,
      bytes: traffic.bytes + bytes.length,
    };
    reports.push(report);
    for (const record of report.more ?? []) {
      if (record.kind !== "samples") continue;
      for (const { name, volume } of record.samples) {
        const ofName = values.get(name) ?? new Map<string, number>();
        values.set(name, ofName.set(record.resource, volume));
      }
    }
    if (report.liveness === undefined) return;
    gapMs = Math.max(gapMs, performance.now() - lastMs);
    lastMs = performance.now();
  });
  const process = startDaemon("compute-probe/main.js", ["--config", config]);
  return {
    process,
    async until(what, holds, withinMs) {
      const [fromMs, from] = [performance.now(), reports.length];
      const found = (): true | undefined => reports.slice(from).some(holds) || undefined;
      await waitFor(what, found, withinMs);
      return Math.round(performance.now() - fromMs);
    },
    longestGapMs() {
      const longest = Math.max(gapMs, performance.now() - lastMs);
      gapMs = 0;
      return Math.round(longest);
    },
    takeTraffic() {
      const taken = traffic;
      traffic = noTraffic;
      return taken;
    },
    samples: (name) => values.get(`compute.node.${name}`) ?? values.get(name) ?? new Map(),
    async end() {
      if (hasEnded) return;
      hasEnded = true;
      await process.end("SIGTERM");
      socket.close();
    },
  };
}
