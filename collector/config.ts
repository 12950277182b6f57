/** The collector's configuration: /etc/guardian/collector.yaml. */
import { isIP } from "node:net";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig, type Environment, type LoadedConfig } from "../shared/config-problems.ts";
import { describeError } from "../shared/errors.ts";
import { liveViewPort } from "../shared/live-view.ts";
import { isHostName } from "../shared/names.ts";
import { formatDuration, parseDuration } from "../shared/time.ts";
import type { ProbeSettings } from "../shared/wire-ack.ts";
import { collectorPort } from "../shared/wire-limits.ts";

function duration(defaultText: string, minimumMs: number) {
  return z
    .string('must be a duration such as "30s"')
    .default(defaultText)
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms === undefined)
        context.addIssue(`"${text}" is not a duration such as "30s" or "250ms"`);
      else if (ms < minimumMs)
        context.addIssue(`"${text}" is less than ${formatDuration(minimumMs)}`);
      return ms ?? 0;
    });
}

const address = z.string().refine((text) => isIP(text) !== 0, "must be an IP address, not a name");
const absolutePath = z.string().startsWith("/", "must be an absolute path");
/** 0 lets the kernel choose, for tests; the daemon logs which port it got. */
const port = z.int().min(0).max(65_535);

const sqlite = z.strictObject({
  file: absolutePath.default("/var/lib/guardian/telemetry.db"),
  historyFor: duration("1h", 60_000),
  historyEvery: duration("10s", 1000),
  bytesMax: z.int().min(1_048_576).default(1_073_741_824),
});

/** Before InfluxDB: what it does not take waits on the disk. */
const spool = z.strictObject({
  directory: absolutePath.default("/var/lib/guardian/spool"),
  bytesMax: z.int().min(1_048_576).default(4_294_967_296),
});

/** Samples of genuine Ceilometer agents (publisher `udp://`); off unless the section is there. */
const ceilometer = z.strictObject({
  address: address.default("0.0.0.0"),
  port: port.default(4952),
  /** `telemetry_secret` of Ceilometer's `[publisher]`. */
  secretFile: absolutePath,
  /** An empty secret, or the default that everybody knows. */
  weakSecretAllowed: z.boolean().default(false),
  /** A sample older than this, or further ahead, is refused; younger ones are taken once. */
  window: duration("10m", 10_000),
  samplesMax: z.int().min(1000).default(100_000),
  receiveBufferBytes: z.int().min(65_536).default(4_194_304),
});

const influx = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }),
  /** 1: `/write`; 2 and 3: `/api/v2/write`. All are read by InfluxQL over `/query`. */
  version: z.literal([1, 2, 3]).default(1),
  database: z.string().min(1).default("guardian"),
  /** InfluxDB 2. */
  organization: z.string().default(""),
  /** Empty: the database's default policy. */
  retentionPolicy: z.string().default(""),
  /** Servers have a series each: keep them apart, and for a shorter time. */
  serversRetentionPolicy: z.string().default("servers"),
  /** Instead of the version's own. */
  writePath: z.string().startsWith("/").optional(),
  timeout: duration("2s", 100),
  /** InfluxDB 2 and 3. */
  tokenFile: absolutePath.optional(),
  /** InfluxDB 1. */
  username: z.string().optional(),
  passwordFile: absolutePath.optional(),
  poisonFile: absolutePath.default("/var/lib/guardian/poison.lines"),
});

export const collectorSchema = z
  .strictObject({
    /** Tag of everything this collector writes; another one must not have the same. */
    id: z.string().refine(isHostName, "must be 1 to 64 letters, digits, dots, dashes, underscores"),
    listen: z
      .strictObject({
        address: address.default("0.0.0.0"),
        port: port.default(collectorPort),
        receiveBufferBytes: z.int().min(65_536).default(4_194_304),
      })
      .prefault({}),
    masterKeyFile: absolutePath.default("/etc/guardian/master-keys.json"),
    /** What is remembered of hosts' boots, so that a restart does not believe a replay. */
    replayFile: absolutePath.default("/var/lib/guardian/replays.json"),
    /** Hosts whose keys were stolen or retired: their reports are refused. */
    revokedHosts: z.array(z.string().refine(isHostName, "is no host name")).default([]),
    /** One of so many reports on each path is acknowledged. */
    acknowledgeEvery: z.int().min(1).max(1000).default(10),
    /** Intervals that probes go by; read again when it changes. */
    settingsFile: absolutePath.optional(),
    serversMax: z.int().min(100).default(100_000),
    store: z.strictObject({
      kind: z.enum(["sqlite", "influx"]),
      sqlite: sqlite.optional(),
      influx: influx.optional(),
      spool: spool.prefault({}),
    }),
    ceilometer: ceilometer.optional(),
    liveView: z
      .strictObject({
        address: address.default("0.0.0.0"),
        port: port.default(liveViewPort),
        tokenFile: absolutePath,
      })
      .optional(),
    log: z
      .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
      .prefault({}),
  })
  .superRefine(({ store }, context) => {
    if (store.kind !== "influx") return;
    if (store.influx === undefined) {
      context.addIssue({ code: "custom", path: ["store", "influx"], message: "must be given" });
    } else if (
      (store.influx.username === undefined) !==
      (store.influx.passwordFile === undefined)
    ) {
      const message = "username and passwordFile belong together";
      context.addIssue({ code: "custom", path: ["store", "influx"], message });
    }
  });

export type CollectorConfig = z.output<typeof collectorSchema>;
export type CeilometerConfig = z.output<typeof ceilometer>;
export type SqliteConfig = z.output<typeof sqlite>;
export type InfluxConfig = z.output<typeof influx>;

const interval = duration("0ms", 0);

const probeSettings = z.strictObject({
  version: z.int().min(1).max(4_294_967_295),
  reportEvery: interval,
  serversEvery: interval,
  checks: z
    .strictObject({ storage: interval, business: interval, directory: interval, libvirt: interval })
    .prefault({}),
});

/** The settings for probes in a file's text, or every problem as one sentence. */
export function readProbeSettings(text: string): ProbeSettings | string {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    return describeError(error);
  }
  const read = probeSettings.safeParse(content);
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    return problems.join("; ");
  }
  const { version, reportEvery, serversEvery, checks } = read.data;
  return {
    version,
    reportEveryMs: reportEvery,
    serversEveryMs: serversEvery,
    storageEveryMs: checks.storage,
    businessEveryMs: checks.business,
    directoryEveryMs: checks.directory,
    libvirtEveryMs: checks.libvirt,
  };
}

/** The embedded store with all defaults. */
export const defaultSqlite: SqliteConfig = sqlite.parse({});

/** Text of the file and overrides from the environment to a configuration, or to every problem. */
export function readCollectorConfig(text: string, env: Environment): LoadedConfig<CollectorConfig> {
  const jsonSchema = z.toJSONSchema(collectorSchema, { io: "input", unrepresentable: "any" });
  return loadConfig({
    text,
    parseYaml: (yaml): unknown => parse(yaml),
    schema: collectorSchema,
    jsonSchema,
    env,
  });
}
