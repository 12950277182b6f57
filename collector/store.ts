/** The configured store, built. */
import { describeError } from "../shared/errors.ts";
import { readSecretFile } from "../shared/key-files.ts";
import type { Logger } from "../shared/log.ts";
import { Secret } from "../shared/secret.ts";
import { defaultSqlite, type CollectorConfig, type InfluxConfig } from "./config.ts";
import type { StoreWriter } from "./ports.ts";
import { openSpool, type Spool } from "./shell/spool.ts";
import { createInfluxWriter } from "./shell/influx-writer.ts";
import { createSqliteWriter } from "./shell/sqlite-writer.ts";

/** Opens the store. Throws when a secret cannot be read or the SQLite file not be opened. */
export function openStore(config: CollectorConfig["store"], log: Logger): StoreWriter {
  if (config.kind === "influx" && config.influx !== undefined) {
    const { influx } = config;
    return createInfluxWriter({
      url: influx.url,
      version: influx.version,
      organization: influx.organization,
      database: influx.database,
      retentionPolicy: emptyToUndefined(influx.retentionPolicy),
      serversRetentionPolicy: emptyToUndefined(influx.serversRetentionPolicy),
      writePath: influx.writePath,
      timeoutMs: influx.timeout,
      headers: influxHeaders(influx),
      poisonFile: influx.poisonFile,
      log,
    });
  }
  const { file, historyFor, historyEvery, bytesMax } = config.sqlite ?? defaultSqlite;
  return createSqliteWriter({
    file,
    historyForMs: historyFor,
    historyEveryMs: historyEvery,
    bytesMax,
  });
}

/** How we introduce ourselves to InfluxDB: token for 2 and 3, name and password for 1. */
export function influxHeaders(influx: InfluxConfig): Readonly<Record<string, Secret>> {
  if (influx.tokenFile !== undefined) {
    return { authorization: new Secret(`Token ${readSecretFile(influx.tokenFile)}`) };
  }
  if (influx.username === undefined || influx.passwordFile === undefined) return {};
  const pair = `${influx.username}:${readSecretFile(influx.passwordFile)}`;
  return { authorization: new Secret(`Basic ${Buffer.from(pair).toString("base64")}`) };
}

/** "" stands for "not set" in a file that lists every key. */
export function emptyToUndefined(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** The spool before a store that is elsewhere. Without one the collector runs on: only the newest rows outlast an outage then. */
export async function openStoreSpool(
  config: CollectorConfig["store"],
  log: Logger,
): Promise<Spool | undefined> {
  if (config.kind !== "influx") return undefined;
  const { directory, bytesMax } = config.spool;
  try {
    return await openSpool({ directory, bytesMax, segmentBytes, log });
  } catch (error) {
    const reason = describeError(error);
    log.error(
      { event: "spool-unusable", directory, reason },
      "history would not outlast an outage",
    );
    return undefined;
  }
}

/** Read in one piece; small enough for that, large enough that an hour is some hundred files. */
const segmentBytes = 8 * 1024 * 1024;
