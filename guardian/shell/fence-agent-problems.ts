/** Why a configured fence agent cannot be used: all reasons at once, before anything is started. */
import type { Secret } from "../../shared/secret.ts";
import type { AgentMetadata } from "./agent-metadata.ts";

/** Agents whose "off" leaves the host running: they cut storage, ask the host itself, or call Nova. */
const notPower: Readonly<Record<string, string>> = {
  fence_ack_manual: "it asks a person; use: guardian fence confirm HOST",
  fence_brocade: "it cuts the storage network, not the power",
  fence_cisco_mds: "it cuts the storage network, not the power",
  fence_sanbox2: "it cuts the storage network, not the power",
  fence_ifmib: "it shuts a switch's port, not the power",
  fence_scsi: "it takes away disk reservations, not the power",
  fence_mpath: "it takes away disk reservations, not the power",
  fence_sbd: "the host must switch itself off, and a dead one cannot say that it did",
  fence_kdump: "it listens for a crash dump, and switches nothing",
  fence_heuristics_ping: "it pings, and switches nothing",
  fence_crosslink: "it looks at a link, and switches nothing",
  fence_compute: "it calls Nova, which is the guardian's own work",
  fence_evacuate: "it calls Nova, which is the guardian's own work",
  fence_skalar: "it switches tape drives",
  fence_dummy: "it switches nothing",
};

/** Parameters that are ours, or that would make a guess of a fact, and why. */
const reserved: Readonly<Record<string, string>> = {
  action: "the guardian gives it",
  option: "the guardian gives the action",
  delay: "an order that waits is late",
  missing_as_off: "what cannot be found is unknown, never off",
  verbose: "it prints secrets",
  verbose_level: "it prints secrets",
  debug: "it writes secrets to a file",
  debug_file: "it writes secrets to a file",
  version: "no power would be read",
  help: "no power would be read",
};

const secretName = /passw|passphrase|secret|token|community|api_?key|_kg$|hexadecimal/;

/** Every problem of one device, given what its agent says of itself. */
export function agentProblems(
  agent: string,
  parameters: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, Secret>>,
  metadata: AgentMetadata,
): readonly string[] {
  const problems: string[] = [];
  const names = [agent.split("/").at(-1) ?? agent, metadata.name];
  const other = names.map((name) => notPower[name]).find((why) => why !== undefined);
  if (other !== undefined) problems.push(`${agent} is no power fence agent: ${other}`);
  for (const action of ["on", "off", "status"]) {
    if (metadata.actions.has(action)) continue;
    const listed = [...metadata.actions].join(", ");
    problems.push(`${agent} cannot "${action}": its metadata lists ${listed}`);
  }
  for (const [name, value] of Object.entries(parameters)) {
    problems.push(...nameProblems(agent, `parameters.${name}`, name, metadata));
    if (secretName.test(name) && !/_(?:script|file)$/.test(name)) {
      problems.push(`parameters.${name} is a secret: give it by secretFiles.${name}`);
    }
    const wrong = valueProblem(value);
    if (wrong !== undefined) problems.push(`parameters.${name} ${wrong}`);
  }
  for (const [name, secret] of Object.entries(secrets)) {
    problems.push(...nameProblems(agent, `secretFiles.${name}`, name, metadata));
    if (parameters[name] !== undefined) problems.push(`secretFiles.${name} is in parameters, too`);
    const wrong = valueProblem(secret.reveal());
    if (wrong !== undefined) problems.push(`secretFiles.${name}: its content ${wrong}`);
  }
  const given = new Set([...Object.keys(parameters), ...Object.keys(secrets)]);
  for (const [name, { required, deprecated, obsoletes }] of metadata.parameters) {
    if (!required || deprecated || name === "action" || given.has(name)) continue;
    if (obsoletes === undefined || !given.has(obsoletes)) problems.push(`${agent} needs "${name}"`);
  }
  return problems;
}

/** An agent only warns of a name that it does not know, and would switch another outlet then. */
function nameProblems(
  agent: string,
  where: string,
  name: string,
  { parameters }: AgentMetadata,
): readonly string[] {
  const why = reserved[name];
  if (why !== undefined) return [`${where} is not for the configuration: ${why}`];
  if (parameters.has(name)) return [];
  return [`${where}: ${agent} has no such parameter; see: ${agent} -o metadata`];
}

/** What would not come out of the agent's reader as it went in. */
function valueProblem(value: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(value)) return "has a line end or control character";
  if (value !== value.trim()) return "begins or ends with a blank, which agents cut off";
  return /^".*"$/.test(value) ? "is in quotes, which agents take away" : undefined;
}
