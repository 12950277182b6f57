/** A real collector process in a directory of its own, with keys, on ports the kernel chose. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostName } from "../../shared/names.ts";
import { deriveHostKey } from "../../shared/wire-auth.ts";
import { startDaemon, type DaemonOptions, type DaemonProcess } from "./daemon-process.ts";

export interface CollectorFixture {
  readonly directory: string;
  readonly database: string;
  readonly spool: string;
  readonly configFile: string;
  readonly token: string;
  keyOf(host: string): Uint8Array;
  /** Starts it (again); a second start keeps the port of the first. */
  start(options?: LaunchOptions): Promise<StartedCollector>;
  /** The same, and it may end before it has started. */
  launch(options?: LaunchOptions): { process: DaemonProcess; started: Promise<StartedCollector> };
  remove(): void;
}

export interface LaunchOptions extends DaemonOptions {
  /** YAML that is added to the configuration. */
  readonly config?: string;
}

export interface StartedCollector {
  readonly process: DaemonProcess;
  readonly port: number;
  readonly livePort: number;
  readonly epoch: number;
}

/**
 * `store` is the YAML of the store section, for any but SQLite; SPOOL in it stands for a directory of its own. `more`
 * are further lines of the file.
 */
export function createCollectorFixture(
  store?: string,
  directoryPrefix = "guardian-collector-",
  more: (directory: string) => string = () => "",
): CollectorFixture {
  const directory = mkdtempSync(join(tmpdir(), directoryPrefix));
  const master = randomBytes(32);
  const token = randomBytes(12).toString("hex");
  const file = (name: string): string => join(directory, name);
  const keys = JSON.stringify({ keys: [{ id: 1, key: master.toString("hex") }] });
  writeFileSync(file("master.json"), keys, { mode: 0o600 });
  writeFileSync(file("token"), `${token}\n`, { mode: 0o600 });
  const database = file("telemetry.db");
  let port = 0;
  function launch(options?: LaunchOptions): ReturnType<CollectorFixture["launch"]> {
    writeFileSync(
      file("collector.yaml"),
      `id: c1
listen: { address: 127.0.0.1, port: ${port} }
masterKeyFile: ${file("master.json")}
replayFile: ${file("replays.json")}
store: ${store?.replaceAll("SPOOL", file("spool")) ?? `{ kind: sqlite, sqlite: { file: ${database} } }`}
liveView: { address: 127.0.0.1, port: 0, tokenFile: ${file("token")} }
${more(directory)}
${options?.config ?? ""}
`,
    );
    const process = startDaemon("collector/main.js", ["--config", file("collector.yaml")], options);
    const started = process.logged("started", 15_000).then((entry) => {
      port = Number(entry["port"]);
      const [livePort, epoch] = [Number(entry["livePort"]), Number(entry["epoch"])];
      return { process, port, livePort, epoch };
    });
    return { process, started };
  }

  return {
    directory,
    database,
    spool: file("spool"),
    configFile: file("collector.yaml"),
    token,
    keyOf: (host) => deriveHostKey(master, hostName(host)),
    start: (options) => launch(options).started,
    launch,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
