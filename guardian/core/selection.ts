/**
 * The selection of servers: which of a fenced host's servers are moved, why another is left, and
 * which goes first. What cannot be read speaks for the server: a policy leaves out what it knows.
 */
import type { ComputeServer } from "../ports.ts";
import type { EvacuationPolicy, Rank } from "./evacuation-policy.ts";
import type { Move } from "./move.ts";
import type { GuardianState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** A server that is left, and whether the operator's policy says so. */
export interface LeftOut {
  readonly reason: Words;
  readonly byPolicy: boolean;
}

const priorityKeys = ["guardian:priority", "instanceha:restart_priority"];
const groupKeys = ["guardian:group", "instanceha:restart_group"];
const priorityDefault = 500;
const priorityMax = 1000;

/** Why its owner, another service or the policy has a server left; undefined when nobody has. */
export function leftOut(state: GuardianState, server: ComputeServer): LeftOut | undefined {
  if (server.metadata["guardian:evacuate"] === "false") {
    return { reason: words("left.metadata"), byPolicy: false };
  }
  if (server.name.startsWith("amphora-")) {
    return { reason: words("left.octavia"), byPolicy: false };
  }
  const { exclude, servers } = state.settings.evacuation;
  const name = exclude.names.find((pattern) => matchesName(pattern, server.name));
  const tag = exclude.tags.find((wanted) => saidBy(sourcesOf(server), wanted) === true);
  const project = exclude.projects.find((id) => id === server.project);
  const by = name ?? tag ?? project;
  if (by !== undefined) return { reason: words("left.excluded", { by }), byPolicy: true };
  if (servers === "all" || isTagged(state, server) || isImageUnread(server)) return undefined;
  // Its host's aggregates may say so.
  if (state.inventory.readAt === undefined) return undefined;
  const { tags } = state.settings.evacuation;
  return { reason: words("left.untagged", { tags }), byPolicy: true };
}

/** Its image may say that it is moved, and could not be read: so it is moved. */
export function isMovedUnread(state: GuardianState, server: ComputeServer): boolean {
  const asked = state.settings.evacuation.servers === "tagged";
  return asked && isImageUnread(server) && !isTagged(state, server);
}

function isImageUnread(server: ComputeServer): boolean {
  return server.image?.kind === "unread";
}

/** Its place among the servers of its host. */
export function rankOf(state: GuardianState, server: ComputeServer): Rank {
  const { groups } = state.settings.evacuation;
  const named = firstOf(server, groupKeys);
  const own = groups.findIndex(({ name }) => name === named);
  const matched = groups.findIndex(
    ({ names, tags }) =>
      names.some((pattern) => matchesName(pattern, server.name)) ||
      tags.some((tag) => saidBy(sourcesOf(server), tag) === true),
  );
  const group = own >= 0 ? own : matched >= 0 ? matched : groups.length;
  return { group, tagged: isTagged(state, server), priority: priorityOf(server) };
}

/** Order of two servers; 0 when neither goes first. */
export function compareRanks(left: Rank | undefined, right: Rank | undefined): number {
  if (left === undefined || right === undefined) return 0;
  if (left.group !== right.group) return left.group - right.group;
  if (left.tagged !== right.tagged) return left.tagged ? -1 : 1;
  return right.priority - left.priority;
}

/** Order of two moves: by rank, and of equal ones the larger server first. */
export function compareMoves(left: Pick<Move, "rank" | "size">, right: typeof left): number {
  const byRank = compareRanks(left.rank, right.rank);
  return byRank === 0 ? (right.size?.memoryMb ?? 0) - (left.size?.memoryMb ?? 0) : byRank;
}

function priorityOf(server: ComputeServer): number {
  const text = firstOf(server, priorityKeys) ?? "";
  const given = /^\d{1,9}$/.test(text) ? Number(text) : priorityDefault;
  return Math.min(priorityMax, Math.max(1, given));
}

function firstOf(server: ComputeServer, keys: readonly string[]): string | undefined {
  return keys.map((key) => server.metadata[key]).find((text) => text !== undefined);
}

/** What may say something of a server, nearest first: a near no outweighs a farther yes. */
interface Source {
  readonly labels: readonly string[];
  readonly values: Readonly<Record<string, string>>;
}

function sourcesOf(server: ComputeServer): readonly Source[] {
  const image = server.image?.kind === "read" ? server.image.properties : {};
  return [
    { labels: server.tags ?? [], values: server.metadata },
    { labels: [], values: image },
    { labels: [], values: server.flavorSpecs ?? {} },
  ];
}

function isTagged(state: GuardianState, server: ComputeServer): boolean {
  const { tags }: EvacuationPolicy = state.settings.evacuation;
  const host = server.host;
  const metadata = host === undefined ? undefined : state.inventory.metadata.get(host);
  const sources = [...sourcesOf(server), { labels: [], values: metadata ?? {} }];
  for (const source of sources) {
    const said = tags.map((tag) => saidBy([source], tag)).filter((word) => word !== undefined);
    if (said.length > 0) return said.includes(true);
  }
  return false;
}

/** Yes, no, or nothing: by the nearest source that has the tag. */
function saidBy(sources: readonly Source[], tag: string): boolean | undefined {
  // A value may have an equals sign in it, too.
  const at = tag.indexOf("=");
  const [key, value] = at < 0 ? [tag] : [tag.slice(0, at), tag.slice(at + 1)];
  for (const { labels, values } of sources) {
    if (labels.includes(tag)) return true;
    const found = Object.entries(values).find(([name]) => isKey(name, key))?.[1];
    if (found === undefined) continue;
    return value === undefined ? isYes(found) : found === value;
  }
  return undefined;
}

/** Extra specs have a scope before their name: "hw:evacuable". */
function isKey(name: string, key: string): boolean {
  return name === key || name.endsWith(`:${key}`);
}

function isYes(text: string): boolean {
  return ["true", "yes", "on", "1", "t", "y"].includes(text.trim().toLowerCase());
}

/** Whether a name is as a pattern says; `*` stands for any text. */
export function matchesName(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return name === pattern;
  const last = rest.pop() ?? "";
  if (!name.startsWith(first) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
