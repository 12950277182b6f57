/** Builds every power device that the configuration names; what cannot be built is a problem in words. */
import type { FenceAgentConfig, GuardianConfig, PowerConfig } from "../config.ts";
import { powerDevices } from "../power-places.ts";
import type { PowerController } from "../ports.ts";
import { readAgentMetadata, type MetadataRead } from "./agent-metadata.ts";
import { checkReadable, readSecret, type Problems } from "./build-ports.ts";
import { agentProblems } from "./fence-agent-problems.ts";
import { createFenceAgent } from "./fence-agent.ts";
import { createIpmi } from "./ipmi.ts";
import { createRedfish, redfishProblem } from "./redfish.ts";

/** By command: hosts share agents, and each agent is asked once. */
type Agents = ReadonlyMap<string, MetadataRead>;

/** Every device by "host/device". Asks each fence agent for its metadata; touches no device. */
export async function buildPower(
  config: GuardianConfig,
  problems: Problems,
): Promise<ReadonlyMap<string, PowerController>> {
  const agents = await readAgents(config, problems);
  const controllers = new Map<string, PowerController>();
  for (const [host, entry] of Object.entries(config.hosts)) {
    for (const { device } of powerDevices(entry.power)) {
      const where = `hosts.${host}.power.${device.name}`;
      if (controllers.has(`${host}/${device.name}`)) {
        problems.list.push(`${where}: two devices have this name`);
      }
      const controller = buildDevice(device, where, agents, problems);
      if (controller !== undefined) controllers.set(`${host}/${device.name}`, controller);
    }
  }
  return controllers;
}

async function readAgents(config: GuardianConfig, problems: Problems): Promise<Agents> {
  const devices = Object.values(config.hosts).flatMap(({ power }) => powerDevices(power));
  const commands = devices.flatMap(({ device }) =>
    device.kind === "fence-agent" ? device.agent : [],
  );
  const agents = new Map<string, MetadataRead>();
  for (const command of new Set(commands)) {
    const read = await readAgentMetadata(command);
    agents.set(command, read);
    if (read.kind === "problem") problems.list.push(`power: ${read.reason}`);
  }
  return agents;
}

function buildDevice(
  device: PowerConfig,
  where: string,
  agents: Agents,
  problems: Problems,
): PowerController | undefined {
  if (device.kind === "fence-agent") return buildAgent(device, where, agents, problems);
  const password = readSecret(device.passwordFile, `${where}.passwordFile`, problems);
  if (device.kind === "ipmi") return createIpmi({ ...device, password });
  const { kind: _kind, name: _name, passwordFile: _file, ...settings } = device;
  const options = { ...settings, password };
  checkReadable(device.caFile, `${where}.caFile`, problems);
  const problem = redfishProblem(options);
  if (problem !== undefined) problems.list.push(`${where}: ${problem}`);
  return createRedfish(options);
}

function buildAgent(
  { agent, parameters, secretFiles, offDeadline }: FenceAgentConfig,
  where: string,
  agents: Agents,
  problems: Problems,
): PowerController | undefined {
  const secrets = Object.fromEntries(
    Object.entries(secretFiles).map(([name, path]) => [
      name,
      readSecret(path, `${where}.secretFiles.${name}`, problems),
    ]),
  );
  const read = agents.get(agent);
  if (read?.kind !== "metadata") return undefined;
  for (const problem of agentProblems(agent, parameters, secrets, read.metadata)) {
    problems.list.push(`${where}: ${problem}`);
  }
  const known = new Set(read.metadata.parameters.keys());
  return createFenceAgent({ agent, parameters, secrets, offDeadlineMs: offDeadline, known });
}
