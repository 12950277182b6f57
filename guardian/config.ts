/** The guardian's configuration: /etc/guardian/guardian.yaml. */
import { parse, stringify } from "yaml";
import { loadConfig, type Environment, type LoadedConfig } from "../shared/config-problems.ts";
import { defaultPolicy } from "./core/evacuation-policy.ts";
import { configurableActions } from "./core/policy-table.ts";
import { defaultLimits } from "./core/settings.ts";
import { languages } from "./core/words.ts";
import { alerts } from "./config-alerts.ts";
import { api, apiProblems } from "./config-api.ts";
import { limits, novaReportInterval } from "./config-limits.ts";
import { absolutePath, address, duration, name, webUrl, z } from "./config-parts.ts";
import { asLevel, hasFenceable, rowProblems, unknownNames } from "./config-names.ts";
import { sharedPlaces } from "./power-places.ts";

const networkName = z.enum(["management", "storage", "business"]);

const mode = z.enum(["observe", "ask", "act"]);

/** Other actions for rows of the verdict table, by row. */
const rowActions = z.record(z.string(), z.enum(configurableActions)).default({});

/** What proves a host off. The readings of its power devices always do. */
const proofs = z
  .array(z.enum(["off", "confirmed"]))
  .refine((kinds) => kinds.includes("off"), "must list off");

const group = z.strictObject({
  /** Beside these, the hosts of the aggregate of this name in Nova. */
  hosts: z.array(name).default([]),
  mode: mode.optional(),
  /** Goes before the cloud's. */
  rows: rowActions,
  /** Of the cloud's, those that suffice here. */
  proofs: proofs.optional(),
  comeHome: z.enum(["leave-off", "power-on"]).optional(),
  drain: z.boolean().optional(),
});

const wallTime = z
  .string()
  .refine((text) => /[Zz]|[+-]\d\d:\d\d$/.test(text) && !Number.isNaN(Date.parse(text)), {
    message: "must be a time such as 2026-11-22T09:00:00Z, with its zone",
  })
  .transform((text) => Date.parse(text));

const maintenanceWindow = z
  .strictObject({
    name,
    start: wallTime,
    end: wallTime,
    hosts: z.array(name).default([]),
    groups: z.array(name).default([]),
    reason: z.string().min(1),
    owner: z.string().min(1),
  })
  // A time that could not be read is told as that, not as too early.
  .refine((window) => !(window.end <= window.start), {
    path: ["end"],
    message: "must be after start",
  });

const ipmi = z.strictObject({
  name: name.default("bmc"),
  kind: z.literal("ipmi"),
  address,
  port: z.int().min(1).max(65_535).default(623),
  username: z.string().min(1),
  passwordFile: absolutePath,
  cipherSuite: z.int().min(1).max(17).default(3),
  privilege: z.enum(["ADMINISTRATOR", "OPERATOR"]).default("ADMINISTRATOR"),
});

const redfish = z.strictObject({
  name: name.default("bmc"),
  kind: z.literal("redfish"),
  url: webUrl,
  username: z.string().min(1),
  passwordFile: absolutePath,
  systemId: z.string().optional(),
  /** `basic` for services without sessions: the password goes out with each call. */
  auth: z.enum(["session", "basic"]).default("session"),
  caFile: absolutePath.optional(),
  fingerprint: z.string().optional(),
  verify: z.boolean().default(true),
  insecureHttp: z.boolean().default(false),
});

const parameterName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, "must be as the agent's metadata writes it, such as power_timeout");

