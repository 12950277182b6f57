/**
 * Which servers of a dead host the operator wants moved, and in which order. Plain settings; what
 * they mean for a server is worked out in `selection.ts`.
 */

/** Servers that go together: before those of every later group, after those of every earlier one. */
export interface ServerGroup {
  readonly name: string;
  /** Names of servers; `*` stands for any text. */
  readonly names: readonly string[];
  /** Tags, metadata, image properties or flavor extra specs: "key", or "key=value". */
  readonly tags: readonly string[];
}

/** Reset to error, Nova evacuates them; what they had in memory is lost, and they come back running. */
export const resettableStates = ["paused", "suspended", "rescued"] as const;
export type ResettableState = (typeof resettableStates)[number];

export interface EvacuationPolicy {
  /** `tagged`: those alone that say so themselves, or by image, flavor or host aggregate. */
  readonly servers: "all" | "tagged";
  /** Keys that say so, such as Masakari's HA_Enabled and InstanceHA's evacuable. */
  readonly tags: readonly string[];
  readonly exclude: {
    readonly names: readonly string[];
    readonly tags: readonly string[];
    /** Ids of projects, such as that of a service which manages its servers itself. */
    readonly projects: readonly string[];
  };
  /** What becomes of servers in states that Nova does not evacuate. */
  readonly states: Readonly<
    Record<
      /** `stuck`: Nova refuses it for a task of its dead host, which ends by itself never. */
      ResettableState | "stuck",
      "leave" | "reset"
    >
  >;
  /** In their order; servers of none come last. */
  readonly groups: readonly ServerGroup[];
}

/** A server's place in the order; smaller numbers go first. */
export interface Rank {
  /** Of the policy's groups, from 0; as many as there are groups for a server of none. */
  readonly group: number;
  readonly tagged: boolean;
  /** 1 to 1000; greater goes first. */
  readonly priority: number;
}

export const defaultPolicy: EvacuationPolicy = {
  servers: "all",
  tags: ["HA_Enabled", "evacuable"],
  exclude: { names: [], tags: [], projects: [] },
  states: { paused: "leave", suspended: "leave", rescued: "leave", stuck: "reset" },
  groups: [],
};

/** Whether a server's image has a say: else nobody need read it. */
export function asksImages({ servers, exclude, groups }: EvacuationPolicy): boolean {
  return (
    servers === "tagged" || exclude.tags.length > 0 || groups.some(({ tags }) => tags.length > 0)
  );
}
