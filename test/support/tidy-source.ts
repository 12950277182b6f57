/** What the boundary rules judge: a source, its code without comments, and a finding about it. */
export interface Source {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** One line for people: file:line, the rule, what is wrong, and the fix. */
export type Finding = string;

/** A question to one source; `exists` says whether a path of the repository is there. */
export type Rule = (source: Source, exists: (path: string) => boolean) => readonly Finding[];

export interface Line {
  readonly number: number;
  readonly text: string;
}

/** Comments blanked out, and the text of strings too when asked; line numbers stay. */
export function codeLines(text: string, strings: "keep" | "blank"): readonly Line[] {
  const pattern =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
  const blank = (part: string): string => part.replace(/[^\n]/g, " ");
  const code = text.replace(pattern, (found) => {
    if (found.startsWith("/")) return blank(found);
    if (strings === "keep") return found;
    if (!found.startsWith("`")) return blank(found);
    // What a template computes is code.
    const parts = found.split(/(\$\{[^}]*\})/);
    return parts
      .map((part) => (part.startsWith("${") ? part.replace(/"[^"\n]*"/g, blank) : blank(part)))
      .join("");
  });
  return code.split("\n").map((line, index) => ({ number: index + 1, text: line }));
}

/** A finding: the place first, so that an editor can jump there; the fix last. */
export function at(source: Source, line: number, rule: string, what: string, fix: string): Finding {
  return `${source.path}:${line}: ${rule}: ${what}; ${fix}`;
}
