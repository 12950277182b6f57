/** `guardian-collector keys init|add|issue HOST`, `store init` and what a check reads: done once. */
import { describeError } from "../shared/errors.ts";
import {
  addMasterKey,
  createMasterKeys,
  issueHostKey,
  readMasterKeys,
  readSecretFile,
  writeNewFile,
} from "../shared/key-files.ts";
import { hostName, isHostName } from "../shared/names.ts";
import type { CollectorConfig } from "./config.ts";
import { readTelemetrySecret } from "./shell/ceilometer-listener.ts";
import { commandsByHand, setUpInflux } from "./shell/influx-setup.ts";
import { emptyToUndefined, influxHeaders } from "./store.ts";

/** What to print and how to exit: 0 done, 1 failed, 2 wrong usage. */
export interface CommandResult {
  readonly code: 0 | 1 | 2;
  readonly text: string;
}

/** Runs one of the collector's one-off commands; undefined when there is none of that name. */
export async function runCommand(
  words: readonly string[],
  config: CollectorConfig,
  outFile: string | undefined,
): Promise<CommandResult | undefined> {
  const [group, verb, host] = words;
  if (group === "keys" && verb === "init" && words.length === 2) return initKeys(config);
  if (group === "keys" && verb === "add" && words.length === 2) return addKey(config);
  if (group === "keys" && verb === "issue" && words.length === 3) {
    return issueKey(config, host ?? "", outFile);
  }
  if (group === "store" && verb === "init" && words.length === 2) return await initStore(config);
  return undefined;
}

/** Keys, token and passwords that a start would refuse, one sentence each. */
export function secretProblems(config: CollectorConfig): readonly string[] {
  const { masterKeyFile, liveView, store, ceilometer } = config;
  const influx = store.kind === "influx" ? store.influx : undefined;
  const secrets = [
    ["liveView.tokenFile", liveView?.tokenFile],
    ["store.influx.tokenFile", influx?.tokenFile],
    ["store.influx.passwordFile", influx?.passwordFile],
  ] as const;
  return [
    ...problemOf("masterKeyFile", () => readMasterKeys(masterKeyFile)),
    ...secrets.flatMap(([key, path]) =>
      path === undefined ? [] : problemOf(key, () => readSecretFile(path)),
    ),
    ...(ceilometer === undefined
      ? []
      : problemOf("ceilometer.secretFile", () => readTelemetrySecret(ceilometer))),
  ];
}

function problemOf(key: string, read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    return [`${key}: ${describeError(error)}`];
  }
}

function initKeys({ masterKeyFile }: CollectorConfig): CommandResult {
  createMasterKeys(masterKeyFile);
  return { code: 0, text: `${masterKeyFile}: one new master key; copy it to every collector` };
}

function addKey({ masterKeyFile }: CollectorConfig): CommandResult {
  const id = addMasterKey(masterKeyFile);
  const text = `${masterKeyFile}: master key ${id} added; copy the file to every collector, then issue each host its new key`;
  return { code: 0, text };
}

function issueKey(
  config: CollectorConfig,
  host: string,
  outFile: string | undefined,
): CommandResult {
  if (!isHostName(host)) return { code: 2, text: `"${host}" cannot be a host name` };
  const content = issueHostKey(readMasterKeys(config.masterKeyFile), hostName(host));
  const file = outFile ?? `${host}.key`;
  writeNewFile(file, content);
  return { code: 0, text: `${file}: key of ${host}; install it there as /etc/guardian/probe.key` };
}

async function initStore({ store }: CollectorConfig): Promise<CommandResult> {
  if (store.kind === "sqlite" || store.influx === undefined) {
    return { code: 0, text: "sqlite needs no setup: the collector creates its tables" };
  }
  const { url, version, organization, database, timeout } = store.influx;
  const serversRetentionPolicy = emptyToUndefined(store.influx.serversRetentionPolicy);
  const names = { version, organization, database, serversRetentionPolicy };
  const headers = influxHeaders(store.influx);
  const { done, failure } = await setUpInflux({ ...names, url, headers, timeoutMs: timeout });
  const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`);
  const told = done.length === 0 ? [] : ["done:", ...indented(done)];
  if (failure === undefined) return { code: 0, text: told.join("\n") };
  const byHand = ["the commands by hand:", ...indented(commandsByHand(names))];
  return { code: 1, text: [...told, failure, ...byHand].join("\n") };
}
