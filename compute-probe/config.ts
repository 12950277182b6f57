/** The probe's configuration: /etc/guardian/probe.yaml. Addresses are literal: no name service. */
import { isIP } from "node:net";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig, type Environment, type LoadedConfig } from "../shared/config-problems.ts";
import { hostName, isHostName } from "../shared/names.ts";
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

/** `192.0.2.1:6789`, `[2001:db8::1]:2049`. */
const tcpTarget = z.string().transform((text, context) => {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const [host, number] = [match?.[1] ?? match?.[2] ?? "", Number(match?.[3])];
  if (isIP(host) === 0 || number < 1 || number > 65_535) {
    context.addIssue(`"${text}" must be an IP address and a port, as in 192.0.2.1:6789`);
  }
  return { address: host, port: number };
});

/** As the kernel takes it; never a path out of /sys/class/net. */
const device = z.string().regex(/^[\w.:@-]{1,15}$/, "must be the name of a network device");

const network = z
  .strictObject({
    targets: z.array(address).default([]),
    /** Ports that must take a connection: Ceph monitors, an NFS head. */
    tcp: z.array(tcpTarget).default([]),
    /** So many of all targets must answer. */
    quorum: z.int().min(1).max(100).default(1),
    sourceAddress: address.optional(),
    interface: device.optional(),
    /** Devices whose state is told: a bond, its ports, a bridge. */
    links: z.array(device).max(16).default([]),
    /** An address that is no compute host: whether we see anything there while we do not see a peer. */
    anchor: address.optional(),
    every: duration("1s", 200),
    timeout: duration("1s", 50),
    /** Rounds without enough answers, in a row, before the network is called down. */
    roundsToDown: z.int().min(1).max(60).default(3),
  })
  .refine(({ targets, tcp }) => targets.length + tcp.length > 0, {
    path: ["targets"],
    message: "targets or tcp must name something to reach",
  })
  .refine(({ targets, tcp, quorum }) => quorum <= Math.max(1, targets.length + tcp.length), {
    path: ["quorum"],
    message: "must not be above the number of targets",
  });

const directoryFields = {
  path: absolutePath.default("/var/lib/nova/instances"),
  every: duration("5s", 500),
  deadline: duration("10s", 500),
  slowAfter: duration("2s", 100),
  /** The path must be a mount point: else a lost mount would be written to all the same. */
  expectMount: z.boolean().default(false),
  /** Writes as this user, where the probe is not it already (it must be root then). */
  runAs: z
    .string()
    .regex(/^[a-z_][\w-]{0,31}$/, "must be the name of a user")
    .optional(),
};
const slowBeforeDeadline = { path: ["slowAfter"], message: "must be shorter than deadline" };
const isSlowBeforeDeadline = (one: { slowAfter: number; deadline: number }): boolean =>
  one.slowAfter < one.deadline;

const checkName = z.string().regex(/^[a-z0-9][\w.-]{0,40}$/i, "must be a short name");
const commandFields = {
  command: absolutePath,
  /** Everybody on the host can read them: no secrets. */
  args: z.array(z.string().max(500)).max(50).default([]),
};

const service = z
  .strictObject({
    name: checkName,
    unit: z
      .string()
      .regex(/^[\w@.:\\-]{1,100}$/, "must be a systemd unit")
      .optional(),
    process: z.string().min(1).max(60).optional(),
    command: absolutePath.optional(),
    args: commandFields.args,
    every: duration("10s", 1000),
    deadline: duration("5s", 100),
    /** First aid: what to run when it has been down for so long. Without it nothing is ever restarted. */
    firstAid: z
      .strictObject({
        ...commandFields,
        afterFailing: duration("1m", 10_000),
        atMost: z.int().min(1).max(10).default(2),
        within: duration("1h", 60_000),
      })
      .optional(),
  })
  .refine((one) => [one.unit, one.process, one.command].filter(Boolean).length === 1, {
    path: ["unit"],
    message: "one of unit, process and command must be given, and no other",
  });

