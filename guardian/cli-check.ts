/** `guardian check host`: one line and an exit code, as Nagios and its kin read them. */
import { describeError } from "../shared/errors.ts";
import { parseDuration } from "../shared/time.ts";

export interface Checked {
  readonly text: string;
  readonly code: 0 | 1 | 2 | 3;
}

const words = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;

/** What is not listed is a warning: somebody should look. */
const codes: Readonly<Record<string, Checked["code"]>> = {
  healthy: 0,
  dead: 2,
  hung: 2,
  isolated: 2,
  silent: 2,
};

/** Never throws: who cannot be asked is UNKNOWN. */
export async function checkHost(
  shown: (path: string) => Promise<unknown>,
  host: string,
): Promise<Checked> {
  try {
    const answer = Object(await shown(`/api/v1/hosts/${encodeURIComponent(host)}`)) as object;
    const text = (name: string): string => String(Reflect.get(answer, name) ?? "");
    const code = codes[text("verdict")] ?? 1;
    const age = /^([\d.]+) s$/.exec(text("reportAge"))?.[1];
    const seconds = (name: string): string => {
      const ms = parseDuration(text(name));
      return ms === undefined ? "" : String(ms / 1000);
    };
    const limits = `${seconds("suspectAfter")};${seconds("silentAfter")}`;
    const data = [
      `servers=${text("servers")}`,
      ...(age === undefined ? [] : [`report_age=${age}s;${limits};0`]),
    ];
    const said = [text("verdict"), text("says"), text("maintenance")].filter((part) => part !== "");
    const line = oneLine(`${words[code]} - ${host}: ${said.join("; ")}`);
    return { text: `${line} | ${data.join(" ")}`, code };
  } catch (error) {
    return { text: oneLine(`UNKNOWN - ${host}: ${describeError(error)}`), code: 3 };
  }
}

/** What follows a bar would count as figures. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return `HOST ${text}`.replace(/[|\u0000-\u001f\u007f]/g, " ");
}
