/** What the API needs beside the daemon's own parts, from the configuration; what cannot be had is a problem. */
import { readFileSync, statSync } from "node:fs";
import { systemClock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { GuardianConfig } from "../config.ts";
import { influxHeaders, type Problems } from "./build-ports.ts";
import type { CloudAccess } from "./cloud-access.ts";
import type { Keystone } from "./keystone.ts";
import { createCloudLook, type CloudLook } from "./cloud-look.ts";
import { createKeystoneTokens, type KeystoneTokens } from "./keystone-tokens.ts";
import type { NovaCalls } from "./nova-call.ts";
import { createInfluxSamples, createSqliteSamples, type SampleReader } from "./samples.ts";
import { createServerControl, type ServerControl } from "./server-control.ts";
import { readTokens } from "./token-file.ts";

/** The cloud as the API asks it: with calls of its own, beside the guardian's. */
export interface ApiCloud {
  readonly cloud: CloudAccess;
  readonly keystone: Keystone;
  readonly calls: NovaCalls;
}

export interface PreparedApi {
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly samples: SampleReader;
  readonly servers: ServerControl;
  readonly cloudLook: CloudLook;
  readonly keystone: KeystoneTokens | undefined;
}

export function buildApi(
  { api, store }: GuardianConfig,
  { cloud, keystone, calls }: ApiCloud,
  problems: Problems,
): PreparedApi {
  if (api.listen !== undefined) checkTokens(api.tokensFile, problems);
  const theirs = api.keystone;
  const influx = store.kind === "influx" ? store : undefined;
  return {
    tls: api.tls && {
      cert: readPem(api.tls.certFile, "api.tls.certFile", problems),
      key: readKey(api.tls.keyFile, problems),
    },
    samples:
      influx === undefined
        ? createSqliteSamples(store.kind === "sqlite" ? store.file : "")
        : createInfluxSamples({
            url: influx.url,
            database: influx.database,
            retentionPolicy: influx.samplesRetentionPolicy,
            headers: influxHeaders(influx, { list: [] }),
          }),
    servers: createServerControl(calls, api.serverDelete),
    cloudLook: createCloudLook(keystone, calls, systemClock),
    keystone:
      theirs &&
      createKeystoneTokens(cloud, keystone, systemClock, {
        scopes: theirs.scopes,
        roles: theirs.roles,
        cacheForMs: theirs.cacheFor,
      }),
  };
}

function checkTokens(path: string, problems: Problems): void {
  try {
    readTokens(path);
  } catch (error) {
    problems.list.push(`api.tokensFile: ${describeError(error)}`);
  }
}

function readPem(path: string, where: string, problems: Problems): string {
  try {
    const text = readFileSync(path, "utf8");
    if (!text.includes("-----BEGIN ")) problems.list.push(`${where}: ${path} is no PEM file`);
    return text;
  } catch (error) {
    problems.list.push(`${where}: ${describeError(error)}`);
    return "";
  }
}

function readKey(path: string, problems: Problems): string {
  const key = readPem(path, "api.tls.keyFile", problems);
  if (key !== "" && (statSync(path).mode & 0o007) !== 0) {
    problems.list.push(`api.tls.keyFile: ${path} can be read by everybody; run chmod 640`);
  }
  return key;
}
