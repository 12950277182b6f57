/** Creates the database and the retention policies (InfluxQL), for `guardian-collector store init`. */
import { describeError } from "../../shared/errors.ts";
import type { Secret } from "../../shared/secret.ts";

export interface InfluxSetupOptions {
  readonly url: string;
  readonly database: string;
  readonly serversRetentionPolicy: string | undefined;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly timeoutMs: number;
}

/** The commands, in order; a person may give them to `influx -execute` instead. */
export function influxSetupCommands(
  options: Pick<InfluxSetupOptions, "database" | "serversRetentionPolicy">,
): readonly string[] {
  const quote = (name: string): string => `"${name.replaceAll('"', '\\"')}"`;
  const database = quote(options.database);
  const commands = [`CREATE DATABASE ${database} WITH DURATION 7d REPLICATION 1`];
  const policy = options.serversRetentionPolicy;
  if (policy === undefined) return commands;
  return [
    ...commands,
    `CREATE RETENTION POLICY ${quote(policy)} ON ${database} DURATION 24h REPLICATION 1`,
  ];
}

/** Runs them; undefined when all went well, else the reason. */
export async function setUpInflux(options: InfluxSetupOptions): Promise<string | undefined> {
  for (const command of influxSetupCommands(options)) {
    try {
      const headers = Object.entries(options.headers).map(([name, value]) => [
        name,
        value.reveal(),
      ]);
      const response = await fetch(new URL("/query", options.url), {
        method: "POST",
        headers: Object.fromEntries(headers) as Record<string, string>,
        body: new URLSearchParams({ q: command }),
        signal: AbortSignal.timeout(options.timeoutMs),
      });
      const answer = await response.text();
      if (!response.ok || answer.includes('"error"')) {
        return `${command}: answered ${response.status}: ${answer.trim().slice(0, 300)}`;
      }
    } catch (error) {
      return `${command}: ${describeError(error)}`;
    }
  }
  return undefined;
}