const fenceAgent = z.strictObject({
  name: name.default("bmc"),
  kind: z.literal("fence-agent"),
  agent: z
    .string()
    .regex(/^(?:\/[\w./-]+\/)?fence_[\w-]+$/, "must be such as fence_apc_snmp, or a path to it"),
  /** As the agent's metadata names them. */
  parameters: z
    .record(parameterName, z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .default({}),
  /** Parameters that are secrets, each from its file. */
  secretFiles: z.record(parameterName, absolutePath).default({}),
  offDeadline: duration(20_000, 2000),
});

const devices = [ipmi, redfish, fenceAgent] as const;

/** One complete way to switch the host off: all of its devices must be off. */
const level = z.strictObject({
  kind: z.literal("level"),
  deadline: duration(defaultLimits.fenceAttemptMs, 10_000),
  devices: z.array(z.discriminatedUnion("kind", devices)).min(1, "a level needs a device"),
});

const host = z.strictObject({
  addresses: z.partialRecord(networkName, address).default({}),
  /** Devices that must all be off; or levels of them, tried in order until one is off completely. */
  power: z
    .array(z.preprocess(asLevel, z.discriminatedUnion("kind", [...devices, level])))
    .refine((entries) => new Set(entries.map(({ kind }) => kind === "level")).size <= 1, {
      message: "must be devices, or levels of devices, not both",
    })
    .default([]),
  /** What it shares with others and may lose together with them: rack, switch, power, … */
  domains: z.record(name, z.string().min(1)).default({}),
  /** Why nothing may be done to it. */
  maintenance: z.string().min(1).optional(),
  /** Goes before the modes of its groups and of the cloud. */
  mode: mode.optional(),
});

const pattern = z.string().min(1, "must not be empty");
/** "key" or "key=value". */
const tag = z.string().regex(/^[^=\s][^=]*(?:=.*)?$/, 'must be a key, or "key=value"');
const texts = z.array(pattern).default([]);
const tags = z.array(tag).default([]);

/** `reset`: put in error and evacuated; they come back running. */
const leaveOrReset = z.enum(["leave", "reset"]).default("leave");

const serverGroup = z.strictObject({
  name,
  /** Names of servers; `*` stands for any text. */
  names: texts,
  /** Server tags, metadata, image properties or flavor extra specs. */
  tags,
});

/** Which servers of a dead host are moved, and in which order. */
const evacuation = z
  .strictObject({
    servers: z.enum(["all", "tagged"]).default(defaultPolicy.servers),
    /** What "tagged" means: on the server, its image, its flavor or its host's aggregate. */
    tags: z
      .array(tag)
      .min(1, "must name a key")
      .default([...defaultPolicy.tags]),
    exclude: z.strictObject({ names: texts, tags, projects: texts }).prefault({}),
    states: z
      .strictObject({
        paused: leaveOrReset,
        suspended: leaveOrReset,
        rescued: leaveOrReset,
        /** Nova refuses it for a task that its dead host had in hand. */
        stuck: z.enum(["leave", "reset"]).default("reset"),
      })
      .prefault({}),
    groups: z
      .array(serverGroup)
      .refine((groups) => new Set(groups.map(({ name }) => name)).size === groups.length, {
        message: "must have different names",
      })
      .default([]),
  })
  .prefault({});

const store = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sqlite"),
    file: absolutePath.default("/var/lib/guardian/telemetry.db"),
  }),
  z.strictObject({
    kind: z.literal("influx"),
    url: webUrl,
    database: z.string().min(1).default("guardian"),
    retentionPolicy: z.string().optional(),
    /** Where the collector keeps samples. */
    samplesRetentionPolicy: z.string().min(1).default("servers"),
    window: duration(900_000, 60_000),
    tokenFile: absolutePath.optional(),
    username: z.string().optional(),
    passwordFile: absolutePath.optional(),
  }),
]);

