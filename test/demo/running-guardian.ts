/**
 * The real guardian in this process: its configuration file is read and checked, its daemon runs
 * with its real adapters; only the pinger is chosen for it. The demo knows of it what an operator
 * knows: its log, its alerts and its control socket.
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Route } from "../../guardian/api/route.ts";
import { settingLines } from "../../guardian/api/settings-shown.ts";
import { ask } from "../../guardian/cli-client.ts";
import { parseYaml, readGuardianConfig } from "../../guardian/config.ts";
import { prepare, runDaemon } from "../../guardian/daemon.ts";
import { createToken } from "../../guardian/shell/token-file.ts";
import { createUdpEchoPinger } from "../../guardian/shell/udp-echo.ts";
import type { Lifecycle } from "../../shared/lifecycle.ts";
import type { LogFields, Logger } from "../../shared/log.ts";
import type { FakeBmc } from "../support/fake-bmc.ts";
import { startWebhookReceiver, type ReceivedWebhook } from "../support/webhook-receiver.ts";
import type { DemoCloud } from "./cloud.ts";

/** One line of the guardian's log. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly host: string | undefined;
  readonly text: string;
}

/** A host as `guardian host explain` shows it; the parts that the demo prints. */
export interface HostRecord {
  readonly host: string;
  readonly verdict: string;
  readonly reportAge: string;
  readonly storage: string;
  readonly directory: string;
  readonly power: string;
  readonly servers: number;
  readonly nova: string;
  readonly says: string;
  readonly evidence: readonly string[];
}

export interface RunningGuardian {
  readonly socket: string;
  /** The web page's address, with the token that lets one in. */
  readonly pageUrl: string;
  hosts(): Promise<readonly HostRecord[]>;
  explain(host: string): Promise<HostRecord>;
  /** `guardian host release`, as an operator. */
  release(host: string): Promise<void>;
  /** Set once the daemon ended by itself. */
  readonly endedWith: number | undefined;
}

export interface GuardianOptions {
  readonly directory: string;
  readonly mode: "observe" | "act";
  readonly cloud: DemoCloud;
  readonly collector: {
    readonly database: string;
    readonly livePort: number;
    readonly token: string;
  };
  /** Limits other than the defaults, as the configuration file has them. */
  readonly limits: Readonly<Record<string, string>>;
  /** Beside those that every guardian has. */
  readonly addedRoutes: readonly Route[];
  readonly onLine: (line: LogLine) => void;
  readonly onWebhook: (webhook: ReceivedWebhook) => void;
}

/** Starts it; it ends with `lifecycle`. Throws with every problem of its configuration. */
export async function startGuardian(
  options: GuardianOptions,
  lifecycle: Lifecycle,
): Promise<RunningGuardian> {
  const { directory, cloud } = options;
  const key = randomBytes(32);
  const receiver = await startWebhookReceiver(key, options.onWebhook);
  lifecycle.onStop("webhook receiver", () => receiver.close());
  const files = writeFiles(options, receiver.url, key);
  const loaded = readGuardianConfig(files.config, {});
  if (loaded.kind === "problems") throw new Error(loaded.problems.join("; "));
  let started = (): void => undefined;
  let port = 0;
  const running = new Promise<void>((resolve) => (started = resolve));
  const log = createDemoLog((line, fields) => {
    if (line.event === "running") started();
    if (line.event === "listening") port = Number(fields["port"]);
    else options.onLine(line);
  });
  const environment = { OS_CLIENT_CONFIG_FILE: files.cloudsFile };
  const preparation = await prepare(loaded.config, environment, directory, log, () =>
    Promise.resolve({ kind: "pinger", pinger: createUdpEchoPinger(cloud.echoPort) }),
  );
  if (preparation.kind === "problems") throw new Error(preparation.problems.join("; "));
  const stopping = new AbortController();
  let endedWith: number | undefined;
  const shownSettings = settingLines(loaded.config, parseYaml(files.config), {});
  const prepared = { ...preparation.prepared, shownSettings, addedRoutes: options.addedRoutes };
  const done = runDaemon(prepared, stopping.signal).then((code) => (endedWith = code));
  lifecycle.onStop("guardian", async () => {
    stopping.abort();
    await done;
  });
  await Promise.race([running, done]);
  const socket = join(directory, "guardian.sock");
  const api = "/api/v1/hosts";
  return {
    socket,
    pageUrl: `http://127.0.0.1:${port}/#token=${files.token}`,
    get endedWith() {
      return endedWith;
    },
    hosts: async () => (await ask(socket, "GET", api)) as readonly HostRecord[],
    explain: async (host) => (await ask(socket, "GET", `${api}/${host}`)) as HostRecord,
    release: async (host) => {
      await ask(socket, "POST", `${api}/${host}/release`, {
        by: "the demo's operator",
        reason: "mended",
      });
    },
  };
}

