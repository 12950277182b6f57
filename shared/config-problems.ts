/**
 * Configuration without packages: overrides from the environment, nearest known key, and all
 * problems at once. Each daemon's config.ts brings the YAML parser and the schema (zod), and calls
 * `loadConfig`. Nothing here starts, exits or prints.
 */
import { describeError } from "./errors.ts";

/** What a schema says of one fault; zod's issues have this shape. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string | undefined;
  /** The unknown keys, with code `unrecognized_keys`. */
  readonly keys?: readonly string[];
}

/** The part of a zod schema that is used here. */
export interface ConfigSchema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } };
}

export type LoadedConfig<T> =
  | { readonly kind: "config"; readonly config: T }
  /** One sentence for each problem: where, what, and what was probably meant. */
  | { readonly kind: "problems"; readonly problems: readonly string[] };

/** Variables `GUARDIAN__SECTION__KEY` are read from here; nothing else of it is. */
export type Environment = Readonly<Record<string, string | undefined>>;

const overridePrefix = "GUARDIAN__";

/** Text of a configuration file (and overrides) to a checked configuration, or to all problems. */
export function loadConfig<T>(options: {
  readonly text: string;
  readonly parseYaml: (text: string) => unknown;
  readonly schema: ConfigSchema<T>;
  /** The schema as JSON Schema (`z.toJSONSchema(schema, { io: "input" })`): tells the known keys. */
  readonly jsonSchema: unknown;
  readonly env: Environment;
}): LoadedConfig<T> {
  let parsed: unknown;
  try {
    parsed = options.parseYaml(options.text) ?? {};
  } catch (error) {
    return { kind: "problems", problems: [`not YAML: ${describeError(error)}`] };
  }
  if (!isRecord(parsed)) {
    return { kind: "problems", problems: ["the file must hold keys and values"] };
  }
  const overridden = applyOverrides(parsed, options);
  const result = options.schema.safeParse(overridden.value);
  const issues = result.success ? [] : result.error.issues;
  const problems = [
    ...overridden.problems,
    ...issues.flatMap((issue) => describeIssue(issue, options.jsonSchema)),
  ];
  if (result.success && problems.length === 0) return { kind: "config", config: result.data };
  return { kind: "problems", problems: [...new Set(problems)] };
}

/** Problems as the daemon prints them, one on each line under the file's name. */
export function formatProblems(file: string, problems: readonly string[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [`${file}: ${count}`, ...problems.map((problem) => `  - ${problem}`)].join("\n");
}

/** The known word nearest to `word`, if it is near enough to have been meant. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(word.length / 3));
  let nearest: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** Insertions, deletions and replacements from one word to the other (Levenshtein). */
export function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const inserted = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, inserted, (previous[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}

function describeIssue(issue: SchemaIssue, jsonSchema: unknown): readonly string[] {
  const where = issue.path.map(String).join(".");
  if (issue.code !== "unrecognized_keys" || issue.keys === undefined) {
    const message = issue.message.endsWith("received undefined") ? "must be given" : issue.message;
    return [where === "" ? message : `${where}: ${message}`];
  }
  const known = knownKeysAt(jsonSchema, issue.path.map(String));
  return issue.keys.map((key) => {
    const nearest = nearestOf(key, known);
    const hint =
      nearest === undefined ? `known keys: ${known.join(", ")}` : `did you mean "${nearest}"?`;
    return `${where === "" ? key : `${where}.${key}`}: unknown key; ${hint}`;
  });
}

/** The keys that a JSON Schema knows at a path; alternatives (anyOf, oneOf, allOf) count together. */
export function knownKeysAt(jsonSchema: unknown, path: readonly string[]): readonly string[] {
  let nodes = alternativesOf(jsonSchema);
  for (const step of path) {
    nodes = nodes.flatMap((node) => {
      const next = /^\d+$/.test(step) ? node["items"] : undefined;
      return alternativesOf(next ?? propertiesOf(node)[step] ?? node["additionalProperties"]);
    });
  }
  return [
    ...new Set(nodes.flatMap((node) => [...Object.keys(propertiesOf(node)), ...keyNames(node)])),
  ];
}

function alternativesOf(node: unknown): readonly Record<string, unknown>[] {
  if (!isRecord(node)) return [];
  const nested = ["anyOf", "oneOf", "allOf"].flatMap((kind) => {
    const list: unknown = node[kind];
    return Array.isArray(list) ? list.flatMap(alternativesOf) : [];
  });
  return [node, ...nested];
}

/** A record whose keys are an enumeration has them as `propertyNames`. */
function keyNames(node: Record<string, unknown>): readonly string[] {
  const names = isRecord(node["propertyNames"]) ? node["propertyNames"]["enum"] : undefined;
  return Array.isArray(names) ? names.map(String) : [];
}

function propertiesOf(node: Record<string, unknown>): Record<string, unknown> {
  return isRecord(node["properties"]) ? node["properties"] : {};
}

/**
 * `GUARDIAN__LIVE_VIEW__PORT=8000` sets liveView.port: case and underscores inside a name do not
 * count, and the value is read as YAML so that numbers and lists work.
 */
function applyOverrides(
  parsed: Record<string, unknown>,
  options: {
    readonly parseYaml: (text: string) => unknown;
    readonly jsonSchema: unknown;
    readonly env: Environment;
  },
): { readonly value: unknown; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const value = structuredClone(parsed);
  for (const [name, text] of Object.entries(options.env)) {
    if (!name.startsWith(overridePrefix) || text === undefined) continue;
    const path = resolveNames(name.slice(overridePrefix.length).split("__"), options.jsonSchema);
    try {
      setAt(value, path, options.parseYaml(text));
    } catch (error) {
      problems.push(`${name}: ${describeError(error)}`);
    }
  }
  return { value, problems };
}

function resolveNames(names: readonly string[], jsonSchema: unknown): readonly string[] {
  const path: string[] = [];
  for (const name of names) {
    const plain = (text: string): string => text.replaceAll("_", "").toLowerCase();
    const known = knownKeysAt(jsonSchema, path).find((key) => plain(key) === plain(name));
    path.push(known ?? name.toLowerCase());
  }
  return path;
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let node: Record<string, unknown> = target;
  for (const step of path.slice(0, -1)) {
    const next = node[step] ?? {};
    // Lists are indexed by number: GUARDIAN__COLLECTORS__0__ADDRESS.
    if (typeof next !== "object") throw new Error(`"${step}" holds a value, not a section`);
    node[step] = next;
    node = next as Record<string, unknown>;
  }
  const last = path.at(-1);
  if (last === undefined || last === "") throw new Error("names no key");
  node[last] = value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