const schema = z
  .strictObject({
    /** The cloud's name in clouds.yaml; also in every alert. OS_CLOUD when left out. */
    cloud: z.string().min(1).optional(),
    guardianId: name.default("guardian"),
    mode: mode.default("observe"),
    /** Of alerts, and of the command line unless it asks for another one. */
    language: z.enum(languages).default("en"),
    ask: z
      .strictObject({
        after: duration(300_000, 10_000),
        default: z.enum(["observe", "act"]).default("observe"),
      })
      .prefault({}),
    groups: z.record(name, group).default({}),
    rows: rowActions,
    proofs: proofs.default(["off", "confirmed"]),
    /** Different people who must confirm that a host is off. */
    confirmBy: z.int().min(1).max(2).default(1),
    maintenanceWindows: z.array(maintenanceWindow).default([]),
    comeHome: z.enum(["leave-off", "power-on"]).default("leave-off"),
    /** Hosts that people keep free: disabled in Nova with the mark "guardian ID reserve". */
    reserve: z
      .strictObject({
        hosts: z.array(name).min(1, "must name a host"),
        use: z.enum(["when-short", "always"]).default("when-short"),
      })
      .optional(),
    drain: z.boolean().default(false),
    disableDegraded: z.boolean().default(true),
    /** Host aggregates that are failure domains: names, or beginnings followed by `*`. */
    domainAggregates: z.array(z.string().min(1)).default([]),
    evacuation,
    instancesShared: z.boolean().default(false),
    rebootOverdue: z.enum(["ask", "act"]).default("ask"),
    oneNetworkIsEnough: z.boolean().default(false),
    novaReportInterval,
    journal: z
      .strictObject({
        file: absolutePath.default("/var/lib/guardian/journal.db"),
        inputsFor: duration(86_400_000, 60_000),
        inputsMegabytes: z.int().min(1).default(1000),
      })
      .prefault({}),
    disarmedFile: absolutePath.default("/etc/guardian/disarmed"),
    controlSocket: absolutePath.default("/run/guardian/guardian.sock"),
    store: store.prefault({ kind: "sqlite" }),
    collectors: z
      .array(
        z.strictObject({
          id: name,
          liveView: z
            .strictObject({
              url: webUrl,
              tokenFile: absolutePath,
            })
            .optional(),
        }),
      )
      .min(1, "at least one collector must be named"),
    networks: z
      .partialRecord(
        networkName,
        z.strictObject({
          anchors: z.array(address).default([]),
          sourceAddress: address.optional(),
        }),
      )
      .refine((networks) => Object.keys(networks).length > 0, "at least one network must be named"),
    hosts: z.record(name, host).default({}),
    alerts,
    api,
    limits,
    log: z
      .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
      .prefault({}),
  })
  .superRefine((config, context) => {
    const problem = (path: readonly string[], message: string): void => {
      context.addIssue({ code: "custom", path: [...path], message });
    };
    for (const [place, path] of sharedPlaces(config.hosts)) problem(path, place);
    if (config.limits.silentAfter <= config.limits.suspectAfter) {
      problem(["limits", "silentAfter"], "must be more than limits.suspectAfter");
    }
    if (config.mode !== "observe" && !hasFenceable(config.hosts)) {
      problem(["hosts"], `mode ${config.mode} needs at least one host with a power device`);
    }
    for (const [path, text] of unknownNames(config)) problem(path, text);
    for (const [path, text] of rowProblems(config)) problem(path, text);
    for (const [path, text] of apiProblems(config.api)) problem(path, text);
  });

export type Hosts = Readonly<Record<string, z.output<typeof host>>>;

export type GuardianConfig = z.output<typeof schema>;
export type FenceAgentConfig = z.output<typeof fenceAgent>;
export type PowerConfig = z.output<typeof ipmi> | z.output<typeof redfish> | FenceAgentConfig;
export type StoreConfig = z.output<typeof store>;

/** Text of the file and overrides from the environment to a configuration, or to every problem. */
export function readGuardianConfig(text: string, env: Environment): LoadedConfig<GuardianConfig> {
  return loadConfig({ text, parseYaml, schema, jsonSchema: configSchema(), env });
}

/** The configuration as JSON Schema, for editors and for `guardian config schema`. */
export function configSchema(): unknown {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}

/** clouds.yaml is read by the same parser. */
export const parseYaml = (text: string): unknown => parse(text);

/** Records as YAML, for `guardian -f yaml`. */
export const formatYaml = (value: unknown): string => stringify(value).trimEnd();
