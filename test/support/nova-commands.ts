/** What becomes of Nova and its servers in scenarios: troubles with calls, and what owners did. */
import type { ComputeServer, ServerSize } from "../../guardian/ports.ts";
import { hostName } from "../../shared/names.ts";
import { parseDuration } from "../../shared/time.ts";
import type { EvacuateMode, OrderMode } from "./world-nova-records.ts";
import type { LiveMode } from "./world-live-migrations.ts";
import type { World } from "./world.ts";

/** Runs one command; throws for a word that is none. */
export function novaCommand(world: World, [verb = "", ...rest]: readonly string[]): void {
  const [first = "", second = "", third = ""] = rest;
  switch (verb) {
    case "nova-moves":
      world.nova.evacuateMode = first as EvacuateMode;
      if (second !== "") world.nova.doneLateMs = parseDuration(second) ?? 0;
      return;
    case "nova-live":
      world.nova.live.mode = first as LiveMode;
      if (second !== "") world.nova.live.lastsMs = parseDuration(second) ?? 0;
      return;
    case "nova-orders":
      world.nova.orderMode = first as OrderMode;
      return;
    case "nova-rebuilds":
      world.nova.rebuildMs = parseDuration(first) ?? 0;
      return;
    case "nova-answers":
      world.evacuateAnswerMs = parseDuration(first) ?? 0;
      return;
    case "placement":
      world.nova.placementUp = first === "up";
      return;
    case "nova-mends":
      return world.nova.mend();
    case "aggregate":
      world.nova.aggregates.set(first, [hostName(second)]);
      world.nova.aggregateMetadata.set(first, pair(third));
      return;
    case "server":
      return serverCommand(world, first, second, third);
    default:
      throw new Error(`unknown command: ${verb}`);
  }
}

/**
 * server NAME takes MEGABYTES[/VCPUS] | stopped | in STATE | task TASK | on HOST | kept | named NEW | deleted | tag TAG | says KEY=VALUE |
 * flavor KEY=VALUE | image KEY=VALUE or unread; server HOST arrives N
 */
function serverCommand(world: World, name: string, what: string, value: string): void {
  if (what === "arrives") {
    world.nova.addServer(hostName(name), Number(value), true);
    return;
  }
  const server = [...world.nova.servers.values()].find((found) => found.name === name);
  if (server === undefined) throw new Error(`no server ${name}`);
  if (what === "stopped") world.nova.stop(server.id);
  else if (what === "in") server.vmState = value;
  else if (what === "task") server.taskState = value;
  else if (what === "on") server.host = hostName(value);
  else if (what === "kept") server.metadata = { "guardian:evacuate": "false" };
  else if (what === "named") server.name = value;
  else if (what === "tag") server.tags = [...server.tags, value];
  else if (what === "says") server.metadata = { ...server.metadata, ...pair(value) };
  else if (what === "flavor") server.flavorSpecs = { ...server.flavorSpecs, ...pair(value) };
  else if (what === "image") server.image = imageOf(value);
  else if (what === "takes") server.size = sizeOf(value);
  else if (what === "deleted") world.nova.servers.delete(server.id);
  else throw new Error(`unknown: server ${name} ${what}`);
}

/** MEGABYTES or MEGABYTES/VCPUS */
function sizeOf(text: string): ServerSize {
  const [memoryMb = "", vcpus = "2"] = text.split("/");
  return { memoryMb: Number(memoryMb), vcpus: Number(vcpus) };
}

/** KEY=VALUE */
function pair(text: string): Readonly<Record<string, string>> {
  const [key = "", value = ""] = text.split("=", 2);
  return { [key]: value };
}

function imageOf(text: string): ComputeServer["image"] {
  return text === "unread"
    ? { kind: "unread", reason: "Glance answers 503" }
    : { kind: "read", properties: pair(text) };
}
