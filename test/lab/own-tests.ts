/** What needs only the lab's packages, not the lab: the judge's own tests, power devices against ipmi_sim, the web page in Chromium. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Outcome } from "./closing-table.ts";
import type { Scenario } from "./lab.ts";
import { labFolder, showScript } from "./lab-scripts.ts";

const testFile = (name: string): string => new URL(name, import.meta.url).pathname;

type OwnTest = readonly [
  name: string,
  tier: Scenario["tier"],
  command: string,
  words: readonly string[],
];

const ofNode = (name: string, tier: Scenario["tier"], file: string): OwnTest => [
  name,
  tier,
  process.execPath,
  ["--test", testFile(file)],
];

/** A network of its own, and a sysfs that shows it. */
const inNamespaces = [
  "--net",
  "--mount",
  "sh",
  "-c",
  'mount -t sysfs sysfs /sys && exec "$0" --test "$1"',
  process.execPath,
];

const ownTests: readonly OwnTest[] = [
  ["judge's own tests", "ci", "/usr/bin/python3", [`${labFolder}judge_test.py`]],
  ofNode("IPMI against ipmi_sim", "ci", "ipmi.lab.js"),
  ofNode("Redfish over TLS", "ci", "redfish.lab.js"),
  ofNode("Alertmanager and a mail server", "ci", "channels.lab.js"),
  ofNode("Stores and Ceilometer", "ci", "stores.lab.js"),
  ofNode("Debian's fence agents", "ci", "fence-agent.lab.js"),
  ofNode("The web page in Chromium", "ci", "page.lab.js"),
  [
    "Probe: networks in namespaces",
    "all",
    "unshare",
    [...inNamespaces, testFile("probe-networks.lab.js")],
  ],
  ofNode("Probe: libvirtd and disks", "all", "probe.lab.js"),
  ofNode("Start guard under systemd", "all", "start-guard.lab.js"),
];

/** Installs the packages first: a test that cannot find its parts fails. */
export async function runOwnTests(
  say: (text: string) => void,
  all: boolean,
): Promise<readonly Outcome[]> {
  await showScript("install.sh");
  const outcomes: Outcome[] = [];
  for (const [name, tier, command, words] of ownTests) {
    if (tier === "all" && !all) continue;
    const fromMs = Date.now();
    // A process group of its own: whoever interrupts the run takes its devices and daemons down with it.
    const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const endGroup = (): void => killGroup(child.pid);
    process.once("exit", endGroup);
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: Buffer) => (printed += text.toString()));
    }
    const [code] = (await once(child, "close")) as [number | null];
    process.off("exit", endGroup);
    const passed = code === 0;
    const seconds = (Date.now() - fromMs) / 1000;
    say(`${name}: ${passed ? "passed" : `FAILED\n${printed}`} after ${seconds.toFixed(0)} s`);
    outcomes.push({ name, passed, seconds, measures: new Map() });
  }
  return outcomes;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
