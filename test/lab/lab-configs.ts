/** The configuration files of our three daemons for the lab's networks, and the secrets they name. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateFolder } from "./lab-scripts.ts";

export const hosts: readonly string[] = ["compute-1", "compute-2", "compute-3", "compute-4"];
/** What settings.sh gives Nova; the benchmark brings the lab up with other values, too. */
function novaReportInterval(): string {
  return `${process.env["GUARDIAN_LAB_REPORT_INTERVAL"] ?? 2}s`;
}

export const controllerAddress = "10.77.1.250";
/** Of influxd, on the controller. */
export const storePort = 8086;
const networkNumbers = { mgmt: 1, stor: 2, biz: 3, oob: 4 } as const;

type LabNetwork = keyof typeof networkNumbers;

export function hostAddress(host: string, network: LabNetwork): string {
  return `10.77.${networkNumbers[network]}.${10 + numberOf(host)}`;
}

function numberOf(host: string): number {
  return Number(host.split("-")[1]);
}

function anchor(network: LabNetwork): string {
  return `10.77.${networkNumbers[network]}.250`;
}

/** JSON is YAML too; each file is for its owner only, as the daemons demand of secrets. */
function write(path: string, content: unknown): string {
  const text = typeof content === "string" ? content : `${JSON.stringify(content, undefined, 2)}\n`;
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

export const webhookKey = "a key for the lab";

/** Writes every secret once; the rest of the configuration points at them. */
export function writeSecrets(folder: string): void {
  mkdirSync(folder, { recursive: true });
  write(join(folder, "live-view.token"), "lab-live-view-token");
  write(join(folder, "webhook.key"), webhookKey);
  write(join(folder, "wrong.bmc"), "an older one");
  for (const host of hosts) write(join(folder, `${host}.bmc`), `s3cret-${numberOf(host)}`);
}

/** The collector writes to the lab's influxd and serves its live view. */
export function writeCollectorConfig(folder: string, port = storePort): string {
  return write(join(folder, "collector.yaml"), {
    id: "collector-1",
    masterKeyFile: join(folder, "master-keys.json"),
    replayFile: join(folder, "replays.json"),
    store: {
      kind: "influx",
      influx: {
        url: `http://${controllerAddress}:${port}`,
        database: "telemetry",
        poisonFile: join(folder, "poison.lines"),
      },
      spool: { directory: join(folder, "spool") },
    },
    liveView: { tokenFile: join(folder, "live-view.token") },
  });
}

/** Reports go over the management network only, so its loss is the loss of all reports. */
export function writeProbeConfig(folder: string, host: string): string {
  const network = (name: LabNetwork) => ({
    targets: [anchor(name)],
    sourceAddress: hostAddress(host, name),
  });
  return write(join(folder, `${host}.yaml`), {
    keyFile: join(folder, `${host}.key`),
    collectors: [
      {
        address: controllerAddress,
        path: "management",
        sourceAddress: hostAddress(host, "mgmt"),
      },
    ],
    checks: {
      storage: network("stor"),
      business: network("biz"),
      // The deadline is half of the default, so that a frozen directory is told sooner.
      directory: { path: "/var/lib/nova/instances", expectMount: true, deadline: "5s" },
      libvirt: {},
    },
  });
}

/** The executable that each boot of the host starts. */
export function writeProbeHook(folder: string, host: string, main: string): void {
  const config = join(folder, `${host}.yaml`);
  const hook = join(stateFolder, "hosts", host, "probe.sh");
  writeFileSync(hook, `#!/bin/bash\nexec ${process.execPath} ${main} --config ${config}\n`, {
    mode: 0o755,
  });
}

export interface GuardianChoices {
  readonly instancesShared?: boolean;
  /** Where the store is read, when something stands before it. */
  readonly storePort?: number;
  /** A degraded host is emptied by live migration. */
  readonly drain?: boolean;
  /** Limits that differ from the defaults; each scenario says why. */
  readonly limits?: Readonly<Record<string, string | number>>;
  /** Whose BMC is configured for a host, when it is not its own. */
  readonly bmcOf?: Readonly<Record<string, string>>;
  /** Hosts whose power is read and switched over Redfish; hosts/redfish.sh must have started it. */
  readonly redfish?: readonly string[];
  /** Hosts whose Redfish service is held against the certificate of another's. */
  readonly certificateOf?: Readonly<Record<string, string>>;
  /** Hosts whose BMC has another password than the guardian knows. */
  readonly wrongPassword?: readonly string[];
}

export interface GuardianFiles {
  readonly config: string;
  readonly socket: string;
}

/** Everything but the choices is the same in every scenario; mode act. */
export function writeGuardianConfig(
  secrets: string,
  folder: string,
  webhookUrl: string,
  choices: GuardianChoices,
): GuardianFiles {
  const socket = join(folder, "guardian.sock");
  const config = write(join(folder, "guardian.yaml"), {
    cloud: "lab",
    mode: "act",
    instancesShared: choices.instancesShared ?? true,
    novaReportInterval: novaReportInterval(),
    journal: { file: join(folder, "journal.db") },
    disarmedFile: join(folder, "disarmed"),
    controlSocket: socket,
    store: {
      kind: "influx",
      url: `http://${controllerAddress}:${choices.storePort ?? storePort}`,
      database: "telemetry",
    },
    collectors: [
      {
        id: "collector-1",
        liveView: {
          url: `http://${controllerAddress}:7513`,
          tokenFile: join(secrets, "live-view.token"),
        },
      },
    ],
    networks: { management: { anchors: [anchor("mgmt")] }, storage: { anchors: [anchor("stor")] } },
    hosts: Object.fromEntries(hosts.map((host) => [host, hostConfig(secrets, host, choices)])),
    alerts: {
      webhooks: [
        {
          urlFile: write(join(folder, "webhook.url"), webhookUrl),
          keyFile: join(secrets, "webhook.key"),
        },
      ],
    },
    drain: choices.drain ?? false,
    limits: choices.limits ?? {},
  });
  return { config, socket };
}

function hostConfig(secrets: string, host: string, choices: GuardianChoices): unknown {
  const owner = choices.bmcOf?.[host] ?? host;
  const address = hostAddress(owner, "oob");
  const isWrong = choices.wrongPassword?.includes(host) === true;
  const passwordFile = join(secrets, isWrong ? "wrong.bmc" : `${owner}.bmc`);
  const user = { username: "admin", passwordFile };
  const shown = choices.certificateOf?.[host] ?? owner;
  const caFile = join(stateFolder, "hosts", shown, "redfish/cert.pem");
  const overRedfish = choices.redfish?.includes(host) === true;
  return {
    addresses: { management: hostAddress(host, "mgmt"), storage: hostAddress(host, "stor") },
    power: [
      overRedfish
        ? { kind: "redfish", url: `https://${address}`, caFile, ...user }
        : { kind: "ipmi", address, ...user },
    ],
  };
}

/** The lab was brought up with the hosts that this file names. */
export function checkHosts(): void {
  const found = readdirSync(join(stateFolder, "hosts")).sort();
  if (found.join() !== hosts.join()) {
    throw new Error(`the lab has hosts ${found.join(", ")}; these tests need ${hosts.join(", ")}`);
  }
}
