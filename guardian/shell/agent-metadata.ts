/**
 * What a fence agent says of itself (`-o metadata`). Agents print plain elements with attributes, 11 kB
 * at most; this reads start tags of a text of bounded length and nothing else of XML: no entities
 * of its own, no external ones, no nesting.
 */
import { runChild } from "./child.ts";

export interface AgentParameter {
  readonly required: boolean;
  /** An older name of another parameter. */
  readonly deprecated: boolean;
  /** The older name that it replaces. */
  readonly obsoletes: string | undefined;
}

export interface AgentMetadata {
  /** The agent's own name; of a link, that of the link or of its target. */
  readonly name: string;
  readonly actions: ReadonlySet<string>;
  readonly parameters: ReadonlyMap<string, AgentParameter>;
}

export type MetadataRead =
  | { readonly kind: "metadata"; readonly metadata: AgentMetadata }
  | { readonly kind: "problem"; readonly reason: string };

const charactersMax = 60_000;
const deadlineMs = 15_000;

/** Asks an agent for its metadata; takes no secret and talks to no device. */
export async function readAgentMetadata(command: string): Promise<MetadataRead> {
  const result = await runChild({
    command,
    args: ["-o", "metadata"],
    deadlineMs,
    ownGroup: true,
  });
  const problem = (reason: string): MetadataRead => ({
    kind: "problem",
    reason: `${command}: ${reason}`,
  });
  if (result.kind === "not-started") {
    return problem(`cannot be run (${result.reason}); is the package fence-agents installed?`);
  }
  if (result.kind === "late") return problem(`no metadata within ${deadlineMs / 1000} s`);
  if (result.code !== 0) return problem(`-o metadata ended with ${result.code}, wanted 0`);
  const metadata = parseAgentMetadata(result.output);
  return metadata === undefined
    ? problem(
        "-o metadata printed no <resource-agent> with a name and actions; is it a fence agent?",
      )
    : { kind: "metadata", metadata };
}

/** The metadata in a text; undefined when it is none, or longer than any agent's. */
export function parseAgentMetadata(text: string): AgentMetadata | undefined {
  if (text.length > charactersMax) return undefined;
  let name: string | undefined;
  const actions = new Set<string>();
  const parameters = new Map<string, AgentParameter>();
  for (const [tag, attributes] of startTags(text)) {
    const own = attributes.get("name");
    if (own === undefined) continue;
    if (tag === "resource-agent") name ??= own;
    else if (tag === "action") actions.add(own);
    else if (tag === "parameter") {
      parameters.set(own, {
        required: attributes.get("required") === "1",
        deprecated: attributes.get("deprecated") === "1",
        obsoletes: attributes.get("obsoletes"),
      });
    }
  }
  if (name === undefined || actions.size === 0) return undefined;
  return { name, actions, parameters };
}

/** Each start tag with its attributes. Quantifiers never overlap: the time is linear. */
function* startTags(text: string): Generator<readonly [string, ReadonlyMap<string, string>]> {
  const bare = text.replaceAll(/<!--[\s\S]*?(?:-->|$)/g, "");
  for (const [, tag = "", inner = ""] of bare.matchAll(
    /<([A-Za-z][\w.-]*)((?:"[^"]*"|'[^']*'|[^<>"'])*)>/g,
  )) {
    const attributes = [...inner.matchAll(/([A-Za-z][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(
      ([, key = "", double, single]): [string, string] => [key, double ?? single ?? ""],
    );
    yield [tag, new Map(attributes)];
  }
}
