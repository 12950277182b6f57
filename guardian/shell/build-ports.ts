/** Builds the adapters that the configuration names, but for power and channels; what cannot be built is a problem in words. */
import { readFileSync } from "node:fs";
import { describeError } from "../../shared/errors.ts";
import { collectorId, type CollectorId } from "../../shared/names.ts";
import { Secret } from "../../shared/secret.ts";
import type { GuardianConfig, StoreConfig } from "../config.ts";
import type { TelemetryStore } from "../ports.ts";
import { createInfluxTelemetry } from "./influx-telemetry.ts";
import type { ToldCollector } from "./fenced-list-teller.ts";
import { createLiveView } from "./live-view.ts";
import { createSqliteTelemetry } from "./sqlite-telemetry.ts";

/** Collects problems so that all are told at once. */
export interface Problems {
  readonly list: string[];
}

/** A secret from its file, without the line end; an unreadable file is a problem. */
export function readSecret(path: string, where: string, problems: Problems): Secret {
  try {
    const text = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    if (text === "") problems.list.push(`${where}: ${path} is empty`);
    return new Secret(text);
  } catch (error) {
    problems.list.push(`${where}: ${describeError(error)}`);
    return new Secret("");
  }
}

/** Authorities are read anew at each call; one that is not there is told before the first. */
export function checkReadable(path: string | undefined, where: string, problems: Problems): void {
  if (path === undefined) return;
  try {
    readFileSync(path);
  } catch (error) {
    problems.list.push(`${where}: ${describeError(error)}`);
  }
}

export function buildStore(store: StoreConfig, problems: Problems): TelemetryStore {
  if (store.kind === "sqlite") return createSqliteTelemetry(store.file);
  return createInfluxTelemetry({
    url: store.url,
    database: store.database,
    retentionPolicy: store.retentionPolicy,
    headers: influxHeaders(store, problems),
    windowMs: store.window,
  });
}

/** Who we are to InfluxDB. */
export function influxHeaders(
  store: Extract<StoreConfig, { kind: "influx" }>,
  problems: Problems,
): Readonly<Record<string, Secret>> {
  if (store.tokenFile !== undefined) {
    const token = readSecret(store.tokenFile, "store.tokenFile", problems);
    return { authorization: new Secret(`Token ${token.reveal()}`) };
  }
  if (store.username === undefined || store.passwordFile === undefined) return {};
  const password = readSecret(store.passwordFile, "store.passwordFile", problems);
  const pair = Buffer.from(`${store.username}:${password.reveal()}`).toString("base64");
  return { authorization: new Secret(`Basic ${pair}`) };
}

export function buildLiveViews(
  config: GuardianConfig,
  problems: Problems,
): readonly {
  readonly collector: CollectorId;
  readonly view: TelemetryStore;
  readonly told: ToldCollector;
}[] {
  return config.collectors.flatMap(({ id, liveView }) => {
    if (liveView === undefined) return [];
    const token = readSecret(liveView.tokenFile, `collectors.${id}.liveView.tokenFile`, problems);
    const { url } = liveView;
    const view = createLiveView({ name: id, url, token });
    return [{ collector: collectorId(id), view, told: { id, url, token } }];
  });
}
