/**
 * Finds a cloud's access data where every OpenStack tool finds it: clouds.yaml, secure.yaml and
 * OS_* variables, by openstacksdk's own rules, so that the file an operator already has just works.
 * What those rules allow and we cannot do is a problem with a sentence, never silently ignored.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describeError } from "../../shared/errors.ts";
import { asRecord, isRecord, type JsonRecord } from "./json.ts";
import { readCloud, type CloudAccess } from "./cloud-access.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CloudSearch {
  /** The cloud asked for (`--os-cloud`, configuration); undefined leaves it to OS_CLOUD. */
  readonly name: string | undefined;
  readonly env: Environment;
  readonly parseYaml: (text: string) => unknown;
  readonly workingDirectory: string;
  /** For tests; the user's home otherwise. */
  readonly homeDirectory?: string | undefined;
  /** For tests; /etc otherwise. */
  readonly siteDirectory?: string | undefined;
}

export type CloudFound =
  | { readonly kind: "cloud"; readonly cloud: CloudAccess; readonly source: string }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

interface CloudFile {
  readonly path: string;
  readonly content: JsonRecord;
}

/** Variables that choose a cloud but describe none (openstacksdk's list). */
const selectors = new Set([
  "OS_CLOUD",
  "OS_CLOUD_NAME",
  "OS_REGION_NAME",
  "OS_CLIENT_CONFIG_FILE",
  "OS_CLIENT_SECURE_FILE",
]);

/** Reads files and variables and returns the chosen cloud, or every problem found. */
export function findCloud(search: CloudSearch): CloudFound {
  try {
    return choose(search);
  } catch (error) {
    return { kind: "problems", problems: [describeError(error)] };
  }
}

function choose(search: CloudSearch): CloudFound {
  const { env } = search;
  const file = firstFile(search, "clouds", env["OS_CLIENT_CONFIG_FILE"]);
  const secure = firstFile(search, "secure", env["OS_CLIENT_SECURE_FILE"]);
  const merged = merge(asRecord(file?.content), asRecord(secure?.content));
  const clouds: Record<string, unknown> = { ...asRecord(merged["clouds"]) };
  const envName = env["OS_CLOUD_NAME"] ?? "envvars";
  const fromEnv = environmentCloud(env);
  let source = file?.path ?? "no clouds.yaml";
  let wanted = search.name ?? env["OS_CLOUD"];
  if (fromEnv !== undefined) {
    if (clouds[envName] !== undefined) {
      return problem(
        `${source} defines a cloud "${envName}", and OS_* variables define it as well`,
      );
    }
    clouds[envName] = fromEnv;
    wanted ??= envName;
  }
  const names = Object.keys(clouds);
  if (wanted === undefined && names.length === 1) wanted = names[0];
  if (wanted === undefined) {
    const seen = names.length === 0 ? "no clouds.yaml and no OS_* variables found" : source;
    return problem(
      `no cloud chosen: set OS_CLOUD or openstack.cloud; have: ${list(names)} (${seen})`,
    );
  }
  const chosen = clouds[wanted];
  if (!isRecord(chosen)) {
    return problem(`cloud "${wanted}" not found; have: ${list(names)} (${source})`);
  }
  if (wanted === envName && fromEnv !== undefined) source = "OS_* variables";
  const read = readCloud(wanted, chosen, search.homeDirectory ?? homedir());
  return read.kind === "cloud" ? { ...read, source } : read;
}

function problem(text: string): CloudFound {
  return { kind: "problems", problems: [text] };
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}

/** The OS_* variables as a cloud; undefined when they only choose one. */
function environmentCloud(env: Environment): JsonRecord | undefined {
  const names = Object.keys(env).filter(
    (name) => name.startsWith("OS_") && !/^OS_(TEST|STD|LOG)/.test(name),
  );
  if (names.every((name) => selectors.has(name))) return undefined;
  return Object.fromEntries(names.map((name) => [name.slice(3).toLowerCase(), env[name]]));
}

/** The first file that exists; the others are not looked at, as in openstacksdk. */
function firstFile(
  search: CloudSearch,
  stem: string,
  override: string | undefined,
): CloudFile | undefined {
  const home = search.homeDirectory ?? homedir();
  const site = search.siteDirectory ?? "/etc";
  const folders = [
    search.workingDirectory,
    join(search.env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "openstack"),
    join(home, ".config/openstack"),
    join(site, "xdg/openstack"),
    join(site, "openstack"),
  ];
  const paths = folders.flatMap((folder) =>
    ["yaml", "yml", "json"].map((suffix) => join(folder, `${stem}.${suffix}`)),
  );
  for (const path of override === undefined ? paths : [override, ...paths]) {
    const text = readIfThere(path);
    if (text === undefined) continue;
    try {
      return { path, content: asRecord(search.parseYaml(text)) };
    } catch (error) {
      throw new Error(`${path} is not valid YAML`, { cause: error });
    }
  }
  return undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // As in openstacksdk, what lies in a folder that we may not enter does not exist.
    if (!existsSync(path)) return undefined;
    throw new Error(`cannot read ${path}`, { cause: error });
  }
}

/** Deep merge, the second wins: how secure.yaml completes clouds.yaml. */
function merge(base: JsonRecord, over: JsonRecord): JsonRecord {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    result[key] = isRecord(before) && isRecord(value) ? merge(before, value) : value;
  }
  return result;
}
