/** What a monitoring plugin said (Nagios' contract): exit 0 to 3, a line for people, and numbers after a bar. */
import { levels, type Level, type ResourceSample } from "./standing.ts";
import { plainText } from "./once-table.ts";

export interface PluginResult {
  readonly level: Level;
  readonly text: string;
  readonly samples: readonly ResourceSample[];
}

const numbersMax = 50;

/** Whatever it wrote: garbage gives a result, never an error. */
export function readPlugin(
  exit: { readonly code: number | undefined; readonly stdout: string; readonly stderr: string },
  resource: string,
): PluginResult {
  const { code, stdout, stderr } = exit;
  // Exits beyond 3 are no plugin's: not found, not executable, killed.
  const level = code === undefined ? "unknown" : (levels[code] ?? "unknown");
  const lines = stdout.split("\n");
  const texts = lines.map((line) => line.split("|")[0] ?? "");
  const said = plainText(texts[0] ?? "");
  const why = said === "" ? plainText(stderr.split("\n")[0] ?? "") : said;
  const ended = code === undefined ? "ended by a signal" : `ended with ${code}`;
  const isForeign = code === undefined || levels[code] === undefined;
  const text = why === "" ? ended : isForeign ? `${ended}: ${why}` : why;
  const numbers = lines.map((line) => line.split("|").slice(1).join(" ")).join(" ");
  return { level, text, samples: readPerfdata(numbers, resource).slice(0, numbersMax) };
}

/** `'label'=value[unit][;warn;crit;min;max]`, blanks between; what is not a number ("U" too) is passed by. */
function readPerfdata(text: string, resource: string): readonly ResourceSample[] {
  const pattern =
    /(?:'((?:[^']|''){1,100})'|([^\s='|]{1,100}))=(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)([a-zA-Z%]{0,10})(?=;|\s|$)/g;
  return [...text.matchAll(pattern)].flatMap(([, quoted, plain, value, unit = ""]) => {
    const volume = Number(value);
    if (!Number.isFinite(volume)) return [];
    const label = plainText((quoted ?? plain ?? "").replaceAll("''", "'"));
    const type = unit === "c" ? ("cumulative" as const) : ("gauge" as const);
    const name = "compute.node.plugin.value";
    return [
      { name, type, unit: unit === "" ? "1" : unit, volume, resource: `${resource}/${label}` },
    ];
  });
}