/** What an operator would write: guardian.yaml (JSON is YAML), clouds.yaml, one file per secret. */
function writeFiles(
  options: GuardianOptions,
  webhookUrl: string,
  webhookKey: Buffer,
): { readonly config: string; readonly cloudsFile: string; readonly token: string } {
  const { directory, cloud, collector, limits } = options;
  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    return path;
  };
  const { username, password, authUrl } = cloud.openstack;
  const domains = { user_domain_id: "default", project_domain_id: "default" };
  const auth = { auth_url: authUrl, username, password, project_name: "admin", ...domains };
  const cloudsFile = file("clouds.yaml", JSON.stringify({ clouds: { demo: { auth } } }));
  const passwordFile = file("bmc-password", cloud.hosts[0]?.bmc.password ?? "");
  const power = (bmc: FakeBmc): object => ({
    kind: "redfish",
    url: bmc.url,
    username: bmc.username,
    passwordFile,
  });
  const liveView = {
    url: `http://127.0.0.1:${collector.livePort}`,
    tokenFile: file("live-view-token", collector.token),
  };
  const webhook = {
    urlFile: file("webhook-url", webhookUrl),
    keyFile: file("webhook-key", `whsec_${webhookKey.toString("base64")}`),
  };
  const tokensFile = join(directory, "tokens.json");
  const token = createToken(tokensFile, { name: "demo", role: "admin", expires: "" }, Date.now());
  const config = {
    cloud: "demo",
    mode: options.mode,
    journal: { file: join(directory, "journal.db") },
    disarmedFile: join(directory, "disarmed"),
    controlSocket: join(directory, "guardian.sock"),
    // A port of the kernel's, on loopback: nobody from elsewhere comes in.
    api: { listen: { address: "127.0.0.1", port: 0 }, tokensFile },
    store: { kind: "sqlite", file: collector.database },
    collectors: [{ id: "c1", liveView }],
    networks: {
      management: { anchors: [cloud.anchor.addresses.management] },
      storage: { anchors: [cloud.anchor.addresses.storage] },
    },
    hosts: Object.fromEntries(
      cloud.hosts.map(({ simulated: { name, addresses }, bmc }) => [
        name,
        { addresses, power: [power(bmc)], domains: { rack: cloud.rackOf(name) } },
      ]),
    ),
    alerts: { webhooks: [webhook] },
    limits,
  };
  const text = JSON.stringify(config, undefined, 2);
  file("guardian.yaml", text);
  return { config: text, cloudsFile, token };
}

/** The guardian's log, line by line; alerts arrive by webhook, so their log lines are left out. */
function createDemoLog(onLine: (line: LogLine, fields: LogFields) => void): Logger {
  const at =
    (level: LogLine["level"]) =>
    (fields: LogFields, message: string): void => {
      const { event, host, reason } = fields;
      if (event === "alert") return;
      const line = {
        level,
        event: typeof event === "string" ? event : "",
        host: typeof host === "string" ? host : undefined,
        text: typeof reason === "string" ? `${message}: ${reason}` : message,
      };
      onLine(line, fields);
    };
  const log: Logger = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: () => log,
  };
  return log;
}
