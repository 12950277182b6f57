/** The probe's configuration: /etc/guardian/probe.yaml. Addresses are literal: no name service. */
import { isIP } from "node:net";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig, type Environment, type LoadedConfig } from "../shared/config-problems.ts";
import { formatDuration, parseDuration } from "../shared/time.ts";
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
const port = z.int().min(1).max(65_535);

const network = z.strictObject({
  targets: z.array(address).min(1),
  sourceAddress: address.optional(),
  every: duration("1s", 200),
  timeout: duration("1s", 50),
  /** Rounds without any answer, in a row, before the network is called down. */
  roundsToDown: z.int().min(1).max(60).default(3),
});

const collector = z.strictObject({
  address,
  port: port.default(collectorPort),
  path: z.enum(["management", "storage", "business"]),
  /** Our own address on that network, so that the report travels by it and no other way. */
  sourceAddress: address.optional(),
});

export const probeSchema = z.strictObject({
  keyFile: absolutePath.default("/etc/guardian/probe.key"),
  /** Written at boot by `guardian-probe --read-bmc`, as root: only root may ask the BMC from inside. */
  bmcGuidFile: absolutePath.default("/run/guardian-bmc/guid"),
  collectors: z.array(collector).min(1, "at least one collector must be told"),
  reportEvery: duration("1s", 200),
  /** The list of servers goes out when it changes, and at least this often. */
  serversEvery: duration("10s", 1000),
  checks: z
    .strictObject({
      storage: network.optional(),
      business: network.optional(),
      directory: z
        .strictObject({
          path: absolutePath.default("/var/lib/nova/instances"),
          every: duration("5s", 500),
          deadline: duration("10s", 500),
          slowAfter: duration("2s", 100),
          /** The path must be a mount point: else a lost mount would be written to all the same. */
          expectMount: z.boolean().default(false),
        })
        .refine(({ slowAfter, deadline }) => slowAfter < deadline, {
          path: ["slowAfter"],
          message: "must be shorter than deadline",
        })
        .optional(),
      libvirt: z
        .strictObject({
          socket: absolutePath.default("/run/libvirt/libvirt-sock-ro"),
          uri: z.string().default("qemu:///system"),
          every: duration("1s", 200),
          timeout: duration("2s", 100),
        })
        .optional(),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
    .prefault({}),
});

export type ProbeConfig = z.output<typeof probeSchema>;
export type NetworkConfig = z.output<typeof network>;

/** Text of the file and overrides from the environment to a configuration, or to every problem. */
export function readProbeConfig(text: string, env: Environment): LoadedConfig<ProbeConfig> {
  const jsonSchema = z.toJSONSchema(probeSchema, { io: "input", unrepresentable: "any" });
  return loadConfig({
    text,
    parseYaml: (yaml): unknown => parse(yaml),
    schema: probeSchema,
    jsonSchema,
    env,
  });
}
