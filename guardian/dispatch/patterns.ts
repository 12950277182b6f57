/** Names with `*` for any text. */

/** Whether the whole of a text is as the pattern says. */
export function isLike(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === text;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? "";
  let from = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

/** Whether any text is as any pattern says; without patterns everything is. */
export function matchesAny(patterns: readonly string[], texts: readonly string[]): boolean {
  return (
    patterns.length === 0 || patterns.some((pattern) => texts.some((text) => isLike(pattern, text)))
  );
}
