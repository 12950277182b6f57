/**
 * The web page as one file: its compiled modules, each in a function of its own, its style, and a policy that lets a
 * browser run exactly these. Made once at the start, from what the compiler wrote beside this file.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { PageFile } from "../api/parts.ts";
import { style } from "../page/style.ts";

export interface PageOptions {
  /** The page of the demo offers to break things. */
  readonly isDemo: boolean;
}

/** The page's files by path. Throws when a module is written in a way that cannot be bundled. */
export function pageFiles({ isDemo }: PageOptions): ReadonlyMap<string, PageFile> {
  const script = bundleOf(new URL("../page/main.js", import.meta.url));
  const icon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%230550ae' d='M8 1l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V3z'/%3E%3C/svg%3E";
  const body = `<!doctype html>
<html lang="en"${isDemo ? " data-demo" : ""}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Compute guardian</title>
<link rel="icon" href="${icon}">
<style>${style}</style>
</head>
<body>
<div id="page"></div>
<script type="module">${script}</script>
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src '${sourceOf(script)}'`,
    `style-src '${sourceOf(style)}'`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // Nothing may be made of markup: the page sets texts and attributes alone.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  return new Map([["/", { type: "text/html; charset=utf-8", body, policy }]]);
}

function sourceOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

const importLine = /^import \{([^}]*)\} from "(\.[^"]+)";$/gm;
const exportWord = /^export (?=(?:async )?function |const |class |let )/gm;

/** Every module that `entry` needs, those that others need first. */
export function bundleOf(entry: URL): string {
  const made = new Map<string, string>();
  const add = (module: URL): void => {
    if (made.has(module.href)) return;
    made.set(module.href, "");
    const text = readFileSync(module, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "");
    const needed = [...text.matchAll(importLine)].map((match) => new URL(match[2] ?? "", module));
    for (const one of needed) add(one);
    // Set anew, so that it stands behind what it needs.
    made.delete(module.href);
    made.set(module.href, wrapped(module, text));
  };
  add(entry);
  return `"use strict";\nconst modules = {};\n${[...made.values()].join("\n")}`;
}

const root = new URL("../../", import.meta.url).pathname;

/** Where it stands in the program: the page does not say where the program stands. */
function nameOf({ pathname }: URL): string {
  return pathname.startsWith(root) ? pathname.slice(root.length) : pathname;
}

/** `modules["guardian/page/words.js"] = (() => { …; return { say }; })();` */
function wrapped(module: URL, text: string): string {
  const names = [...text.matchAll(/^export (?:async )?(?:function|const|class|let) (\w+)/gm)].map(
    (match) => match[1] ?? "",
  );
  const body = text
    .replace(importLine, (_all, list: string, from: string) => {
      const taken = list.replaceAll(/(\w+) as (\w+)/g, "$1: $2");
      return `const {${taken}} = modules["${nameOf(new URL(from, module))}"];`;
    })
    .replace(exportWord, "")
    .replace(/^export \{\};$/m, "");
  const left = /^(?:import|export)\b.*/m.exec(body)?.[0];
  if (left !== undefined || body.includes("</script")) {
    throw new Error(`${nameOf(module)}: cannot be bundled: ${left ?? "it ends the script"}`);
  }
  return `modules["${nameOf(module)}"] = (() => {\n${body}\nreturn { ${names.join(", ")} };\n})();`;
}
