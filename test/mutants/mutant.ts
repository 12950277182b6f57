/** A mutant: one planted fault in the compiled core, and where it is planted. */

export interface Change {
  /** From the root of the compiled tree. */
  readonly file: string;
  /** Throws when the place is not found: the source has moved, and the mutant must follow. */
  readonly apply: (source: string) => string;
}

export interface Mutant {
  /** "gate storm", "row 14 does the opposite", "rule …", "invariant 5 …". */
  readonly name: string;
  readonly changes: readonly Change[];
}

/** Replaces the one place where `find` stands. */
export function replacing(file: string, find: string, by: string): Change {
  return {
    file,
    apply: (source) => {
      const parts = source.split(find);
      if (parts.length !== 2) {
        throw new Error(
          `${file}: ${parts.length - 1} places with ${JSON.stringify(find)}, 1 wanted`,
        );
      }
      return parts.join(by);
    },
  };
}

/** Adds a statement that runs once the module is loaded. */
export function appending(file: string, statement: string): Change {
  return { file, apply: (source) => `${source}\n${statement}\n` };
}

export const core = (name: string): string => `guardian/core/${name}.js`;