const plugin = z.strictObject({
  name: checkName,
  ...commandFields,
  /** The server that it looks into, by its UUID; its numbers are then that server's. */
  server: z.uuid().optional(),
  every: duration("1m", 1000),
  deadline: duration("10s", 100),
});

function areDistinct(named: readonly { readonly name: string }[]): boolean {
  return new Set(named.map(({ name }) => name)).size === named.length;
}

const peer = z.strictObject({
  host: z.string().refine(isHostName, "must be a host's name as Nova has it").transform(hostName),
  network: z.enum(["management", "storage", "business"]),
  address,
});

const collector = z.strictObject({
  address,
  port: port.default(collectorPort),
  path: z.enum(["management", "storage", "business"]),
  /** Our own address on that network, so that the report travels by it and no other way. */
  sourceAddress: address.optional(),
});

/** Before nova-compute and libvirt-guests are started at boot. */
const startGuard = z
  .strictObject({
    /** Without a collector that knows whether the host is fenced it is started after this. */
    giveUpAfter: duration("5m", 2000),
    directory: absolutePath.default("/run/guardian-start-guard"),
  })
  .prefault({});

export const defaultStartGuard = startGuard.parse(undefined);

export const probeSchema = z.strictObject({
  keyFile: absolutePath.default("/etc/guardian/probe.key"),
  /** Written at boot by `guardian-probe --read-bmc`, as root: only root may ask the BMC from inside. */
  bmcGuidFile: absolutePath.default("/run/guardian-bmc/guid"),
  /** Likewise: the serial number that the firmware shows to root alone. */
  serialFile: absolutePath.default("/run/guardian-bmc/serial"),
  collectors: z.array(collector).min(1, "at least one collector must be told"),
  reportEvery: duration("1s", 200),
  /** The list of servers goes out when it changes, and at least this often. */
  serversEvery: duration("10s", 1000),
  checks: z
    .strictObject({
      storage: network.optional(),
      business: network.optional(),
      management: network.optional(),
      directory: z
        .strictObject(directoryFields)
        .refine(isSlowBeforeDeadline, slowBeforeDeadline)
        .optional(),
      /** Further ones; the worst of all speaks for the host. */
      directories: z
        .array(
          z
            .strictObject({ ...directoryFields, path: absolutePath })
            .refine(isSlowBeforeDeadline, slowBeforeDeadline),
        )
        .max(8)
        .default([]),
      libvirt: z
        .strictObject({
          socket: absolutePath.default("/run/libvirt/libvirt-sock-ro"),
          uri: z.string().default("qemu:///system"),
          every: duration("1s", 200),
          timeout: duration("2s", 100),
          /** Full statistics: a question to every QEMU. */
          statsEvery: duration("30s", 5000),
          statsDeadline: duration("5s", 500),
          /** A server whose QEMU answers nothing and uses no CPU for so long hangs. */
          hungAfter: duration("20s", 1000),
        })
        .optional(),
      services: z.array(service).max(50).default([]),
      plugins: z.array(plugin).max(50).default([]),
      facts: z
        .strictObject({
          every: duration("10s", 1000),
          deadline: duration("5s", 500),
          filesystems: z.array(absolutePath).max(16).default(["/"]),
        })
        .prefault({}),
    })
    .refine(({ services, plugins }) => areDistinct([...services, ...plugins]), {
      path: ["services"],
      message: "every service and plugin needs a name of its own",
    })
    .prefault({}),
  /** Other hosts that this one pings, as their witness. */
  peers: z
    .strictObject({
      /** So many on each network that is checked; 0: none. */
      count: z.int().min(0).max(16).default(3),
      /** These instead of those that the collectors hand out. */
      list: z.array(peer).max(48).default([]),
    })
    .prefault({}),
  /** Numbers of all checks, and what was seen of peers, go out so often. */
  samplesEvery: duration("10s", 1000),
  startGuard,
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
