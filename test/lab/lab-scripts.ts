/** The lab's own scripts (bash and Python), which share no code with the guardian. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export const labFolder = new URL("../../../test/lab/", import.meta.url).pathname;
export const stateFolder = process.env["GUARDIAN_LAB_DIR"] ?? "/var/lib/guardian-lab";
const python = "/usr/bin/python3";

/** Runs `test/lab/NAME WORDS…`; resolves to what it printed, throws with what it complained of. */
export function runScript(name: string, ...words: readonly string[]): Promise<string> {
  return run(`${labFolder}${name}`, words, false);
}

/** The same, and what it prints is shown as it comes: for scripts that take long. */
export function showScript(name: string, ...words: readonly string[]): Promise<string> {
  return run(`${labFolder}${name}`, words, true);
}

/** Runs one of `cloud/`'s Python scripts where it can reach the controller. */
export function runPython(name: string, ...words: readonly string[]): Promise<string> {
  return runScript("enter.sh", "grd", python, `${labFolder}cloud/${name}`, ...words);
}

/** What turns a command into one on a node of the lab. */
export function through(node: string): readonly string[] {
  return [`${labFolder}enter.sh`, node];
}

async function run(command: string, words: readonly string[], show: boolean): Promise<string> {
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  let complained = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    printed += text;
    if (show) process.stdout.write(text);
  });
  child.stderr.on("data", (text: string) => (complained += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0) return printed;
  const said = complained.trim() || printed.trim();
  throw new Error(
    `${command.replace(labFolder, "")} ${words.join(" ")} ended with ${code}: ${said}`,
  );
}
