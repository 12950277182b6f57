/** What needs only the lab's packages, not the lab: the judge's own tests, power devices against ipmi_sim. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Outcome } from "./closing-table.ts";
import { labFolder, showScript } from "./lab-scripts.ts";

const testFile = (name: string): string => new URL(name, import.meta.url).pathname;

const ownTests: readonly (readonly [string, string, readonly string[]])[] = [
  ["judge's own tests", "/usr/bin/python3", [`${labFolder}judge_test.py`]],
  ["IPMI against ipmi_sim", process.execPath, ["--test", testFile("ipmi.lab.js")]],
  ["Redfish over TLS", process.execPath, ["--test", testFile("redfish.lab.js")]],
  ["Alertmanager and a mail server", process.execPath, ["--test", testFile("channels.lab.js")]],
  ["Stores and Ceilometer", process.execPath, ["--test", testFile("stores.lab.js")]],
  ["Debian's fence agents", process.execPath, ["--test", testFile("fence-agent.lab.js")]],
];

/** Installs the packages first: a test that cannot find its parts fails. */
export async function runOwnTests(say: (text: string) => void): Promise<readonly Outcome[]> {
  await showScript("install.sh");
  const outcomes: Outcome[] = [];
  for (const [name, command, words] of ownTests) {
    const fromMs = Date.now();
    const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: Buffer) => (printed += text.toString()));
    }
    const [code] = (await once(child, "close")) as [number | null];
    const passed = code === 0;
    const seconds = (Date.now() - fromMs) / 1000;
    say(`${name}: ${passed ? "passed" : `FAILED\n${printed}`} after ${seconds.toFixed(0)} s`);
    outcomes.push({ name, passed, seconds, measures: new Map() });
  }
  return outcomes;
}
