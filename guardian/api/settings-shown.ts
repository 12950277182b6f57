/** The configuration as it counts: every value, and whether the file, the environment or the default says it. */
import { describeWall } from "../../shared/time.ts";
import { isBrake, isLimitName, limitText, type LimitName } from "../core/changed-limits.ts";
import type { GuardianState } from "../core/state.ts";
import { isRecord } from "../shell/json.ts";

export interface SettingLine {
  readonly key: string;
  readonly value: string;
  /** "file", "default", or the name of the variable. */
  readonly origin: string;
  /** Whether it can be changed while the guardian runs; brakes only to be stricter than the configuration. */
  readonly changeable: "yes" | "stricter" | "no";
}

/** Fence agents take parameters under their own names: one may be a secret all the same. */
const secretKey = /pass|secret|token|community|(?:^|[._])key$/i;

/** `given` is the file as it was parsed; `env` what may override it. */
export function settingLines(
  config: unknown,
  given: unknown,
  env: Readonly<Record<string, string | undefined>>,
): readonly SettingLine[] {
  const overrides = Object.keys(env).filter((name) => name.startsWith("GUARDIAN__"));
  return flat(config, "").map(([key, value]) => {
    const variable = overrides.find((name) => covers(name, key));
    const origin = variable ?? (isGiven(given, key.split(".")) ? "file" : "default");
    const leaf = key.split(".").at(-1) ?? "";
    const hidden = secretKey.test(leaf) && !leaf.endsWith("File");
    const shown = isLimitName(key) ? limitShown(key, value) : { value, changeable: "no" as const };
    return { key, ...shown, ...(hidden && { value: "[hidden]" }), origin };
  });
}

function limitShown(name: LimitName, value: string): Pick<SettingLine, "value" | "changeable"> {
  const changeable = isBrake(name) ? "stricter" : "yes";
  return { value: limitText(name, Number(value)), changeable };
}

/** The same with what people have changed since. */
export function settingsNow(
  lines: readonly SettingLine[],
  state: GuardianState,
): readonly SettingLine[] {
  return lines.map((line) => {
    const { key, value } = line;
    const changed = isLimitName(key) ? state.memory.changedLimits[key] : undefined;
    if (changed === undefined || !isLimitName(key)) return line;
    const origin = `changed while running by ${changed.by} at ${describeWall(changed.wall)}: ${changed.reason}; ${line.origin}: ${value}`;
    return { ...line, value: limitText(key, changed.value), origin };
  });
}

function flat(value: unknown, path: string): readonly (readonly [string, string])[] {
  const inner = Array.isArray(value)
    ? [...value.entries()]
    : isRecord(value)
      ? Object.entries(value)
      : [];
  if (inner.length === 0) {
    return value === undefined
      ? []
      : [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  }
  return inner.flatMap(([name, child]) =>
    flat(child, path === "" ? String(name) : `${path}.${name}`),
  );
}

/** GUARDIAN__LIMITS__SILENT_AFTER covers limits.silentAfter, and all below what it names. */
function covers(variable: string, key: string): boolean {
  const plain = (text: string): string => text.replaceAll("_", "").toLowerCase();
  const names = variable.slice("GUARDIAN__".length).split("__").map(plain);
  const parts = key.split(".").map(plain);
  return names.every((name, at) => name === parts[at]);
}

function isGiven(given: unknown, path: readonly string[]): boolean {
  let node: unknown = given;
  for (const step of path) {
    if (typeof node !== "object" || node === null) return node !== undefined;
    node = Reflect.get(node, step);
    if (node === undefined) return false;
  }
  return true;
}
